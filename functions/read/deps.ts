import type { CellStore, Clock, HostStore, RunStore, StatusStore, TokenStore } from "../../shared/ports.ts";

/** What the app is handed. */
export interface ReadDeps {
  readonly runs: RunStore;
  readonly cells: CellStore;
  readonly hosts: HostStore;
  readonly status: StatusStore;
  readonly tokens: TokenStore;
  readonly clock: Clock;
  /** Version of the service and kind of the engine behind the store, for `GET /v1/status`. */
  readonly about: { readonly version: string; readonly engine: "embedded" | "dynamodb" };
}

/** What answers from cells are made with. */
export type AnswerDeps = Pick<ReadDeps, "cells" | "status" | "clock">;
