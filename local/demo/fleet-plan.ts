// What a generated fleet is like. Everything that is true of it is in its plan, so that what is found can be held against it.

import type { Backend } from "../../shared/run/backends.ts";
import type { CohortKey } from "../../shared/run/cohort.ts";
import { type PerMetric, perMetric } from "../../shared/run/metrics.ts";

/** Releases of Bonnie++ that hosts run, one for each CSV layout: 27, 48 and 50 fields. */
export const RELEASES = ["1.03", "1.96", "2.00a"] as const;

export type Release = (typeof RELEASES)[number];

/** A backend whose ratio to the baseline is known. */
export interface Candidate {
  readonly backend: Backend;
  /** True median over hosts of candidate / baseline. */
  readonly trueRatio: PerMetric<number>;
}

export interface FleetPlan {
  /** The same plan with the same seed is the same fleet, byte for byte. */
  readonly seed: number;
  readonly hosts: number;
  /** Runs of each host on each backend in each month. */
  readonly runs: number;
  readonly months: number;
  /** When the first run finished, ISO 8601 UTC; best the first day of a month, because the months follow from there. */
  readonly from: string;
  readonly baseline: Backend;
  /** Every host was measured on the baseline and on all of these. */
  readonly candidates: readonly Candidate[];
  /** Hosts take the releases in turn; a host stays with its own. */
  readonly releases: readonly Release[];
  /** How many values each attribute has; 0: not sent. Hosts go through all combinations, each of which is a cohort. */
  readonly cohortValues: Readonly<Record<CohortKey, number>>;
  /** Standard deviation of the log-ratio between hosts. */
  readonly hostSpread: number;
  /** Standard deviation of the log between runs of one host. */
  readonly runNoise: number;
  /** Share of hosts whose ratios spread five times as wide; the median stays where it is. */
  readonly wildShare: number;
  /** Size of the test file. The block tests of typical disks are too fast to measure below about 40. */
  readonly fileMib: number;
  /** Files of the file tests, in units of 1024. With 16 most file tests are too fast to measure, with 1024 none. */
  readonly fileThousands: number;
  /**
   * The first so many hosts read the baseline's file from Dom0's page cache. The rules see it where the block tests can be
   * measured, that is in a file of 1 GiB or more.
   */
  readonly cachedHosts: number;
}

/** A ratio of `ratio` for every metric, to be changed for single ones. */
export const sameRatio = (ratio: number): PerMetric<number> => perMetric(() => ratio);

/** A small fleet in which nothing differs, to be changed where a user wants something else. */
export const PLAIN_FLEET: FleetPlan = {
  seed: 1,
  hosts: 10,
  runs: 3,
  months: 1,
  from: "2026-11-01T00:00:00.000Z",
  baseline: "loop",
  candidates: [{ backend: "blktap2", trueRatio: sameRatio(1) }],
  releases: ["2.00a"],
  cohortValues: { site: 0, hardware: 1, storage: 0, xen_version: 0 },
  hostSpread: 0.1,
  runNoise: 0.04,
  wildShare: 0,
  fileMib: 8192,
  fileThousands: 128,
  cachedHosts: 0,
};
