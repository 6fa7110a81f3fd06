import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  addCell,
  type Cell,
  emptyCell,
  emptyMetricCell,
  flip,
  isEmptyCell,
  type MetricCell,
  mergeCell,
  subtractCell,
} from "../../shared/cells/cell.ts";
import { encodeCell } from "../../shared/cells/codec.ts";
import { contributions } from "../../shared/cells/contribution.ts";
import type { HostSummary } from "../../shared/cells/host-values.ts";
import { CellError } from "../../shared/cells/varint.ts";
import { binsFrom } from "./histogram.ts";
import { find, mergedCell, pairCellOf, randomCell, randomHost } from "./hosts.ts";

fc.configureGlobal({ seed: 20_261_101, numRuns: 50 });

/** A cell with one metric, putc. */
function cellWith(metric: Partial<MetricCell>, head: Partial<Cell> = {}): Cell {
  const cell = { ...emptyCell(), hosts: 1, runs: 2, ...head };
  cell.metrics[0] = { ...emptyMetricCell(), n: 1, ...metric };
  return cell;
}

describe("addCell", () => {
  it("adds every field, bin and note", () => {
    const sum = cellWith(
      {
        n: 1,
        nx: 1,
        pos: 1,
        s1: -3,
        s2: 9,
        wv: 4,
        wn: 1,
        one: 1,
        runs: 2,
        x: binsFrom({ 0: 1 }),
        l: binsFrom({ 7: 1 }),
      },
      { notes: new Map([["cached", 1]]) },
    );
    addCell(
      sum,
      cellWith(
        {
          n: 2,
          nb: 1,
          neg: 1,
          s1: 5,
          s2: 25,
          runs: 4,
          x: binsFrom({ 0: 1, 3: 1 }),
          u: binsFrom({ "-7": 1 }),
        },
        {
          hosts: 2,
          runs: 5,
          notes: new Map([
            ["cached", 1],
            ["small_file", 2],
          ]),
        },
      ),
    );
    expect(sum).toEqual(
      cellWith(
        {
          n: 3,
          nx: 1,
          nb: 1,
          pos: 1,
          neg: 1,
          s1: 2,
          s2: 34,
          wv: 4,
          wn: 1,
          one: 1,
          runs: 6,
          x: binsFrom({ 0: 2, 3: 1 }),
          l: binsFrom({ 7: 1 }),
          u: binsFrom({ "-7": 1 }),
        },
        {
          hosts: 3,
          runs: 7,
          notes: new Map([
            ["cached", 2],
            ["small_file", 2],
          ]),
        },
      ),
    );
  });

  it("does not change the added cell, not even by later additions", () => {
    const one = cellWith({ x: binsFrom({ 0: 1 }) });
    const sum = mergedCell([one, one]);
    expect(sum.metrics[0]?.x).toEqual(binsFrom({ 0: 2 }));
    expect(one).toEqual(cellWith({ x: binsFrom({ 0: 1 }) }));
  });

  it("rejects sums that are no longer exact instead of rounding them", () => {
    const sum = cellWith({ s2: Number.MAX_SAFE_INTEGER });
    expect(() => addCell(sum, cellWith({ s2: 1 }))).toThrow(expect.objectContaining({ field: "putc.s2" }));
  });

  it("gives the same bytes in any order and over any shards", () => {
    const hosts = fc.array(fc.tuple(randomHost, fc.nat({ max: 2 }), fc.nat()), { maxLength: 6 });
    fc.assert(
      fc.property(hosts, (entries) => {
        const cells = entries.map(([host]) => pairCellOf(host));
        const straight = encodeCell(mergedCell(cells));
        const shuffled = entries.toSorted((a, b) => a[2] - b[2]).map(([host]) => pairCellOf(host));
        const shards = [0, 1, 2].map((shard) => mergedCell(cells.filter((_, index) => entries[index]?.[1] === shard)));
        expect(encodeCell(mergedCell(shuffled))).toEqual(straight);
        expect(encodeCell(mergedCell(shards))).toEqual(straight);
      }),
    );
  });
});

describe("mergeCell", () => {
  it("continues when a sum of squares exceeds the exact integers, or a year of a large fleet could not be read", () => {
    const sum = cellWith({ s2: Number.MAX_SAFE_INTEGER, wv: Number.MAX_SAFE_INTEGER, x: binsFrom({ 0: 1 }) });
    mergeCell(sum, cellWith({ s2: 10 ** 12, wv: 10 ** 12, x: binsFrom({ 0: 2 }) }));
    expect(sum.metrics[0]).toMatchObject({ n: 2, x: binsFrom({ 0: 3 }) });
    expect((sum.metrics[0]?.s2 ?? 0) / (2 ** 53 + 10 ** 12)).toBeCloseTo(1, 15);
    expect(() => encodeCell(sum)).toThrow(expect.objectContaining({ field: "putc.s2" }));
  });

  it("is addCell as long as all sums are exact", () => {
    fc.assert(
      fc.property(randomCell, randomCell, (cell, other) => {
        const sum = mergedCell([cell]);
        mergeCell(sum, other);
        expect(sum).toEqual(mergedCell([cell, other]));
      }),
    );
  });
});

describe("subtractCell", () => {
  it("undoes addCell to the last bit, or a changed host would leave a remainder", () => {
    fc.assert(
      fc.property(randomCell, randomCell, (cell, other) => {
        const sum = mergedCell([cell, other]);
        subtractCell(sum, other);
        expect(sum).toEqual(cell);
        subtractCell(sum, cell);
        expect(isEmptyCell(sum)).toBe(true);
        expect(sum).toEqual(emptyCell());
      }),
    );
  });

  it.each([
    ["head.hosts", cellWith({}), cellWith({}, { hosts: 2 })],
    ["head.runs", cellWith({}), cellWith({}, { runs: 3 })],
    ["notes.cached", cellWith({}), cellWith({}, { notes: new Map([["cached", 1]]) })],
    ["putc.n", cellWith({}), cellWith({ n: 2 })],
    ["putc.pos", cellWith({}), cellWith({ pos: 1 })],
    ["putc.x[-3]", cellWith({ x: binsFrom({ 3: 1 }) }), cellWith({ x: binsFrom({ "-3": 1 }) })],
    ["putc.n", emptyCell(), cellWith({}, { hosts: 0, runs: 0 })],
    // No host is left, but a sum, a bin, a metric or a run: the host had added something else.
    ["putc.n", cellWith({ s1: 5 }, { hosts: 2 }), cellWith({ s1: 4 })],
    ["putc.n", cellWith({ l: binsFrom({ 3: 1 }) }, { hosts: 2 }), cellWith({})],
    ["head.hosts", cellWith({ n: 2 }), cellWith({})],
    ["head.hosts", cellWith({}, { runs: 3 }), cellWith({})],
  ])("raises an alarm that names %s rather than storing what cannot be", (field, from, what) => {
    expect(() => subtractCell(from, what)).toThrow(expect.objectContaining({ name: "CellError", field }));
    expect(new CellError(field, "x").message).toContain(field);
  });
});

describe("flip", () => {
  it("mirrors sums, signs and bins, and exchanges lower and upper ends", () => {
    const cell = cellWith({
      pos: 2,
      neg: 1,
      s1: 5,
      s2: 25,
      x: binsFrom({ 3: 2, 0: 1 }),
      l: binsFrom({ 7: 1 }),
      u: binsFrom({ "-9": 4 }),
    });
    expect(flip(cell)).toEqual(
      cellWith({
        pos: 1,
        neg: 2,
        s1: -5,
        s2: 25,
        x: binsFrom({ "-3": 2, 0: 1 }),
        l: binsFrom({ 9: 4 }),
        u: binsFrom({ "-7": 1 }),
      }),
    );
  });

  it("twice changes nothing", () => {
    fc.assert(
      fc.property(randomCell, (cell) => {
        expect(flip(flip(cell))).toEqual(cell);
        expect(encodeCell(flip(flip(cell)))).toEqual(encodeCell(cell));
      }),
    );
  });

  it("equals the cell with the backends exchanged: b against c is c against b mirrored", () => {
    const swapped = (host: HostSummary): HostSummary => ({
      ...host,
      groups: host.groups.map((group) => {
        if (group.backend === "loop") return { ...group, backend: "phy" };
        return group.backend === "phy" ? { ...group, backend: "loop" } : group;
      }),
    });
    fc.assert(
      fc.property(randomHost, (host) => {
        for (const { view, kind, name, scope, cell } of contributions(host)) {
          if (name !== "loop:phy") continue;
          const mirrored = find(contributions(swapped(host)), `${kind} ${name} ${scope}`, view);
          expect(mirrored?.cell).toEqual(flip(cell));
        }
      }),
    );
  });
});
