import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addCell, type Cell, emptyCell, isEmptyCell, subtractCell } from "../../shared/cells/cell.ts";
import { encodeCell } from "../../shared/cells/codec.ts";
import { type Contribution, contributions, diffContributions } from "../../shared/cells/contribution.ts";
import { summarize } from "../../shared/cells/host-values.ts";
import { randomHost } from "./hosts.ts";
import { plainSample, values } from "./random-samples.ts";

fc.configureGlobal({ seed: 20_261_101, numRuns: 40 });

type Place = Pick<Contribution, "view" | "kind" | "name" | "scope">;

const keyOf = ({ view, kind, name, scope }: Place) => `${view} ${kind} ${name} ${scope}`;

/** All cells of a fleet, as stored: by key, without empty ones. */
function cellsOf(lists: readonly (readonly Contribution[])[]): Map<string, Cell> {
  const cells = new Map<string, Cell>();
  for (const contribution of lists.flat()) {
    const cell = cells.get(keyOf(contribution)) ?? emptyCell();
    addCell(cell, contribution.cell);
    cells.set(keyOf(contribution), cell);
  }
  return cells;
}

describe("diffContributions", () => {
  it("is empty for an unchanged host: a pending host may be processed twice", () => {
    fc.assert(
      fc.property(randomHost, (host) => {
        expect(diffContributions(contributions(host), contributions(host))).toEqual([]);
      }),
    );
  });

  it("turns the cells of a fleet into the cells of the fleet with one host changed", () => {
    fc.assert(
      fc.property(randomHost, randomHost, randomHost, (other, before, after) => {
        const [others, old, fresh] = [other, before, after].map(contributions) as [
          Contribution[],
          Contribution[],
          Contribution[],
        ];
        const cells = cellsOf([others, old]);
        for (const change of diffContributions(old, fresh)) {
          const cell = cells.get(keyOf(change)) ?? emptyCell();
          if (change.subtract !== null) subtractCell(cell, change.subtract);
          if (change.add !== null) addCell(cell, change.add);
          if (isEmptyCell(cell)) cells.delete(keyOf(change));
          else cells.set(keyOf(change), cell);
        }
        const bytes = (map: Map<string, Cell>) => new Map([...map].map(([key, cell]) => [key, encodeCell(cell)]));
        expect(bytes(cells)).toEqual(bytes(cellsOf([others, fresh])));
      }),
    );
  });

  it("touches only the cells of what changed: a new phy run does not change the cells of loop", () => {
    const loop = plainSample({ id: "a", values: values(10) });
    const before = contributions(summarize("h", [loop]));
    const after = contributions(summarize("h", [loop, plainSample({ id: "b", backend: "phy", values: values(20) })]));
    const trusted = diffContributions(before, after).filter(({ view }) => view === "trusted");
    expect(trusted.map((change) => `${change.kind} ${change.name} ${change.scope}`)).toEqual([
      "fleet * ALL",
      "backend phy ALL",
      "backend phy v1/2G/8k/16",
      "pair loop:phy ALL",
      "pair loop:phy v1/2G/8k/16",
    ]);
    expect(trusted.map(({ subtract }) => subtract?.runs ?? null)).toEqual([1, null, null, null, null]);
  });

  it("removes everything of a host without runs", () => {
    const before = contributions(summarize("h", [plainSample()]));
    expect(diffContributions(before, []).map(({ subtract, add }) => [subtract?.hosts, add])).toEqual(
      before.map(() => [1, null]),
    );
  });
});
