import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { inChunks, MAX_TRANSACTION_BYTES } from "../../functions/store/table/table.ts";

const MB = 1_000_000;
const sizes = (items: readonly number[]) => inChunks(items, { measure: (bytes) => bytes }).map((chunk) => chunk.length);

describe("an upload is cut so that the store takes every piece", () => {
  test.each<[string, number[], number[]]>([
    ["nothing", [], []],
    ["100 writes are one transaction", new Array(100).fill(1), [100]],
    ["the 101st starts another", new Array(101).fill(1), [100, 1]],
    ["3 MB are one transaction", [MB, MB, MB], [3]],
    ["a byte more starts another", [MB, MB, MB, 1], [3, 1]],
    ["an item too large for any chunk is alone", [1, 4 * MB, 1], [1, 1, 1]],
  ])("%s", (_, items, expected) => {
    expect(sizes(items)).toEqual(expected);
  });

  test("a shared write counts once a chunk, and again in the next", () => {
    const chunks = inChunks(new Array(200).fill("h"), { measure: () => 1, sharedBy: (host) => host });
    expect(chunks.map((chunk) => chunk.length)).toEqual([99, 99, 2]);
  });

  test("whatever the items, all are kept in order, and no chunk could take the first item of the next", () => {
    const item = fc.record({ bytes: fc.integer({ min: 1, max: MB }), host: fc.constantFrom("a", "b", "c", null) });
    const writes = (chunk: readonly { host: string | null }[]) =>
      chunk.length + new Set(chunk.flatMap(({ host }) => host ?? [])).size;
    const bytes = (chunk: readonly { bytes: number }[]) => chunk.reduce((sum, each) => sum + each.bytes, 0);
    const fits = (chunk: readonly { bytes: number; host: string | null }[]) =>
      writes(chunk) <= 100 && bytes(chunk) <= MAX_TRANSACTION_BYTES;
    fc.assert(
      fc.property(fc.array(item, { maxLength: 300 }), fc.boolean(), (all, isSmall) => {
        const items = isSmall ? all.map((each) => ({ ...each, bytes: 1 })) : all;
        const chunks = inChunks(items, { measure: (each) => each.bytes, sharedBy: ({ host }) => host });
        expect(chunks.flat()).toEqual(items);
        for (const [index, chunk] of chunks.entries()) {
          expect(fits(chunk)).toBe(true);
          const next = chunks[index + 1]?.[0];
          if (next !== undefined) expect(fits([...chunk, next])).toBe(false);
        }
      }),
      { seed: 1, numRuns: 100 },
    );
  });
});
