// What one host adds to the cells of a period (statistics.md, section 3). In: its summary. Out: one entry for each cell it
// is in. A host without a run contributes nothing; otherwise it is counted once in every cell of its list.

import type { Backend } from "../run/backends.ts";
import { METRIC_NAMES } from "../run/metrics.ts";
import { VIEWS, type View } from "../model/view.ts";
import { efficiencyName, placeOf, QUANTITIES } from "./quantities.ts";
import type { HostGroup, HostSummary } from "../summary/types.ts";
import { type Cell, type CellKind, type MetricCell, SCOPE_ALL } from "./cell.ts";
import { lowCpuNote, usesLittleCpu } from "./low-cpu.ts";
import { emptyCell } from "./merge.ts";
import { noteOnBoth } from "./note-on-both.ts";
import { pairMetric } from "./pair-metric.ts";
import { valueMetric } from "./value-metric.ts";

/** The one name of kind `fleet`. */
export const FLEET_NAME = "*";

/** A cell that a host is in, and what it adds to it. */
export interface Contribution {
  readonly view: View;
  readonly kind: CellKind;
  /** `b:c` for a pair (`pairName`), the slug for a backend, `*` for the fleet. */
  readonly name: string;
  /** A stratum, or `SCOPE_ALL`. */
  readonly scope: string;
  readonly cell: Cell;
}

/** The name of the pair cell of two backends, whichever is named first: the slugs in alphabetical order. */
export function pairName(one: Backend, other: Backend): string {
  return one < other ? `${one}:${other}` : `${other}:${one}`;
}

/**
 * Everything a host contributes, in both views. Without cached runs the views agree and hold the same cell objects, which
 * are not to be changed.
 */
export function contributions(summary: HostSummary): Contribution[] {
  if (summary.groups.some(({ cached }) => cached.length > 0)) return VIEWS.flatMap((view) => inView(view, summary));
  const trusted = inView("trusted", summary);
  return [...trusted, ...trusted.map((contribution): Contribution => ({ ...contribution, view: "all" }))];
}

function inView(view: View, { groups }: HostSummary): Contribution[] {
  if (groups.length === 0) return [];
  const backends = [...new Set(groups.map((group) => group.backend))].sort();
  const groupsOf = (backend: Backend) => groups.filter((group) => group.backend === backend);
  return [
    { view, kind: "fleet", name: FLEET_NAME, scope: SCOPE_ALL, cell: headOf(groups) },
    ...backends.flatMap((backend) => ofBackend(view, backend, groups)),
    ...backends.flatMap((b, index) =>
      backends.slice(index + 1).flatMap((c) => ofPair(view, pairName(b, c), groupsOf(b), groupsOf(c))),
    ),
  ];
}

function ofBackend(view: View, backend: Backend, all: readonly HostGroup[]): Contribution[] {
  const groups = all.filter((group) => group.backend === backend);
  const others = all.filter((group) => group.backend !== backend);
  const entry = (scope: string, cell: Cell): Contribution => ({ view, kind: "backend", name: backend, scope, cell });
  return [
    entry(SCOPE_ALL, { ...headOf(groups), notes: notesOf(groups, others) }),
    ...groups.map((group) =>
      entry(group.stratum, {
        ...headOf([group]),
        notes: notesOf(
          [group],
          others.filter(({ stratum }) => stratum === group.stratum),
        ),
        metrics: group[view].map((value, place) => {
          const isRate = QUANTITIES[place]?.isEfficiency === false;
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

function ofPair(
  view: View,
  name: string,
  baselines: readonly HostGroup[],
  candidates: readonly HostGroup[],
): Contribution[] {
  const paired = baselines.flatMap((baseline) =>
    candidates
      .filter((candidate) => candidate.stratum === baseline.stratum)
      .map((candidate) => ({ stratum: baseline.stratum, baseline, candidate }))
      .filter((groups) => pairMetrics(view, [groups]).some((metric) => metric !== null)),
  );
  if (paired.length === 0) return [];
  const entry = (scope: string, strata: readonly PairedGroups[]): Contribution => ({
    view,
    kind: "pair",
    name,
    scope,
    cell: {
      ...headOf(strata.flatMap(({ baseline, candidate }) => [baseline, candidate])),
      notes: lowCpuNotes(view, strata),
      metrics: pairMetrics(view, strata),
    },
  });
  return [entry(SCOPE_ALL, paired), ...paired.map((groups) => entry(groups.stratum, [groups]))];
}

function pairMetrics(view: View, strata: readonly PairedGroups[]): (MetricCell | null)[] {
  return QUANTITIES.map((_, place) => {
    const values = strata.flatMap((groups) => {
      const baseline = groups.baseline[view][place] ?? null;
      const candidate = groups.candidate[view][place] ?? null;
      return baseline === null || candidate === null ? [] : [{ baseline, candidate }];
    });
    return values.length === 0 ? null : pairMetric(values);
  });
}

/** The metrics whose efficiency the host has on both backends, with little CPU on either of them in any stratum. */
function lowCpuNotes(view: View, strata: readonly PairedGroups[]): Map<string, number> {
  const low = METRIC_NAMES.filter((metric) => {
    const values = (group: HostGroup) => {
      const rate = group[view][placeOf(metric)] ?? null;
      const efficiency = group[view][placeOf(efficiencyName(metric))] ?? null;
      return rate && efficiency && { rate, efficiency };
    };
    return strata.some((groups) => {
      const [baseline, candidate] = [values(groups.baseline), values(groups.candidate)];
      return baseline !== null && candidate !== null && (usesLittleCpu(baseline) || usesLittleCpu(candidate));
    });
  });
  return new Map(low.map((metric) => [lowCpuNote(metric), 1]));
}

/** One host with the runs of these groups. */
function headOf(groups: readonly HostGroup[]): Cell {
  return { ...emptyCell(), hosts: 1, runs: groups.reduce((total, group) => total + group.runs, 0) };
}

/** What a host may be noted for on a backend. */
const NOTES: readonly (readonly [note: string, is: (group: HostGroup) => boolean])[] = [
  ["cached", ({ cached }) => cached.length > 0],
  ["small_file", ({ small_file }) => small_file],
  ["bound_mismatch", ({ bound_mismatch }) => bound_mismatch],
];

/** The notes of one backend's groups; `others` are those of the other backends in the same scope. */
function notesOf(groups: readonly HostGroup[], others: readonly HostGroup[]): Map<string, number> {
  const rules = groups.flatMap(({ cached }) => cached);
  const notes = NOTES.filter(([, is]) => groups.some(is)).flatMap(([note, is]) => [
    note,
    ...others.filter(is).map(({ backend }) => noteOnBoth(note, backend)),
  ]);
  return new Map([...notes, ...rules.map((rule) => `cached:${rule}`)].map((note) => [note, 1]));
}
