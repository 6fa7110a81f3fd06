import type { Clock, UseStore } from "../../shared/ports.ts";
import type { TokenLimits } from "../env.ts";
import { makeTokenBudget, type TokenBudget } from "../ingest/token-budget.ts";
import { makeTokenCohorts, type TokenCohorts } from "../ingest/token-cohorts.ts";
import { makeUploadGate, type UploadGate } from "../web/http/upload-gate.ts";

/** What bounds uploads: how many are worked on at once, and what each token may store and name. */
export interface UploadLimits {
  readonly gate: UploadGate;
  readonly budget: TokenBudget;
  readonly cohorts: TokenCohorts;
}

/** The bounds of all uploads of one process. */
export function makeUploadLimits(store: UseStore, clock: Clock, { day, cohorts }: TokenLimits): UploadLimits {
  return {
    gate: makeUploadGate(),
    budget: makeTokenBudget(store, clock, day),
    cohorts: makeTokenCohorts(store, clock, cohorts),
  };
}
