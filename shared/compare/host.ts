// One host: what it measured on each of its backends, how they compare on it, and its rank in the fleet. In: its summary over
// all time, and the cells of its backends and of their pairs. Out: its profile, and its entry in a list of hosts. One host
// never gives a verdict.

import { BIN_TICKS, singleBin } from "../cells/bins.ts";
import type { Cell, MetricCell } from "../cells/cell.ts";
import { pairName } from "../cells/contribution.ts";
import {
  type HostGroup,
  type HostSummary,
  type HostValue,
  lastTimes,
  logRatio,
  sumOfSquares,
  TICKS_PER_LOG,
} from "../cells/host-values.ts";
import type { Backend } from "../run/backends.ts";
import type { Cohort } from "../run/cohort.ts";
import { METRIC_NAMES, type MetricName } from "../run/metrics.ts";
import { type FactValue, VIEWS, type View } from "../run/run.ts";
import type { Estimate } from "./comparison.ts";
import { METHOD_VERSION, metricCell, toEstimate } from "./estimate.ts";
import type { TickInterval } from "./median.ts";
import type { Merged } from "./merged-cells.ts";
import { countAbove, countBelow, orderEnds } from "./order-statistics.ts";

/** The rank of one host among the hosts of a cell: how many of them are certainly below it, and how many above. */
export interface HostRank {
  /** Hosts with the metric, this one included. */
  readonly hosts: number;
  readonly below: number;
  readonly above: number;
}

/** One metric of a host on one backend, in the metric's unit: the median of its runs. */
export interface HostMetric extends Estimate {
  readonly runs: number;
  /** Runs whose rate is known, and not only as a bound. */
  readonly exact_runs: number;
  /** Standard deviation between these runs, in natural logs; null below two. */
  readonly run_sd_log: number | null;
  /** Among the hosts with this backend and stratum; null while the fleet does not count it. */
  readonly standing: HostRank | null;
}

type PerMetric<T> = Readonly<Partial<Record<MetricName, T>>>;

/** What a host measured on one backend in one stratum, over its newest 99 runs there; in both views. */
export interface HostBackend extends Readonly<Record<View, PerMetric<HostMetric>>> {
  readonly backend: Backend;
  readonly stratum: string;
  readonly runs: number;
  /** Rules by which runs are probably cached; empty when no rule fired. */
  readonly cached: readonly string[];
  readonly small_file: boolean;
  readonly bound_mismatch: boolean;
  /** When its newest run finished. */
  readonly last_at: string;
  /** What the newest run that states each says about the setup; of long texts the first 60 bytes. */
  readonly setup: Readonly<Record<string, FactValue>>;
}

/** A ratio candidate / baseline on this host, and its rank among the ratios of the hosts that have both. */
export interface HostRatio extends Estimate {
  readonly standing: HostRank | null;
}

/** Two backends of a host in one stratum, the baseline first in the alphabet; in both views. */
export interface HostPair extends Readonly<Record<View, PerMetric<HostRatio>>> {
  readonly baseline: Backend;
  readonly candidate: Backend;
  readonly stratum: string;
}

/** The answer of GET /v1/hosts/{host}. */
export interface HostProfile {
  readonly host: string;
  /** Whether it has results that are not in these numbers yet. */
  readonly pending: boolean;
  /** When its newest run that counts finished, at most its time of receipt; null if no run counts. */
  readonly last_at: string | null;
  /** Whether it has no result for as long as the fleet's settings allow. */
  readonly silent: boolean;
  /** When an admin retired it; null if it is not retired, or has sent a result since. */
  readonly retired_at: string | null;
  readonly method_version: string;
  readonly cohort: Cohort;
  readonly backends: readonly HostBackend[];
  readonly ratios: readonly HostPair[];
}

/** Cells by view and scope. */
type Cells = Readonly<Record<View, ReadonlyMap<string, Merged>>>;

/** What a host's profile is made from; the cells are of period `all` and of all cohorts. */
interface HostProfileInput {
  readonly summary: HostSummary;
  readonly cohort: Cohort;
  readonly isPending: boolean;
  readonly retiredAt: string | null;
  /** The hosts whose newest run finished before this time are silent. */
  readonly silentBefore: string;
  readonly backendCells: ReadonlyMap<Backend, Cells>;
  /** By `pairName`, as stored. */
  readonly pairCells: ReadonlyMap<string, Cells>;
}

/** The profile of a host. Where a cell is missing, the rank is null. */
export function hostProfile(input: HostProfileInput): HostProfile {
  const { summary, cohort, isPending, retiredAt, silentBefore, backendCells, pairCells } = input;
  const lastAt = lastTimes(summary)?.newest_at ?? null;
  const groupsOn = (of: Backend) => summary.groups.filter(({ backend }) => backend === of);
  return {
    host: summary.host,
    pending: isPending,
    last_at: lastAt,
    silent: lastAt !== null && lastAt < silentBefore,
    retired_at: retiredAt,
    method_version: METHOD_VERSION,
    cohort,
    backends: listBackends(summary).flatMap((backend) =>
      groupsOn(backend).map((group) => hostBackend(group, backendCells.get(backend))),
    ),
    ratios: listPairs(summary).flatMap(({ baseline, candidate }) =>
      groupsOn(baseline).flatMap((own) =>
        groupsOn(candidate)
          .filter(({ stratum }) => stratum === own.stratum)
          .map((other) => hostPair(own, other, pairCells.get(pairName(baseline, candidate)))),
      ),
    ),
  };
}

function hostBackend(group: HostGroup, cells: Cells | undefined): HostBackend {
  const { backend, stratum, runs, cached, small_file, bound_mismatch } = group;
  return {
    backend,
    stratum,
    runs,
    cached,
    small_file,
    bound_mismatch,
    last_at: group.newest_at,
    setup: groupSetup(group),
    ...inViews((view) =>
      inMetrics((metric, index) => {
        const value = group[view][index] ?? null;
        return value && hostMetric(value, metric, cells?.[view].get(stratum)?.cell);
      }),
    ),
  };
}

/** The facts that may explain a difference between two backends of a host; two of them are cohort attributes. */
function groupSetup({ attributes, setup }: HostGroup): Readonly<Record<string, FactValue>> {
  const { storage, xen_version } = attributes;
  return {
    ...(storage !== undefined && { storage: storage.value }),
    ...(xen_version !== undefined && { xen_version: xen_version.value }),
    ...setup,
  };
}

function hostMetric(value: HostValue, metric: MetricName, cell: Cell | undefined): HostMetric {
  const interval = toInterval(value);
  return {
    ...toEstimate(interval),
    runs: value.runs,
    exact_runs: value.exact,
    run_sd_log: value.exact < 2 ? null : Math.sqrt(sumOfSquares(value) / (value.exact - 1)) / TICKS_PER_LOG,
    standing: rankHost(metricCell(cell, metric), interval),
  };
}

function hostPair(baseline: HostGroup, candidate: HostGroup, cells: Cells | undefined): HostPair {
  const { stratum } = baseline;
  return {
    baseline: baseline.backend,
    candidate: candidate.backend,
    stratum,
    ...inViews((view) => {
      const cell = cells?.[view].get(stratum)?.cell;
      return inMetrics((metric, index) => {
        const [b, c] = [baseline[view][index] ?? null, candidate[view][index] ?? null];
        if (b === null || c === null) return null;
        const ratio = logRatio(b, c);
        return { ...toEstimate(ratio), standing: rankHost(metricCell(cell, metric), ratio) };
      });
    }),
  };
}

/**
 * The rank of a value in ticks among the values of a cell. Hosts in its own bin, i.e. within about half a per cent, and
 * hosts of which only a bound on the wrong side is known, are neither below nor above. Null where no host has the metric.
 */
export function rankHost(cell: MetricCell, { lo, hi }: TickInterval): HostRank | null {
  if (cell.n === 0) return null;
  const { lower, upper } = orderEnds(cell);
  const half = BIN_TICKS / 2;
  return {
    hosts: cell.n,
    below: Number.isFinite(lo) ? countBelow(upper, singleBin(lo).first * BIN_TICKS - half) : 0,
    above: Number.isFinite(hi) ? countAbove(lower, singleBin(hi).first * BIN_TICKS + half) : 0,
  };
}

const toInterval = ({ lo, hi }: HostValue): TickInterval => ({ lo, hi: hi ?? Number.POSITIVE_INFINITY });

function inMetrics<T>(valueIn: (metric: MetricName, index: number) => T | null): PerMetric<T> {
  return Object.fromEntries(
    METRIC_NAMES.flatMap((metric, index) => {
      const value = valueIn(metric, index);
      return value === null ? [] : [[metric, value]];
    }),
  );
}

function inViews<T>(valuesIn: (view: View) => T): Record<View, T> {
  const [trusted, all] = VIEWS;
  return { [trusted]: valuesIn(trusted), [all]: valuesIn(all) };
}

/** Two backends, the baseline first in the alphabet. */
interface BackendPair {
  readonly baseline: Backend;
  readonly candidate: Backend;
}

/** The backends of a host in alphabetical order. */
export const listBackends = ({ groups }: HostSummary): Backend[] =>
  [...new Set(groups.map(({ backend }) => backend))].sort();

/** The pairs of backends that have at least one stratum in common on a host. */
export function listPairs(summary: HostSummary): BackendPair[] {
  const backends = listBackends(summary);
  const strataOn = (of: Backend) =>
    summary.groups.filter(({ backend }) => backend === of).map(({ stratum }) => stratum);
  return backends.flatMap((baseline, index) =>
    backends.slice(index + 1).flatMap((candidate) => {
      const strata = strataOn(candidate);
      return strataOn(baseline).some((stratum) => strata.includes(stratum)) ? [{ baseline, candidate }] : [];
    }),
  );
}

/** One host of a list: what has been measured on it, in one line. */
export interface HostEntry {
  readonly host: string;
  /** The URL of its profile. */
  readonly url: string;
  readonly backends: readonly Backend[];
  readonly strata: readonly string[];
  /** Runs that count, at most 99 of each backend and stratum. */
  readonly runs: number;
  /** Rules by which reads are probably cached, by backend; without the backends that have none. */
  readonly cached: Readonly<Partial<Record<Backend, readonly string[]>>>;
  readonly cohort: Cohort;
  /** When its newest run finished, at most its time of receipt. */
  readonly last_at: string;
  /** Whether it has no result for as long as the fleet's settings allow. */
  readonly silent: boolean;
}

/** The entry of a host; null for one without a run that counts. It is silent if its newest run finished before `silentBefore`. */
export function hostEntry(
  { summary, cohort }: { readonly summary: HostSummary; readonly cohort: Cohort },
  silentBefore: string,
): HostEntry | null {
  const { host, groups } = summary;
  const times = lastTimes(summary);
  if (times === null) return null;
  const backends = listBackends(summary);
  const rulesOn = (of: Backend) =>
    [...new Set(groups.filter(({ backend }) => backend === of).flatMap(({ cached }) => cached))].sort();
  return {
    host,
    url: `/v1/hosts/${encodeURIComponent(host)}`,
    backends,
    strata: [...new Set(groups.map(({ stratum }) => stratum))].sort(),
    runs: groups.reduce((sum, { runs }) => sum + runs, 0),
    cached: Object.fromEntries(
      backends.map((backend) => [backend, rulesOn(backend)] as const).filter(([, rules]) => rules.length > 0),
    ),
    cohort,
    last_at: times.newest_at,
    silent: times.newest_at < silentBefore,
  };
}
