import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Bins, emptyBins, MAX_BIN } from "../../shared/cells/bins.ts";
import { type Cell, emptyCell, emptyMetricCell, type MetricCell } from "../../shared/cells/cell.ts";
import { decodeCell, encodeCell, mergeEncoded } from "../../shared/cells/codec.ts";
import { QUANTITY_COUNT } from "../../shared/cells/quantities.ts";
import { CellError } from "../../shared/cells/varint.ts";
import { binsFrom, hostsByBin } from "./histogram.ts";
import { mergedCell, randomCell } from "./hosts.ts";

fc.configureGlobal({ seed: 20_261_101, numRuns: 40 });

const MAX = Number.MAX_SAFE_INTEGER;

/** Version, one host with one run, no notes. */
const HEAD = [2, 1, 1, 0];
const zeros = (length: number) => new Array<number>(length).fill(0);

const count = fc.oneof(fc.nat({ max: 300 }), fc.maxSafeNat(), fc.constantFrom(127, 128, 2 ** 31, 2 ** 32, MAX));
const signed = fc.oneof(fc.maxSafeInteger(), fc.constantFrom(0, -1, 63, 64, -63, -64, 2 ** 32, -MAX, MAX));
const bins: fc.Arbitrary<Bins> = fc
  .dictionary(
    fc
      .oneof(fc.integer({ min: -99, max: 99 }), fc.integer({ min: -300, max: 300 }), fc.constantFrom(1, 2, 3, 4))
      .map(String),
    fc.oneof(
      count.filter((n) => n > 0),
      fc.constantFrom(1, 31, 32, 33),
    ),
    { noNullPrototype: true, maxKeys: 6 },
  )
  .map(binsFrom);

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

/** Cells of any numbers, including ones that no fleet produces. */
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
  metrics: fc.array(fc.option(metric), { minLength: QUANTITY_COUNT, maxLength: QUANTITY_COUNT }),
});

describe("the bytes of a cell", () => {
  it("read back exactly as written, up to the largest safe integers", () => {
    fc.assert(
      fc.property(anyCell, (cell) => {
        expect(decodeCell(encodeCell(cell))).toEqual(cell);
      }),
    );
  });

  it("reach to the outermost bins", () => {
    const x = binsFrom({ [-MAX_BIN]: 1, 0: 40, [MAX_BIN]: MAX });
    const cell = {
      ...emptyCell(),
      hosts: 1,
      metrics: new Array(QUANTITY_COUNT).fill({ ...emptyMetricCell(), n: 1, x }),
    };
    const decoded = decodeCell(encodeCell(cell));
    expect(hostsByBin(decoded.metrics[0]?.x ?? emptyBins())).toEqual(hostsByBin(x));
  });

  it("are the same for any order of the notes, so that an unchanged cell is recognized", () => {
    fc.assert(
      fc.property(anyCell, (cell) => {
        const refilled = { ...cell, notes: new Map([...cell.notes].reverse()) };
        expect(encodeCell(refilled)).toEqual(encodeCell(cell));
      }),
    );
  });

  it("that are damaged are rejected or are the encoding of another cell, never a second one of the same", () => {
    const damage = fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(randomCell, damage, (cell, changes) => {
        const bytes = encodeCell(cell);
        for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
        const decoded = decodedOrFault(bytes);
        if (!(decoded instanceof CellError)) expect(encodeCell(decoded)).toEqual(bytes);
      }),
      { numRuns: 200 },
    );
  });

  it("that are truncated are rejected, or give a cell of fewer metrics", () => {
    fc.assert(
      fc.property(randomCell, fc.nat(), (cell, at) => {
        const bytes = encodeCell(cell);
        const cut = bytes.slice(0, at % bytes.length);
        const decoded = decodedOrFault(cut);
        if (!(decoded instanceof CellError)) expect(encodeCell(decoded)).toEqual(cut);
      }),
    );
  });

  it.each([
    ["nothing at all", []],
    ["another version", [1, 0, 0, 0]],
    ["a head cut short", [2, 0]],
    ["a count with a leading zero digit", [2, 0x80, 0, 0, 0]],
    ["a count beyond 2^53 - 1", [2, 255, 255, 255, 255, 255, 255, 255, 16, 0, 0]],
    ["a count of too many digits", [2, 255, 255, 255, 255, 255, 255, 255, 255, 1, 0, 0]],
    ["a note of no host", [2, 1, 1, 1, 1, 0x61, 0]],
    ["a note longer than the bytes", [2, 1, 1, 1, 9, 0x61, 1]],
    ["a note that is not UTF-8", [2, 1, 1, 1, 1, 0xff, 1]],
    ["notes out of order", [2, 1, 1, 2, 1, 0x62, 1, 1, 0x61, 1]],
    ["a metric that the registry does not have", [...HEAD, QUANTITY_COUNT, 14, 1, ...zeros(13)]],
    ["a metric without hosts", [...HEAD, 0, 14, ...zeros(14)]],
    // n, nx, nb, pos, neg, s2, wv, wn, one, runs, then s1 and the bins
    ["a metric without its bins", [...HEAD, 0, 11, 1, ...zeros(10)]],
    ["a metric with a byte too many", [...HEAD, 0, 15, 1, ...zeros(14)]],
    ["a metric longer than the bytes", [...HEAD, 0, 15, 1, ...zeros(13)]],
    ["a sum of minus 0", [...HEAD, 0, 14, 1, ...zeros(9), 1, 0, 0, 0]],
    // x: two bins from bin 0 on; 4 is a bin of two hosts, 1 skips a bin
    ["a gap before the first bin", [...HEAD, 0, 17, 1, ...zeros(10), 2, 0, 1, 0, 0]],
    ["a bin behind the last one", [...HEAD, 0, 18, 1, ...zeros(10), 2, 0, 4, 1, 0, 0]],
    ["a bin that is none", [...HEAD, 0, 17, 1, ...zeros(10), 1, 0, 128, 0, 0]],
    ["fewer bins than announced", [...HEAD, 0, 14, 1, ...zeros(10), 9, 0, 4]],
    ["a bin too far out", [...HEAD, 0, 19, 1, ...zeros(10), 1, 128, 128, 4, 0, 0, 0]],
  ])("are rejected with the wrong field: %s", (_, bytes) => {
    expect(() => decodeCell(Uint8Array.from(bytes))).toThrow(CellError);
  });

  it.each([
    ["head.hosts", { ...emptyCell(), hosts: -1 }],
    ["head.runs", { ...emptyCell(), runs: 1.5 }],
    ["putc.s1", { ...emptyCell(), metrics: [{ ...emptyMetricCell(), n: 1, s1: 2 ** 53 }] }],
    ["putc.x", { ...emptyCell(), metrics: [{ ...emptyMetricCell(), n: 1, x: { first: 0, counts: [0] } }] }],
    ["putc.x", { ...emptyCell(), metrics: [{ ...emptyMetricCell(), n: 1, x: { first: 0, counts: [1, 0.5, 1] } }] }],
    ["putc.u", { ...emptyCell(), metrics: [{ ...emptyMetricCell(), n: 1, u: { first: MAX_BIN, counts: [1, 1] } }] }],
  ] as [string, Cell][])("are not written for a %s that is no exact number", (field, cell) => {
    expect(() => encodeCell(cell)).toThrow(expect.objectContaining({ name: "CellError", field }));
  });
});

it("metrics that are not wanted are skipped, and the others are as in a full reading", () => {
  const wanted = fc.uniqueArray(fc.nat({ max: QUANTITY_COUNT - 1 })).map((indices) => new Set(indices));
  fc.assert(
    fc.property(randomCell, randomCell, wanted, (one, other, indices) => {
      const sum = emptyCell();
      for (const cell of [one, other]) mergeEncoded(sum, encodeCell(cell), indices);
      const full = mergedCell([one, other]);
      expect(sum).toEqual({ ...full, metrics: full.metrics.map((each, index) => (indices.has(index) ? each : null)) });
    }),
  );
});

it("a sum over encoded cells is the sum of the cells", () => {
  fc.assert(
    fc.property(fc.array(randomCell, { maxLength: 5 }), (cells) => {
      const sum = emptyCell();
      for (const cell of cells) mergeEncoded(sum, encodeCell(cell));
      expect(sum).toEqual(mergedCell(cells));
    }),
  );
});

function decodedOrFault(bytes: Uint8Array): Cell | CellError {
  try {
    return decodeCell(bytes);
  } catch (error) {
    if (error instanceof CellError) return error;
    throw error;
  }
}
