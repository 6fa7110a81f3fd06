// Totals: the cells without metrics of one cohort in one shard, kept together. They count the hosts, runs and notes of the
// fleet, and of each backend over all strata. Each is a few bytes, and all of them change with nearly every result, so they
// share one stored form. Layout: version; then, in the order of their names, each name and a block with its cell. Equal totals
// are equal bytes.

import { codeUnitOrder } from "../run/text.ts";
import { type Cell, type CellKind, emptyCell, isEmptyCell, SCOPE_ALL } from "./cell.ts";
import { decodeCell, encodeCell } from "./codec.ts";
import {
  type Cursor,
  errorAt,
  readBlock,
  readText,
  readUnsigned,
  writeBlock,
  writeText,
  writeUnsigned,
} from "./varint.ts";

/** The version that is written; and the ones that are read, which differ in their cells only. */
const VERSION = 1;
const READABLE: readonly number[] = [VERSION];

/** Whether a cell is one of the totals: that of the fleet, or that of a backend over all strata. */
export function isTotal({ kind, scope }: { readonly kind: CellKind; readonly scope: string }): boolean {
  return kind === "fleet" || (kind === "backend" && scope === SCOPE_ALL);
}

/** Encodes totals by name (`*` for the fleet, the slug of a backend); empty ones are omitted. Throws as `encodeCell` does. */
export function encodeTotals(totals: ReadonlyMap<string, Cell>): Uint8Array {
  const bytes: number[] = [];
  writeUnsigned(bytes, VERSION, "totals", "version");
  for (const [name, cell] of [...totals].sort(([a], [b]) => codeUnitOrder(a, b))) {
    if (isEmptyCell(cell)) continue;
    writeText(bytes, name, "totals", "name");
    writeBlock(bytes, encodeCell(cell), "totals", name);
  }
  return new Uint8Array(bytes);
}

/** Decodes what `encodeTotals` wrote. Throws a CellError for anything else. */
export function decodeTotals(bytes: Uint8Array): Map<string, Cell> {
  const totals = new Map<string, Cell>();
  for (const [name, block] of blocks(bytes)) totals.set(name, decodeCell(block));
  return totals;
}

/** The encoded cell of one name; null when the totals do not have it. Throws as `decodeTotals` does. */
export function findTotal(bytes: Uint8Array, name: string): Uint8Array | null {
  for (const [found, block] of blocks(bytes)) if (found === name) return block;
  return null;
}

/** The names that the totals have, sorted. Throws as `decodeTotals` does. */
export function namesOfTotals(bytes: Uint8Array): string[] {
  return [...blocks(bytes)].map(([name]) => name);
}

function* blocks(bytes: Uint8Array): Generator<readonly [name: string, block: Uint8Array]> {
  const cursor: Cursor = { bytes, at: 0 };
  const version = readUnsigned(cursor, "totals", "version");
  if (!READABLE.includes(version)) throw errorAt(cursor, "totals", "version", `expected ${VERSION}, found ${version}`);
  let previous: string | null = null;
  while (cursor.at < bytes.length) {
    const name = readText(cursor, "totals", "name");
    if (previous !== null && name <= previous) throw errorAt(cursor, "totals", "name", `unexpected name ${name}`);
    yield [name, readBlock(cursor, "totals", name)];
    previous = name;
  }
}

// The cells of a stored item by name: totals have several, and any other cell is alone in its item, under an empty name.

/** Decodes the cells of an item. Throws a CellError for anything that `encodeItemCells` did not write. */
export function decodeItemCells(bytes: Uint8Array, areTotals: boolean): Map<string, Cell> {
  return areTotals ? decodeTotals(bytes) : new Map([["", decodeCell(bytes)]]);
}

/** Encodes the cells of an item. Throws as `encodeCell` does. */
export function encodeItemCells(cells: ReadonlyMap<string, Cell>, areTotals: boolean): Uint8Array {
  return areTotals ? encodeTotals(cells) : encodeCell(cells.get("") ?? emptyCell());
}
