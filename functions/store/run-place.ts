// Where a run stands in the order index, which says what the run need not repeat.

import { isBackend } from "../../shared/run/backends.ts";
import type { RunPlace } from "../../shared/run/run-codec.ts";
import { type Item, ItemFault, optionalTextOf, textOf } from "./item.ts";

/**
 * The place of a run, or of its entry in the order index: `backend#stratum#finishedAt#id`, with `~` before it once withdrawn.
 * Throws ItemFault for anything else.
 */
export function runPlaceOf(item: Item): RunPlace {
  const order = textOf(item, "ord");
  const [backend, stratum, finished_at, id] = order.replace(/^~/, "").split("#");
  if (
    backend === undefined ||
    !isBackend(backend) ||
    stratum === undefined ||
    finished_at === undefined ||
    id === undefined
  ) {
    throw new ItemFault(`order entry ${order} is not backend#stratum#finishedAt#id`);
  }
  const run = optionalTextOf(item, "sk") ?? id;
  if (run !== id) throw new ItemFault(`order entry ${order} is not that of run ${run}`);
  return { id, backend, stratum, finished_at };
}

/** Whether an entry of the order index is that of a withdrawn run. */
export const isWithdrawn = (entry: Item): boolean => textOf(entry, "ord").startsWith("~");
