// The product's own way from runs to a result, without a table: summaries and cells in their stored form,
// in several shards, merged over shards and periods.

import { addCell, type Cell, type CellKind, emptyCell } from "../../shared/cells/cell.ts";
import { encodeCell, mergeEncoded } from "../../shared/cells/codec.ts";
import { contributions, pairName } from "../../shared/cells/contribution.ts";
import { summarize } from "../../shared/cells/host-values.ts";
import { toSample } from "../../shared/cells/sample.ts";
import { decodeSummary, encodeSummary } from "../../shared/cells/stored-summary.ts";
import { compare } from "../../shared/compare/compare.ts";
import type { Comparison, ComparisonQuery } from "../../shared/compare/comparison.ts";
import { type Merged, mergePeriods } from "../../shared/compare/merged-cells.ts";
import { describeComparison } from "../../shared/report/sentences.ts";
import { enclosingPeriods, toMonth } from "../../shared/run/periods.ts";
import type { Run, View } from "../../shared/run/run.ts";

const SHARDS = 3;

/** The answer to a question about runs. */
export function productComparison(runs: readonly Run[], question: Omit<ComparisonQuery, "filters">): Comparison {
  const periods = question.periods.map((period) =>
    storedCells(runs.filter((run) => enclosingPeriods(toMonth(run.finished_at)).includes(period))),
  );
  const read = (view: View, kind: CellKind, name: string): ReadonlyMap<string, Merged> => {
    const found = periods.map((stored) => stored(view, kind, name));
    const scopes = new Set(found.flatMap((cells) => [...cells.keys()]));
    return new Map(
      [...scopes].sort().map((scope) => [scope, mergePeriods(found.flatMap((cells) => cells.get(scope) ?? []))]),
    );
  };
  const { baseline, candidate, view } = question;
  const findings = compare({
    query: { ...question, filters: {} },
    asOf: null,
    pendingHosts: 0,
    pair: read(view, "pair", pairName(baseline, candidate)),
    baselineValues: read(view, "backend", baseline),
    candidateValues: read(view, "backend", candidate),
    pairAsReported: view === "trusted" ? read("all", "pair", pairName(baseline, candidate)) : null,
  });
  return describeComparison(findings);
}

/** The cells of one period, encoded in shards and merged again: gives those of a view, kind and name by scope. */
function storedCells(runs: readonly Run[]): (view: View, kind: CellKind, name: string) => ReadonlyMap<string, Cell> {
  const ofHost = new Map<string, Run[]>();
  for (const run of runs) ofHost.set(run.host, [...(ofHost.get(run.host) ?? []), run]);
  const shards = new Map<string, Cell>();
  for (const [index, [host, own]] of [...ofHost].entries()) {
    const stored = encodeSummary(summarize(host, own.map(toSample)));
    for (const { view, kind, name, scope, cell } of contributions(decodeSummary(stored))) {
      addCell(cellAt(shards, `${view} ${kind} ${name} ${scope} ${index % SHARDS}`), cell);
    }
  }
  const cells = new Map<string, Map<string, Cell>>();
  for (const [key, cell] of shards) {
    const [view, kind, name, scope = ""] = key.split(" ");
    const scopes = cells.get(`${view} ${kind} ${name}`) ?? new Map<string, Cell>();
    cells.set(`${view} ${kind} ${name}`, scopes);
    mergeEncoded(cellAt(scopes, scope), encodeCell(cell));
  }
  return (view, kind, name) => cells.get(`${view} ${kind} ${name}`) ?? new Map();
}

/** The cell of a key, an empty one if it is new. */
function cellAt(cells: Map<string, Cell>, key: string): Cell {
  const cell = cells.get(key) ?? emptyCell();
  cells.set(key, cell);
  return cell;
}
