// A fleet in memory, by the same steps as in the service but without a store: runs, host summaries, cells, answers.

import { addCell, type Cell, type CellKind, emptyCell } from "../../shared/cells/cell.ts";
import { type Contribution, contributions, pairName } from "../../shared/cells/contribution.ts";
import { computeCohort, type HostSummary, summarize } from "../../shared/cells/host-values.ts";
import { toSample } from "../../shared/cells/sample.ts";
import { compare } from "../../shared/compare/compare.ts";
import type { Comparison, ComparisonQuery } from "../../shared/compare/comparison.ts";
import { type HostProfile, hostProfile, listBackends, listPairs } from "../../shared/compare/host.ts";
import { matrix } from "../../shared/compare/matrix.ts";
import { type Merged, mergePeriods } from "../../shared/compare/merged-cells.ts";
import { type MatrixResult, type TrendResult, trend } from "../../shared/compare/trend.ts";
import { describeComparison } from "../../shared/report/sentences.ts";
import type { Backend } from "../../shared/run/backends.ts";
import type { MetricName } from "../../shared/run/metrics.ts";
import { type Run, VIEWS, type View } from "../../shared/run/run.ts";

const AS_OF = "2026-11-22T12:00:00.000Z";

type Scopes = ReadonlyMap<string, Merged>;

/** Hosts and the cells they add up to. */
export interface Fleet {
  readonly summaries: readonly HostSummary[];
  readonly scopes: (view: View, kind: CellKind, name: string) => Scopes;
}

/** The fleet of these runs; with `copies`, each host stands for that many alike. */
export function fleetOf(runs: readonly Run[], copies = 1): Fleet {
  const hosts = [...new Set(runs.map(({ host }) => host))].sort();
  const summaries = hosts.map((host) => summarize(host, runs.filter((run) => run.host === host).map(toSample)));
  const cells = new Map<string, Map<string, Cell>>();
  const place = ({ view, kind, name }: Pick<Contribution, "view" | "kind" | "name">) => `${view} ${kind} ${name}`;
  for (const contribution of summaries.flatMap(contributions)) {
    const scopes = cells.get(place(contribution)) ?? new Map<string, Cell>();
    cells.set(place(contribution), scopes);
    const sum = scopes.get(contribution.scope) ?? emptyCell();
    scopes.set(contribution.scope, sum);
    addCell(sum, contribution.cell);
  }
  return {
    summaries,
    scopes(view, kind, name) {
      const scopes = [...(cells.get(place({ view, kind, name })) ?? [])];
      return new Map(scopes.map(([scope, cell]) => [scope, mergePeriods([timesOf(cell, copies)])]));
    },
  };
}

function timesOf(cell: Cell, copies: number): Cell {
  const sum = emptyCell();
  for (let copy = 0; copy < copies; copy += 1) addCell(sum, cell);
  return sum;
}

const asked = { periods: ["all"], view: "trusted", filters: {}, margin: 0.03, metrics: [] } as const;

/** Two backends of the fleet compared. */
export function comparisonOf(
  fleet: Fleet,
  baseline: Backend,
  candidate: Backend,
  more: Partial<ComparisonQuery> = {},
): Comparison {
  const query: ComparisonQuery = { ...asked, baseline, candidate, ...more };
  const pair = (view: View) => fleet.scopes(view, "pair", pairName(baseline, candidate));
  const findings = compare({
    query,
    asOf: AS_OF,
    pendingHosts: 0,
    pair: pair(query.view),
    baselineValues: fleet.scopes(query.view, "backend", baseline),
    candidateValues: fleet.scopes(query.view, "backend", candidate),
    pairAsReported: query.view === "trusted" ? pair("all") : null,
  });
  return describeComparison(findings);
}

const FRESH = { as_of: AS_OF, pending_hosts: 0, notices: [] } as const;

const named = (fleet: Fleet): Backend[] => [...new Set(fleet.summaries.flatMap(listBackends))].sort();

/** All pairs of backends of the fleet. */
export function matrixOf(
  fleet: Fleet,
  more: Partial<Omit<ComparisonQuery, "baseline" | "candidate">> = {},
): MatrixResult {
  const question = { ...asked, ...more };
  const backends = named(fleet);
  const pairs = backends.flatMap((baseline, index) =>
    backends.slice(index + 1).flatMap((candidate) => {
      const cell = fleet.scopes(question.view, "pair", pairName(baseline, candidate)).get("ALL");
      return cell === undefined ? [] : [{ baseline, candidate, cell }];
    }),
  );
  const values = backends.flatMap((backend) => {
    const all = fleet.scopes(question.view, "backend", backend).get("ALL");
    return all === undefined ? [] : [[backend, all] as const];
  });
  return { ...matrix(question, pairs, new Map(values)), ...FRESH };
}

/** One backend and metric over months. */
export function trendOf(
  months: readonly (readonly [month: string, fleet: Fleet])[],
  backend: Backend,
  metric: MetricName,
): TrendResult {
  const question = { backend, metric, view: asked.view, filters: asked.filters };
  const periods = months.map(([period, fleet]) => ({ period, values: fleet.scopes("trusted", "backend", backend) }));
  const found = trend(question, periods);
  return { ...found, ...FRESH, unit: "month", periods: months.map(([period]) => period) };
}

/** One host among the others of the fleet. */
export function profileOf(fleet: Fleet, host: string): HostProfile {
  const summary = fleet.summaries.find((each) => each.host === host) ?? { host, groups: [] };
  const views = (kind: CellKind, name: string) => {
    const [trusted, all] = VIEWS.map((view) => fleet.scopes(view, kind, name));
    return { trusted: trusted ?? new Map(), all: all ?? new Map() };
  };
  const pairs = listPairs(summary).map(({ baseline, candidate }) => pairName(baseline, candidate));
  return hostProfile({
    summary,
    cohort: computeCohort(summary),
    isPending: false,
    retiredAt: null,
    silentBefore: "2026-10-01T00:00:00.000Z",
    backendCells: new Map(listBackends(summary).map((backend) => [backend, views("backend", backend)])),
    pairCells: new Map(pairs.map((name) => [name, views("pair", name)])),
  });
}
