import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Bins, Cell, MetricCell } from "../../shared/cells/cell.ts";
import { CellFault } from "../../shared/cells/cell-fault.ts";
import { decodeCell, encodeCell } from "../../shared/cells/codec.ts";
import { emptyCell } from "../../shared/cells/merge.ts";
import { emptyMetricCell } from "../../shared/cells/metric-cell.ts";
import { METRIC_COUNT } from "../../shared/model/metrics.ts";
import { randomCell } from "./hosts.ts";

fc.configureGlobal({ seed: 20_261_101 });

const MAX = Number.MAX_SAFE_INTEGER;

const count = fc.oneof(fc.nat({ max: 300 }), fc.maxSafeNat(), fc.constantFrom(127, 128, 2 ** 31, 2 ** 32, MAX));
const signed = fc.oneof(fc.maxSafeInteger(), fc.constantFrom(0, -1, 63, 64, -63, -64, 2 ** 32, -MAX, MAX));
const bins: fc.Arbitrary<Bins> = fc
  .dictionary(
    fc.oneof(fc.integer({ min: -99, max: 99 }), fc.integer()).map(String),
    count.filter((n) => n > 0),
    {
      noNullPrototype: true,
    },
  )
  .map((entries) => new Map(Object.entries(entries).map(([bin, hosts]) => [Number(bin), hosts])));

const metric: fc.Arbitrary<MetricCell> = fc.record({
  n: count.filter((n) => n > 0),
  nx: count,
  nb: count,
  pos: count,
  neg: count,
  s1: signed,
  s2: count,
  wv: count,
  wn: count,
  one: count,
  runs: count,
  x: bins,
  l: bins,
  u: bins,
});

/** Cells of any numbers, also ones that no fleet gives. */
const anyCell: fc.Arbitrary<Cell> = fc.record({
  hosts: count,
  runs: count,
  notes: fc
    .uniqueArray(
      fc.tuple(
        fc.string({ unit: "grapheme" }),
        count.filter((n) => n > 0),
      ),
      { selector: ([note]) => note },
    )
    .map((notes) => new Map(notes)),
  metrics: fc.array(fc.option(metric), { minLength: METRIC_COUNT, maxLength: METRIC_COUNT }),
});

describe("the bytes of a cell", () => {
  it("read back exactly as written, up to the largest safe integers", () => {
    fc.assert(
      fc.property(anyCell, (cell) => {
        expect(decodeCell(encodeCell(cell))).toEqual(cell);
      }),
    );
  });

  it("are the same however the maps were filled, so that an unchanged cell is seen to be unchanged", () => {
    const backwards = <K>(map: Map<K, number>) => new Map([...map].reverse());
    fc.assert(
      fc.property(anyCell, (cell) => {
        const refilled = {
          ...cell,
          notes: backwards(cell.notes),
          metrics: cell.metrics.map(
            (each) => each && { ...each, x: backwards(each.x), l: backwards(each.l), u: backwards(each.u) },
          ),
        };
        expect(encodeCell(refilled)).toEqual(encodeCell(cell));
      }),
    );
  });

  it("that are damaged are refused or are the encoding of another cell, never a second one of the same", () => {
    const damage = fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(randomCell, damage, (cell, changes) => {
        const bytes = encodeCell(cell);
        for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
        const decoded = decodedOrFault(bytes);
        if (!(decoded instanceof CellFault)) expect(encodeCell(decoded)).toEqual(bytes);
      }),
      { numRuns: 200 },
    );
  });

  it("that are cut short are refused, or give a cell of fewer metrics", () => {
    fc.assert(
      fc.property(randomCell, fc.nat(), (cell, at) => {
        const bytes = encodeCell(cell);
        const cut = bytes.slice(0, at % bytes.length);
        const decoded = decodedOrFault(cut);
        if (!(decoded instanceof CellFault)) expect(encodeCell(decoded)).toEqual(cut);
      }),
    );
  });

  it.each([
    ["nothing at all", []],
    ["another version", [2, 0, 0, 0]],
    ["a head cut short", [1, 0]],
    ["a count with a leading zero digit", [1, 0x80, 0, 0, 0]],
    ["a count beyond 2^53 - 1", [1, 255, 255, 255, 255, 255, 255, 255, 16, 0, 0]],
    ["a count of too many digits", [1, 255, 255, 255, 255, 255, 255, 255, 255, 1, 0, 0]],
    ["a note of no host", [1, 1, 1, 1, 1, 0x61, 0]],
    ["a note longer than the bytes", [1, 1, 1, 1, 9, 0x61, 1]],
    ["a note that is not UTF-8", [1, 1, 1, 1, 1, 0xff, 1]],
    ["notes out of order", [1, 1, 1, 2, 1, 0x62, 1, 1, 0x61, 1]],
    ["a metric that the registry does not have", [1, 1, 1, 0, METRIC_COUNT, 1, ...new Array(13).fill(0)]],
    ["a metric without hosts", [1, 1, 1, 0, 0, ...new Array(14).fill(0)]],
    // n, nx, nb, pos, neg, s2, wv, wn, one, runs, then s1 and the bins
    ["a sum of minus 0", [1, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0]],
    ["a gap before the first bin", [1, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 2, 0, 0]],
    ["more bins than bytes", [1, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 100, 0, 0]],
  ])("are refused with the field at fault: %s", (_, bytes) => {
    expect(() => decodeCell(Uint8Array.from(bytes))).toThrow(CellFault);
  });

  it.each([
    ["head.hosts", { ...emptyCell(), hosts: -1 }],
    ["head.runs", { ...emptyCell(), runs: 1.5 }],
    ["putc.s1", { ...emptyCell(), metrics: [{ ...emptyMetricCell(), n: 1, s1: 2 ** 53 }] }],
    ["putc.x", { ...emptyCell(), metrics: [{ ...emptyMetricCell(), n: 1, x: new Map([[0, 0]]) }] }],
  ] as [string, Cell][])("are not written for a %s that is no exact number", (field, cell) => {
    expect(() => encodeCell(cell)).toThrow(expect.objectContaining({ name: "CellFault", field }));
  });
});

function decodedOrFault(bytes: Uint8Array): Cell | CellFault {
  try {
    return decodeCell(bytes);
  } catch (error) {
    if (error instanceof CellFault) return error;
    throw error;
  }
}
