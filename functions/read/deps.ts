import type { CellStore, Clock, HostStore, RunStore, StatusStore, TokenStore } from "../../shared/ports.ts";
import type { Admission } from "../web/http/admission.ts";

/** What the app is handed. */
export interface ReadDeps {
  readonly runs: RunStore;
  readonly cells: CellStore;
  readonly hosts: HostStore;
  readonly status: StatusStore;
  readonly tokens: TokenStore;
  readonly clock: Clock;
  /** Lets questions in. */
  readonly admission: Admission;
  /** Lets exports in, each of which may last as long as its reader takes. */
  readonly exports: Admission;
  /** Version of the service and kind of the engine behind the store, for `GET /v1/status`. */
  readonly about: { readonly version: string; readonly engine: "embedded" | "dynamodb" };
}

/** What answers from cells are made with. */
export type AnswerDeps = Pick<ReadDeps, "cells" | "status" | "clock">;
