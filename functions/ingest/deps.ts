import type { Clock, QuarantineStore, RunStore, TokenStore, Wake } from "../../shared/ports.ts";

/** What the app is handed. */
export interface IngestDeps {
  readonly runs: RunStore;
  readonly quarantine: QuarantineStore;
  readonly tokens: TokenStore;
  readonly clock: Clock;
  readonly wake: Wake;
}
