import type { View } from "../model/view.ts";
import type { Cell, CellKind } from "./cell.ts";
import { encodeCell } from "./codec.ts";
import type { Contribution } from "./contribution.ts";

/** A cell that a changed host touches: what to take out first and what to put in then; not both null. */
export interface Change {
  readonly view: View;
  readonly kind: CellKind;
  readonly name: string;
  readonly scope: string;
  readonly subtract: Cell | null;
  readonly add: Cell | null;
}

/**
 * The cells to write when a host's contributions change from `before` to `after`, each cell once; a new host has no
 * `before`, one without runs no `after`. What stays the same is left out, so summarising an unchanged host again writes
 * nothing.
 */
export function difference(before: readonly Contribution[], after: readonly Contribution[]): Change[] {
  const old = new Map(before.map((contribution) => [keyOf(contribution), contribution]));
  const changes: Change[] = [];
  for (const contribution of after) {
    const key = keyOf(contribution);
    const subtract = old.get(key)?.cell ?? null;
    old.delete(key);
    if (subtract !== null && isSame(subtract, contribution.cell)) continue;
    changes.push({ ...placeOf(contribution), subtract, add: contribution.cell });
  }
  for (const gone of old.values()) changes.push({ ...placeOf(gone), subtract: gone.cell, add: null });
  return changes;
}

function placeOf({ view, kind, name, scope }: Contribution): Pick<Change, "view" | "kind" | "name" | "scope"> {
  return { view, kind, name, scope };
}

/** Views, kinds and names hold no `#`, so whatever a scope holds the key is unambiguous. */
function keyOf({ view, kind, name, scope }: Contribution): string {
  return [view, kind, name, scope].join("#");
}

function isSame(one: Cell, other: Cell): boolean {
  const bytes = encodeCell(one);
  const others = encodeCell(other);
  return bytes.length === others.length && bytes.every((byte, index) => byte === others[index]);
}
