import type { Clock, QuarantineStore, RunStore, TokenStore, Wake } from "../../shared/ports.ts";
import type { UploadLimits } from "../service/upload-limits.ts";

/** What the app is handed. */
export interface IngestDeps extends UploadLimits {
  readonly runs: RunStore;
  readonly quarantine: QuarantineStore;
  readonly tokens: TokenStore;
  readonly clock: Clock;
  readonly wake: Wake;
}
