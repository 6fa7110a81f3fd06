// Histories of host summaries: what hosts say in a period changes, goes, and moves between cohorts. And what the cells must
// be after any of it, added up afresh.

import fc from "fast-check";
import { addCell, type Cell, type CellKind, emptyCell } from "../../shared/cells/cell.ts";
import { contributions } from "../../shared/cells/contribution.ts";
import { computeCohort, type HostSummary, summarize } from "../../shared/cells/host-values.ts";
import { efficiencyName, quantityIndex } from "../../shared/cells/quantities.ts";
import { type CellQuery, mergePeriods } from "../../shared/compare/merged-cells.ts";
import { COHORT_KEYS, type Cohort } from "../../shared/run/cohort.ts";
import { VIEWS, type View } from "../../shared/run/run.ts";
import { randomSamples } from "../cells/random-samples.ts";

export const PERIODS = ["2026-10", "2026-11"];
const HOSTS = ["a", "b:c/d", "ü 1", "h4"];

/** What a host says in a period from now on, and in which cohort. */
export interface Change {
  readonly host: string;
  readonly period: string;
  readonly summary: HostSummary;
  readonly cohort: Cohort;
}

/** Changes that are committed together, or a rebuild that is swapped in. */
export type Step = readonly Change[] | "rebuild";

export const change: fc.Arbitrary<Change> = fc
  .record({
    host: fc.constantFrom(...HOSTS),
    period: fc.constantFrom(...PERIODS),
    // No samples: all runs of the host were withdrawn.
    samples: fc.oneof({ weight: 3, arbitrary: randomSamples(4) }, { weight: 1, arbitrary: fc.constant([]) }),
    moved: fc.option(fc.record({ site: fc.constantFrom("a", "b"), hardware: fc.constantFrom("a", 'ü,"') })),
  })
  .map(({ host, period, samples, moved }) => {
    const summary = summarize(host, samples);
    return { host, period, summary, cohort: moved ?? computeCohort(summary) };
  });

export const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.array(change, { minLength: 1, maxLength: 3 }) },
  { weight: 1, arbitrary: fc.constant("rebuild" as const) },
);

/** The last change of each host and period. */
export type State = ReadonlyMap<string, Change>;

export const after = (state: State, changes: readonly Change[]): State =>
  new Map([...state, ...changes.map((each) => [`${each.period} ${each.host}`, each] as const)]);

/** Cells of one kind and name in one period by scope, straight from the summaries. */
function added(changes: readonly Change[], view: View, kind: CellKind, name: string): Map<string, Cell> {
  const scopes = new Map<string, Cell>();
  const all = changes.flatMap(({ summary }) => contributions(summary));
  for (const each of all.filter((one) => one.view === view && one.kind === kind && one.name === name)) {
    const sum = scopes.get(each.scope) ?? emptyCell();
    addCell(sum, each.cell);
    scopes.set(each.scope, sum);
  }
  return scopes;
}

/** What a reading must hold: cells of the hosts that satisfy the filters, in the metrics asked for. */
export function expectedViews(
  state: State,
  { periods, filters, scope, metrics = [] }: CellQuery,
  kind: CellKind,
  name: string,
) {
  const places = metrics.flatMap((metric) => [quantityIndex(metric), quantityIndex(efficiencyName(metric))]);
  const only = (cell: Cell): Cell => ({
    ...cell,
    metrics: cell.metrics.map((metric, place) => (places.length === 0 || places.includes(place) ? metric : null)),
  });
  const isFound = ({ cohort }: Change) =>
    COHORT_KEYS.every((key) => filters[key] === undefined || filters[key].includes(cohort[key] ?? ""));
  return Object.fromEntries(
    VIEWS.map((view) => {
      const found = periods.map((period) =>
        added(
          [...state.values()].filter((each) => each.period === period && isFound(each)),
          view,
          kind,
          name,
        ),
      );
      const names = new Set(found.flatMap((cells) => [...cells.keys()]));
      const scopes = [...names].filter((each) => scope === undefined || each === scope).sort();
      const merged = (each: string) => mergePeriods(found.flatMap((cells) => cells.get(each) ?? []).map(only));
      return [view, new Map(scopes.map((each) => [each, merged(each)]))];
    }),
  );
}
