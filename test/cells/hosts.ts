import fc from "fast-check";
import { addCell, type Cell, emptyCell } from "../../shared/cells/cell.ts";
import { type Contribution, contributions } from "../../shared/cells/contribution.ts";
import { type HostSummary, summarize } from "../../shared/cells/host-values.ts";
import { randomSamples } from "./random-samples.ts";

/** Summaries of hosts with all kinds of runs. */
export const randomHost: fc.Arbitrary<HostSummary> = randomSamples(8).map((samples) => summarize("h", samples));

/** The pair cell of loop and phy over all strata; what two random hosts are most likely to share. */
export function pairCellOf(host: HostSummary): Cell {
  return find(contributions(host), "pair loop:phy ALL")?.cell ?? emptyCell();
}

/** Cells of several hosts merged, as the store would keep them. */
export function mergedCell(cells: readonly Cell[]): Cell {
  const merged = emptyCell();
  for (const cell of cells) addCell(merged, cell);
  return merged;
}

/** The contribution described as `kind name scope`, by default in view trusted. */
export function find(list: readonly Contribution[], what: string, view = "trusted"): Contribution | undefined {
  return list.find((each) => each.view === view && `${each.kind} ${each.name} ${each.scope}` === what);
}

/** A merged cell of up to six hosts. */
export const randomCell: fc.Arbitrary<Cell> = fc
  .array(randomHost, { maxLength: 6 })
  .map((hosts) => mergedCell(hosts.map(pairCellOf)));
