// Stored summaries: what a host has contributed to the cells of a period, as the store keeps it. A fleet's summaries and
// cells can be built again from its runs; each build is a generation.

import type { Cohort, CountedCohort } from "../run/cohort.ts";
import type { HostSummary } from "./host-values.ts";

/** One build of a fleet's statistics: its summaries, cells and cohorts. */
export interface FleetGeneration {
  readonly fleet: string;
  readonly generation: string;
}

/** A summary and the cohort that the host is counted in. */
export interface CountedSummary {
  readonly summary: HostSummary;
  readonly cohort: CountedCohort;
}

/** A summary as stored. */
export interface StoredSummary extends CountedSummary {
  /** Identifies the state that was read; null when nothing is stored yet. */
  readonly version: string | null;
}

/** The change of one host from one summary of a period to the next. */
export interface SummaryStep {
  readonly period: string;
  readonly before: StoredSummary;
  /** The host's own cohort; where the period has no room for it, the store counts the host in `OTHER_COHORT`. */
  readonly after: CountedSummary;
}

/** A host in a listing: its statistics over all time, with its own cohort, whichever it is counted in. */
export interface ListedHost {
  readonly summary: HostSummary;
  readonly cohort: Cohort;
}

/** A host over all time, as last counted. */
export interface CountedHost extends ListedHost {
  /** Whether it has runs that are not counted yet. */
  readonly isPending: boolean;
}
