// The number of pending hosts remembered for a moment, so that answers do not count the marks of all buckets each time. Only
// where one process stores all results and aggregates them: what it changes itself is known at once.

import type { AggregationStore, StatusStore } from "../shared/ports.ts";

/** How long a count is believed: what another process on the same table marks, such as a tool, is heard of after that. */
const BELIEVED_MS = 1_000;

export interface PendingCount {
  /** The same store; `pendingHosts` is counted again only after a change, or when it is a second old. */
  status(store: StatusStore): StatusStore;
  /** The same store; the marks that it clears are a change. */
  aggregation(store: AggregationStore): AggregationStore;
  /** To be called when results were stored or withdrawn, before anybody is told so. */
  changed(): void;
}

/** A memory of the number. The time that passes is measured by a clock that nobody sets. */
export function rememberPendingCount(passed: () => number = () => performance.now()): PendingCount {
  const known = new Map<string, { readonly count: number; readonly until: number }>();
  /** Counts under way, none of them begun before the last change. */
  const counting = new Map<string, Promise<number>>();
  let changes = 0;
  const changed = () => {
    changes += 1;
    known.clear();
    counting.clear();
  };
  return {
    changed,
    aggregation: (store) => ({
      ...store,
      clear: async (marks) => {
        await store.clear(marks);
        changed();
      },
    }),
    status: (store) => ({
      ...store,
      pendingHosts: async (fleet) => {
        const remembered = known.get(fleet);
        if (remembered !== undefined && passed() < remembered.until) return remembered.count;
        const underWay = counting.get(fleet);
        if (underWay !== undefined) return underWay;
        const before = changes;
        const own = store.pendingHosts(fleet).finally(() => {
          if (counting.get(fleet) === own) counting.delete(fleet);
        });
        counting.set(fleet, own);
        const count = await own;
        // What changed while it was being counted may or may not be in it.
        if (before === changes) known.set(fleet, { count, until: passed() + BELIEVED_MS });
        return count;
      },
    }),
  };
}
