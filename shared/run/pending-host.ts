// Pending hosts: hosts with runs that aggregation has not counted yet. A host becomes pending in the transaction that stores
// or withdraws one of its runs, and its record says which of its statistics must be computed again.

import type { Backend } from "./backends.ts";
import { toMonth } from "./periods.ts";

/** A period, usually a month, and a backend and stratum in which a host's runs have changed. */
export interface TouchedPeriod {
  readonly period: string;
  readonly backend: Backend;
  readonly stratum: string;
}

/** What a run changes when it is stored or withdrawn. */
export const periodTouchedBy = (run: {
  readonly finished_at: string;
  readonly backend: Backend;
  readonly stratum: string;
}): TouchedPeriod => ({ period: toMonth(run.finished_at), backend: run.backend, stratum: run.stratum });

/** A pending host as it was read. */
export interface PendingHost {
  readonly fleet: string;
  readonly host: string;
  readonly touched: readonly TouchedPeriod[];
  /** A hint: hosts whose newest uploads name the same cohort have the same text here, and probably share cells; "" if unknown. */
  readonly cohort: string;
  /** Changes with every write; identifies the state that was read. */
  readonly version: string;
  /** Why `touched` cannot be read; only in listings, where the record is damaged. */
  readonly fault?: Error;
}

/**
 * Pending hosts are counted up to this number: a higher one would tell a reader of a comparison no more, and to count a hundred
 * thousand for each comparison would cost more than the comparison.
 */
export const PENDING_COUNTED_TO = 1_000;

/** The pending hosts of a fleet. */
export interface PendingBacklog {
  /** How many; if `hasMore`, the number up to which they were counted. */
  readonly count: number;
  readonly hasMore: boolean;
  /** Since when the oldest that was read has been pending (ISO 8601 UTC); null without any. */
  readonly oldestAt: string | null;
}
