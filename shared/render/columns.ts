import { wrapped } from "./wrap.ts";

/** A wider cell sticks out of its column instead of widening it for all rows. */
const WIDEST = 40;

/**
 * Rows of cells as lines of at most `width` characters in which the cells of a column line up on the given side. A row that
 * is too long for one line goes on in the next, indented.
 */
export function columns(
  sides: readonly ("left" | "right")[],
  rows: readonly (readonly string[])[],
  width: number,
): string[] {
  const widths = sides.map((_, column) =>
    Math.max(0, ...rows.map((row) => row[column]?.length ?? 0).filter((length) => length <= WIDEST)),
  );
  const padded = (cell: string, column: number) =>
    sides[column] === "right" ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0);
  return rows.flatMap((row) => wrapped(row.map(padded).join("  ").trimEnd(), width, "    "));
}
