// Caches of one machine, where one process serves all requests: tokens, so that a burst of requests with one token asks the
// store once, and the number of pending hosts, so that not every answer counts them. What this process changes itself takes
// effect at once; what another process changes on the same table, such as a tool, when the cached value expires. Time is
// measured by a clock that nobody can set: where the time of day is set back, a revoked token must not stay valid.

import { makeCache } from "../../functions/runtime/cache.ts";
import type { PendingHosts } from "../../functions/service/aggregate.ts";
import type { PendingHostCount } from "../../functions/service/summary-source.ts";
import type { TokenLookup } from "../../functions/web/http/auth.ts";
import type { TokenRegistry } from "../../functions/web/routes/tokens.ts";
import type { Token } from "../../shared/run/token.ts";

/** How long a cached token is valid. */
const TOKEN_TTL_MS = 5_000;

const MAX_TOKENS = 10_000;

/** The same store, which caches tokens that grant something, until any token is added or revoked. */
export function withTokenCache<S extends TokenLookup & Pick<TokenRegistry, "add" | "revoke">>(
  store: S,
  now?: () => number,
): S {
  const cache = makeCache<Token | null>({
    maxSize: MAX_TOKENS,
    ttlMs: (token) => (token === null || token.revoked_at !== null ? 0 : TOKEN_TTL_MS),
    ...(now !== undefined && { now }),
  });
  /** Clears the cache before and after: a token that was read in between may be either the old one or the new one. */
  const change = async (write: () => Promise<void>): Promise<void> => {
    cache.clear();
    await write();
    cache.clear();
  };
  return {
    ...store,
    find: (secretHash) => cache.get(secretHash, () => store.find(secretHash)),
    add: (token, secretHash) => change(() => store.add(token, secretHash)),
    revoke: (stored, at) => change(() => store.revoke(stored, at)),
  };
}

/** How long a cached number is valid. */
const COUNT_TTL_MS = 1_000;

const MAX_FLEETS = 10_000;

export interface PendingCountCache {
  /** The same store, whose `count` is cached. */
  counting<S extends PendingHostCount>(store: S): S;
  /** The same store; clearing pending hosts clears the cache. */
  clearing<S extends Pick<PendingHosts, "clear">>(store: S): S;
  /** To be called when runs were stored or withdrawn, before the client gets its response. */
  changed(): void;
}

/** A cache for the numbers of pending hosts of all fleets. */
export function makePendingCountCache(): PendingCountCache {
  const cache = makeCache<number>({ maxSize: MAX_FLEETS, ttlMs: () => COUNT_TTL_MS });
  return {
    counting: (store) => ({ ...store, count: (fleet) => cache.get(fleet, () => store.count(fleet)) }),
    clearing: (store) => ({
      ...store,
      clear: async (hosts) => {
        await store.clear(hosts);
        cache.clear();
      },
    }),
    changed: cache.clear,
  };
}
