// Contributions: what one host adds to the cells of a period. In: its summary. Out: one contribution for each cell that the
// host is in: the fleet's cell, the cells of its backends, and the cells of its pairs of backends, each over all strata and
// for each stratum. A host without runs contributes nothing; every other host counts once in each of its cells. When a host
// changes, the difference of its contributions is what to subtract from cells and what to add. Source: statistics.md,
// section 3.

import type { Backend } from "../run/backends.ts";
import { METRIC_NAMES, type MetricName } from "../run/metrics.ts";
import { VIEWS, type View } from "../run/run.ts";
import { singleBin } from "./bins.ts";
import { BothViews, type Cell, type CellKind, emptyCell, emptyMetricCell, type MetricCell, SCOPE_ALL } from "./cell.ts";
import { encodeCell } from "./codec.ts";
import {
  computeVote,
  type HostGroup,
  type HostSummary,
  type HostValue,
  isBothTooFast,
  logRatio,
  noiseVariance,
  rnd,
  sumOfSquares,
  toTicks,
  votingStrata,
} from "./host-values.ts";
import { efficiencyName, QUANTITIES, quantityIndex } from "./quantities.ts";

/** The one name of kind `fleet`. */
export const FLEET_NAME = "*";

/** A cell that a host is in, and what the host adds to it. */
export interface Contribution {
  readonly view: View;
  readonly kind: CellKind;
  /** `b:c` for a pair (`pairName`), the slug for a backend, `*` for the fleet. */
  readonly name: string;
  /** A stratum, or `SCOPE_ALL`. */
  readonly scope: string;
  readonly cell: Cell;
}

/** The name of the pair cell of two backends in either order: the slugs in alphabetical order. */
export function pairName(one: Backend, other: Backend): string {
  return one < other ? `${one}:${other}` : `${other}:${one}`;
}

/**
 * Computes everything that a host contributes, in both views. Without cached runs the views are equal and share their cell
 * objects, which must not be changed.
 */
export function contributions(summary: HostSummary): Contribution[] {
  const hasCached = summary.groups.some(({ cached }) => cached.length > 0);
  const trusted = contributionsInView("trusted", summary);
  const views = new BothViews(trusted, hasCached ? contributionsInView("all", summary) : trusted);
  return VIEWS.flatMap((view) => views[view].map((contribution): Contribution => ({ view, ...contribution })));
}

/** A contribution in a view that its caller knows. */
type ViewContribution = Omit<Contribution, "view">;

function contributionsInView(view: View, { groups }: HostSummary): ViewContribution[] {
  if (groups.length === 0) return [];
  const backends = [...new Set(groups.map((group) => group.backend))].sort();
  const groupsOn = (backend: Backend) => groups.filter((group) => group.backend === backend);
  return [
    { kind: "fleet", name: FLEET_NAME, scope: SCOPE_ALL, cell: headCell(groups) },
    ...backends.flatMap((backend) => backendContributions(view, backend, groups)),
    ...backends.flatMap((b, index) =>
      backends.slice(index + 1).flatMap((c) => pairContributions(view, pairName(b, c), groupsOn(b), groupsOn(c))),
    ),
  ];
}

function backendContributions(view: View, backend: Backend, all: readonly HostGroup[]): ViewContribution[] {
  const groups = all.filter((group) => group.backend === backend);
  const others = all.filter((group) => group.backend !== backend);
  const entry = (scope: string, cell: Cell): ViewContribution => ({ kind: "backend", name: backend, scope, cell });
  return [
    entry(SCOPE_ALL, { ...headCell(groups), notes: backendNotes(groups, others) }),
    ...groups.map((group) =>
      entry(group.stratum, {
        ...headCell([group]),
        notes: backendNotes(
          [group],
          others.filter(({ stratum }) => stratum === group.stratum),
        ),
        metrics: group[view].map((value, index) => {
          const isRate = QUANTITIES[index]?.isEfficiency === false;
          return isRate && value !== null ? valueMetric(value) : null;
        }),
      }),
    ),
  ];
}

/** The groups of both backends of a pair in one stratum. */
interface PairedGroups {
  readonly stratum: string;
  readonly baseline: HostGroup;
  readonly candidate: HostGroup;
}

function pairContributions(
  view: View,
  name: string,
  baselines: readonly HostGroup[],
  candidates: readonly HostGroup[],
): ViewContribution[] {
  const paired = baselines.flatMap((baseline) =>
    candidates
      .filter((candidate) => candidate.stratum === baseline.stratum)
      .map((candidate) => ({ stratum: baseline.stratum, baseline, candidate }))
      .filter((groups) => pairMetrics(view, [groups]).some((metric) => metric !== null)),
  );
  if (paired.length === 0) return [];
  const entry = (scope: string, strata: readonly PairedGroups[]): ViewContribution => ({
    kind: "pair",
    name,
    scope,
    cell: {
      ...headCell(strata.flatMap(({ baseline, candidate }) => [baseline, candidate])),
      notes: lowCpuNotes(view, strata),
      metrics: pairMetrics(view, strata),
    },
  });
  return [entry(SCOPE_ALL, paired), ...paired.map((groups) => entry(groups.stratum, [groups]))];
}

function pairMetrics(view: View, strata: readonly PairedGroups[]): (MetricCell | null)[] {
  return QUANTITIES.map((_, index) => {
    const values = strata.flatMap((groups) => {
      const baseline = groups.baseline[view][index] ?? null;
      const candidate = groups.candidate[view][index] ?? null;
      return baseline === null || candidate === null ? [] : [{ baseline, candidate }];
    });
    return values.length === 0 ? null : pairMetric(values);
  });
}

/** A change of one cell when a host changes: what to subtract first and what to add then; not both null. */
export interface ContributionChange {
  readonly view: View;
  readonly kind: CellKind;
  readonly name: string;
  readonly scope: string;
  readonly subtract: Cell | null;
  readonly add: Cell | null;
}

/**
 * Computes the changes of cells when a host's contributions change from `before` to `after`, each cell once; a new host has
 * no `before`, a host without runs no `after`. Unchanged contributions are omitted, so summarizing an unchanged host again
 * changes nothing.
 */
export function diffContributions(
  before: readonly Contribution[],
  after: readonly Contribution[],
): ContributionChange[] {
  const old = new Map(before.map((contribution) => [cellKey(contribution), contribution]));
  const changes: ContributionChange[] = [];
  for (const contribution of after) {
    const key = cellKey(contribution);
    const subtract = old.get(key)?.cell ?? null;
    old.delete(key);
    if (subtract !== null && isSameCell(subtract, contribution.cell)) continue;
    changes.push({ ...withoutCell(contribution), subtract, add: contribution.cell });
  }
  for (const gone of old.values()) changes.push({ ...withoutCell(gone), subtract: gone.cell, add: null });
  return changes;
}

function withoutCell({ cell: _, ...target }: Contribution): Omit<Contribution, "cell"> {
  return target;
}

/** Views, kinds and names contain no `#`, so the key is unambiguous whatever the scope contains. */
function cellKey({ view, kind, name, scope }: Contribution): string {
  return [view, kind, name, scope].join("#");
}

function isSameCell(one: Cell, other: Cell): boolean {
  const bytes = encodeCell(one);
  const others = encodeCell(other);
  return bytes.length === others.length && bytes.every((byte, index) => byte === others[index]);
}

// Metrics.

/**
 * What a host adds to one metric of a value cell, i.e. of one backend in one stratum.
 * `wv` and `wn` are the squared deviations and degrees of freedom of the exact runs: run-to-run noise.
 */
export function valueMetric(value: HostValue): MetricCell {
  const isExact = value.hi === value.lo;
  const cell = emptyMetricCell();
  cell.n = 1;
  cell.nx = isExact ? 1 : 0;
  cell.s1 = isExact ? value.lo : 0;
  cell.s2 = isExact ? value.lo * value.lo : 0;
  cell.wv = rnd(sumOfSquares(value));
  cell.wn = Math.max(0, value.exact - 1);
  cell.one = value.runs === 1 ? 1 : 0;
  cell.runs = value.runs;
  cell[isExact ? "x" : "l"] = singleBin(value.lo);
  return cell;
}

/** One metric of one host in one stratum, on both backends of a pair. */
export interface PairedValues {
  readonly baseline: HostValue;
  readonly candidate: HostValue;
}

/**
 * What a host adds to one metric of a pair cell: one vote over the given strata, at least one. The cell of a single stratum
 * gets one stratum; scope ALL gets every stratum of the host that has the metric on both sides.
 */
export function pairMetric(strata: readonly PairedValues[]): MetricCell {
  const voting = votingStrata(strata.map((pair) => ({ ...pair, ratio: logRatio(pair.baseline, pair.candidate) })));
  const { lo, hi } = computeVote(voting.map(({ ratio }) => ratio));
  const isExact = lo === hi;
  const sides = voting.flatMap(({ baseline, candidate }) => [baseline, candidate]);
  const noise = voting.length === 1 ? totalNoise(sides) : null;
  const cell = emptyMetricCell();
  cell.n = 1;
  cell.nx = isExact ? 1 : 0;
  cell.nb = isBothTooFast({ lo, hi }) ? 1 : 0;
  // The true rate is strictly above a bound, never equal to it, so a bound of 0 on d has a certain sign.
  cell.pos = (isExact ? lo > 0 : lo >= 0) ? 1 : 0;
  cell.neg = (isExact ? hi < 0 : hi <= 0) ? 1 : 0;
  cell.s1 = isExact ? lo : 0;
  cell.s2 = isExact ? lo * lo : 0;
  cell.wv = noise ?? 0;
  cell.wn = noise === null ? 0 : 1;
  cell.one = sides.some((side) => side.runs === 1) ? 1 : 0;
  cell.runs = sides.reduce((total, side) => total + side.runs, 0);
  if (isExact) cell.x = singleBin(lo);
  if (!isExact && Number.isFinite(lo)) cell.l = singleBin(lo);
  if (!isExact && Number.isFinite(hi)) cell.u = singleBin(hi);
  return cell;
}

/** The variance of d that is run-to-run noise, in whole ticks^2; null unless it is known on every side. */
function totalNoise(sides: readonly HostValue[]): number | null {
  const variances = sides.map(noiseVariance).filter((variance) => variance !== null);
  return variances.length === sides.length ? rnd(variances.reduce((total, variance) => total + variance, 0)) : null;
}

// Heads and notes.

/** A cell of one host with the runs of these groups, without notes and metrics. */
function headCell(groups: readonly HostGroup[]): Cell {
  return { ...emptyCell(), hosts: 1, runs: groups.reduce((total, group) => total + group.runs, 0) };
}

/** The notes of a host on a backend, but for the cache rules. */
const NOTES: readonly (readonly [note: string, is: (group: HostGroup) => boolean])[] = [
  ["cached", ({ cached }) => cached.length > 0],
  ["small_file", ({ small_file }) => small_file],
  ["bound_mismatch", ({ bound_mismatch }) => bound_mismatch],
];

/** Collects the notes of one backend's groups; `others` are the groups of the other backends in the same scope. */
function backendNotes(groups: readonly HostGroup[], others: readonly HostGroup[]): Map<string, number> {
  const rules = groups.flatMap(({ cached }) => cached);
  const notes = NOTES.filter(([, is]) => groups.some(is)).flatMap(([note, is]) => [
    note,
    ...others.filter(is).map(({ backend }) => noteOnBoth(note, backend)),
  ]);
  return new Map([...notes, ...rules.map((rule) => `cached:${rule}`)].map((note) => [note, 1]));
}

/**
 * The note, in the cells of a backend, of hosts that have a note there and also on another backend in the same scope, e.g.
 * `cached+phy` in addition to `cached`. With it a comparison counts such a host once (statistics.md, section 9).
 */
export function noteOnBoth(note: string, other: Backend): string {
  return `${note}+${other}`;
}

/** Notes for the metrics whose efficiency the host has on both backends, with little CPU on one of them in any stratum. */
function lowCpuNotes(view: View, strata: readonly PairedGroups[]): Map<string, number> {
  const low = METRIC_NAMES.filter((metric) => {
    const values = (group: HostGroup) => {
      const rate = group[view][quantityIndex(metric)] ?? null;
      const efficiency = group[view][quantityIndex(efficiencyName(metric))] ?? null;
      return rate && efficiency && { rate, efficiency };
    };
    return strata.some((groups) => {
      const [baseline, candidate] = [values(groups.baseline), values(groups.candidate)];
      return baseline !== null && candidate !== null && (usesLittleCpu(baseline) || usesLittleCpu(candidate));
    });
  });
  return new Map(low.map((metric) => [lowCpuNote(metric), 1]));
}

/** The note that counts hosts with little CPU in a metric, in pair cells. */
export function lowCpuNote(metric: MetricName): string {
  return `low_cpu:${metric}`;
}

/** Below a %CP of 10 its truncation alone is an error of 5 % or more (statistics.md, section 8). */
const LOW_CPU_TICKS = toTicks(10);

/**
 * Whether the typical %CP of a test is below 10 on a host: the %CP that its rate and its efficiency, both medians over the
 * runs, imply. An unbounded efficiency means that half of the runs printed 0.
 */
function usesLittleCpu({ rate, efficiency }: { readonly rate: HostValue; readonly efficiency: HostValue }): boolean {
  return efficiency.hi === null || rate.lo - efficiency.lo < LOW_CPU_TICKS;
}
