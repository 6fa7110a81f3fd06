// A cell as an item. Both views are in one: `all` is left out where it equals `trusted`, as it does without cached runs.

import type { Cell } from "../../shared/cells/cell.ts";
import { decodeCell, encodeCell } from "../../shared/cells/codec.ts";
import { addCell, emptyCell, isEmpty, subtractCell } from "../../shared/cells/merge.ts";
import type { View } from "../../shared/model/view.ts";
import type { CellPart } from "./cell-changes.ts";
import { type Item, optionalBytesOf } from "./item.ts";

/** One view of a stored cell as it is encoded; null when there is none. */
export function encodedView(stored: Item, view: View): Uint8Array | null {
  return (view === "all" ? optionalBytesOf(stored, "all") : null) ?? optionalBytesOf(stored, "trusted");
}

/** Whether the views of a stored cell differ, as they do with cached runs. */
export function hasTwoViews(stored: Item): boolean {
  return optionalBytesOf(stored, "all") !== null;
}

/** One view of a stored cell, as a cell of its own that may be changed; empty when there is none. */
function viewOf(stored: Item | null, view: View): Cell {
  const bytes = stored && encodedView(stored, view);
  return bytes === null ? emptyCell() : decodeCell(bytes);
}

/** The item with the parts taken out and put in, written at `at`; null when nothing is left in either view. */
export function changedCell(stored: Item | null, parts: readonly CellPart[], at: string): Item | null {
  const trusted = changed(stored, "trusted", parts);
  const all = areViewsAlike(stored, parts) ? trusted : changed(stored, "all", parts);
  if (isEmpty(trusted) && isEmpty(all)) return null;
  const trustedBytes = encodeCell(trusted);
  const allBytes = all === trusted ? trustedBytes : encodeCell(all);
  return {
    trusted: { B: trustedBytes },
    ...(Buffer.compare(trustedBytes, allBytes) === 0 ? {} : { all: { B: allBytes } }),
    at: { S: at },
  };
}

function changed(stored: Item | null, view: View, parts: readonly CellPart[]): Cell {
  const cell = viewOf(stored, view);
  for (const { subtract, add } of parts.filter((part) => part.view === view)) {
    // Adding first: what is taken out of a cell was put in by the same host before, so no sum is ever negative.
    if (add !== null) addCell(cell, add);
    if (subtract !== null) subtractCell(cell, subtract);
  }
  return cell;
}

/** Whether the views are one and get the very same cells, as without cached runs: then the sum is made once. */
function areViewsAlike(stored: Item | null, parts: readonly CellPart[]): boolean {
  if (stored !== null && hasTwoViews(stored)) return false;
  const trusted = parts.filter(({ view }) => view === "trusted");
  const all = parts.filter(({ view }) => view === "all");
  return (
    trusted.length === all.length &&
    trusted.every(({ subtract, add }, index) => subtract === all[index]?.subtract && add === all[index]?.add)
  );
}
