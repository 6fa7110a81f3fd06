// Tokens remembered for a moment, so that a burst of requests with one token asks the store once. Only where one process
// serves all requests: a token that is ended here is forgotten here at once.

import type { PendingHosts } from "../../functions/service/aggregate.ts";
import type { PendingHostCount } from "../../functions/service/summary-source.ts";
import type { TokenLookup } from "../../functions/web/http/auth.ts";
import type { TokenRegistry } from "../../functions/web/routes/tokens.ts";
import type { Token } from "../../shared/run/token.ts";

// The number of pending hosts remembered for a moment, so that answers do not count the marks of all buckets each time. Only
// where one process stores all results and aggregates them: what it changes itself is known at once.

/** How long a count is believed: what another process on the same table marks, such as a tool, is heard of after that. */
const COUNT_BELIEVED_MS = 1_000;

export interface PendingCount {
  /** The same store; `count` counts again only after a change, or when the last count is a second old. */
  counting<S extends PendingHostCount>(store: S): S;
  /** The same store; clearing pending hosts is a change. */
  clearing<S extends Pick<PendingHosts, "clear">>(store: S): S;
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
    clearing: (store) => ({
      ...store,
      clear: async (hosts) => {
        await store.clear(hosts);
        changed();
      },
    }),
    counting: (store) => ({
      ...store,
      count: async (fleet) => {
        const remembered = known.get(fleet);
        if (remembered !== undefined && passed() < remembered.until) return remembered.count;
        const underWay = counting.get(fleet);
        if (underWay !== undefined) return underWay;
        const before = changes;
        const own = store.count(fleet).finally(() => {
          if (counting.get(fleet) === own) counting.delete(fleet);
        });
        counting.set(fleet, own);
        const count = await own;
        // What changed while it was being counted may or may not be in it.
        if (before === changes) known.set(fleet, { count, until: passed() + COUNT_BELIEVED_MS });
        return count;
      },
    }),
  };
}

/** How long a token is believed: what another process on the same table ends, such as a tool, is heard of after that. */
const TOKEN_BELIEVED_MS = 5_000;

/** Tokens remembered at most; all are forgotten when there are more. */
const MAX_TOKENS = 10_000;

/**
 * The same store; only tokens that open something are remembered, and none beyond a change. The time that passes is measured
 * by a clock that nobody sets: where the time of day is put back, an ended token must not be believed until it comes again.
 */
export function withTokenCache<S extends TokenLookup & Pick<TokenRegistry, "revoke">>(
  store: S,
  passed: () => number = () => performance.now(),
): S {
  const known = new Map<string, { readonly token: Token; readonly until: number }>();
  let changes = 0;
  return {
    ...store,
    find: async (secretHash) => {
      const remembered = known.get(secretHash);
      if (remembered !== undefined && passed() < remembered.until) return remembered.token;
      const before = changes;
      const token = await store.find(secretHash);
      // A token that was ended while it was being read must not be remembered.
      if (token !== null && token.revoked_at === null && before === changes) {
        if (known.size >= MAX_TOKENS) known.clear();
        known.set(secretHash, { token, until: passed() + TOKEN_BELIEVED_MS });
      }
      return token;
    },
    revoke: async (stored, at) => {
      changes += 1;
      known.clear();
      await store.revoke(stored, at);
      changes += 1;
      known.clear();
    },
  };
}
