import { wrapped } from "./wrapped.ts";

/** Width of text for a terminal. */
const WIDTH = 100;

/** A wider cell sticks out of its column instead of widening it for all rows. */
const WIDEST = 40;

/**
 * Rows of cells as lines of at most 100 columns in which the cells of a column line up; `<` and `>` in `sides` say on which
 * side. A row that is too long for one line goes on in the next, indented.
 */
export function columns(sides: string, rows: readonly (readonly string[])[]): string[] {
  const widths = [...sides].map((_, column) =>
    Math.max(0, ...rows.map((row) => row[column]?.length ?? 0).filter((width) => width <= WIDEST)),
  );
  const padded = (cell: string, column: number) =>
    sides[column] === ">" ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0);
  return rows.flatMap((row) => wrapped(row.map(padded).join("  ").trimEnd(), WIDTH, "    "));
}
