// Tokens remembered for a moment, so that a burst of requests with one token asks the store once. Only where one process
// serves all requests: a token that is ended here is forgotten here at once.

import type { Token } from "../../shared/run/token.ts";
import type { TokenStore } from "../../shared/ports.ts";

/** How long a token is believed: what another process on the same table ends, such as a tool, is heard of after that. */
const BELIEVED_MS = 5_000;

/** Tokens remembered at most; all are forgotten when there are more. */
const MOST_TOKENS = 10_000;

/**
 * The same store; only tokens that open something are remembered, and none beyond a change. The time that passes is measured
 * by a clock that nobody sets: where the time of day is put back, an ended token must not be believed until it comes again.
 */
export function withTokenCache(store: TokenStore, passed: () => number = () => performance.now()): TokenStore {
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
        if (known.size >= MOST_TOKENS) known.clear();
        known.set(secretHash, { token, until: passed() + BELIEVED_MS });
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
