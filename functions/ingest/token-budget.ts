// What a token may store on one day (UTC), in bytes and in runs: so that one token cannot fill a disk. Each process
// counts in memory, and only who uses much is counted in the table, where all processes see it.

import { AppError } from "../../shared/errors.ts";
import type { Clock, Use, UseStore } from "../../shared/ports.ts";

/** What a token may store on a day. */
export type DayLimit = Use;

export interface TokenBudget {
  /** Throws `slow_down` when the token has used up its day. */
  refuseSpent(tokenId: string): void;
  /** Counts what was stored with a token. A table that cannot be reached is told the next time. */
  spend(tokenId: string, use: Use): Promise<void>;
}

/** A process tells the table of a token once it has not been told of such a share of the limit. */
const SHARE_TOLD = 0.01;

/** Tokens that are counted in memory; when there are more, those begin again, each a hundredth of its limit richer. */
const MOST_TOKENS = 10_000;

/** Nobody is told to wait longer than this: the limit may be raised, or a day end, meanwhile. */
const LONGEST_WAIT_S = 3_600;

const DAY_MS = 86_400_000;

const NOTHING: Use = { bytes: 0, runs: 0 };

const sum = (a: Use, b: Use): Use => ({ bytes: a.bytes + b.bytes, runs: a.runs + b.runs });

/** What is known of a token on a day. */
interface Counted {
  readonly day: string;
  /** As the table had it last. */
  told: Use;
  /** Not yet told. */
  own: Use;
}

/** Budgets of all tokens over a table. */
export function makeTokenBudget(store: Pick<UseStore, "add">, clock: Clock, limit: DayLimit): TokenBudget {
  const tokens = new Map<string, Counted>();
  const today = () => new Date(clock()).toISOString().slice(0, 10);

  function countedOf(tokenId: string): Counted {
    const found = tokens.get(tokenId);
    if (found?.day === today()) return found;
    if (tokens.size >= MOST_TOKENS) tokens.clear();
    const counted = { day: today(), told: NOTHING, own: NOTHING };
    tokens.set(tokenId, counted);
    return counted;
  }

  return {
    refuseSpent: (tokenId) => {
      const { told, own } = countedOf(tokenId);
      const { bytes, runs } = sum(told, own);
      if (bytes < limit.bytes && runs < limit.runs) return;
      const what = runs < limit.runs ? `${limit.bytes} bytes` : `${limit.runs} runs`;
      const left = Math.ceil((DAY_MS - (clock() % DAY_MS)) / 1000);
      throw new AppError(
        "slow_down",
        `this token has stored the ${what} that a token may store in a day; send the same again after midnight UTC, or ask the operator for a higher limit; nothing was stored`,
        { retryAfterS: Math.min(left, LONGEST_WAIT_S) },
      );
    },
    spend: async (tokenId, use) => {
      const counted = countedOf(tokenId);
      counted.own = sum(counted.own, use);
      const telling = counted.own;
      if (telling.bytes < SHARE_TOLD * limit.bytes && telling.runs < SHARE_TOLD * limit.runs) return;
      const before = counted.told;
      counted.told = sum(before, telling);
      counted.own = NOTHING;
      try {
        counted.told = await store.add(tokenId, counted.day, telling);
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        // What was stored is stored: its sender must hear so.
        counted.told = before;
        counted.own = sum(counted.own, telling);
      }
    },
  };
}
