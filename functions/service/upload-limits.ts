import { hash } from "node:crypto";
import { cohortFromFacts } from "../../shared/cells/sample.ts";
import { AppError } from "../../shared/errors.ts";
import type { Clock, Use, UseStore } from "../../shared/ports.ts";
import { COHORT_CAPPED, COHORT_KEYS, type Cohort } from "../../shared/run/cohort.ts";
import type { Run } from "../../shared/run/run.ts";
import type { Token } from "../../shared/run/token.ts";
import type { TokenLimits } from "../env.ts";
import { makeUploadGate, type UploadGate } from "../web/http/upload-gate.ts";

// Which kinds of host a token has named: tuples of site, hardware, storage and xen_version. A period has room for so many of
// them, each with cells of its own, so one ingest token may name so many in a year. A run that names another is stored with all its
// facts and one more, `cohort_capped`, which has its host counted in `other` now, in every rebuild and in every audit.

interface TokenCohorts {
  /** The runs, with a mark on those of kinds beyond what the token may name. An admin's may name any. */
  marked(token: Token, runs: readonly Run[]): Promise<readonly Run[]>;
}

/** Tokens whose kinds are kept in memory; all are forgotten, and read again, when there are more. */
const MAX_TOKENS_KNOWN = 1_000;

/** Kinds of one upload that are refused one by one; after so many the rest is, too. */
const MAX_REFUSED = 100;

/** Tries against others that name kinds with the same token at the same moment. */
const TRIES = 5;

/** Kinds of host by token over a table; `most` is how many a token may make in a calendar year (UTC). */
function makeTokenCohorts(store: UseStore, clock: Clock, most: number): TokenCohorts {
  const known = new Map<string, ReadonlySet<string>>();

  /** The kinds that are let in, after those asked for were added as far as there is room. */
  async function letIn(tokenId: string, asked: ReadonlySet<string>): Promise<ReadonlySet<string>> {
    const year = new Date(clock()).toISOString().slice(0, 4);
    const place = `${tokenId} ${year}`;
    for (let attempt = 0; ; attempt += 1) {
      const before = known.get(place) ?? (await store.cohorts(tokenId, year));
      if (known.size >= MAX_TOKENS_KNOWN) known.clear();
      known.set(place, before);
      const added: string[] = [];
      let refused = 0;
      for (const kind of asked) {
        if (before.has(kind)) continue;
        if (combinations([...before, ...added, kind]) <= most) added.push(kind);
        else refused += 1;
        if (refused === MAX_REFUSED) break;
      }
      if (added.length === 0 || attempt === TRIES) return before;
      if (await store.addCohorts(tokenId, year, added, before.size)) {
        const all = new Set([...before, ...added]);
        known.set(place, all);
        return all;
      }
      known.delete(place);
    }
  }

  return {
    marked: async ({ id, scope }, runs) => {
      if (scope === "admin") return runs;
      const kinds = runs.map((run) => kindOf(cohortFromFacts(run.facts)));
      const asked = new Set(kinds.flatMap((kind) => kind ?? []));
      if (asked.size === 0) return runs;
      const allowed = await letIn(id, asked);
      return runs.map((run, index) => {
        const kind = kinds[index] ?? null;
        return kind === null || allowed.has(kind) ? run : capped(run, most);
      });
    },
  };
}

/** What names a kind: a hash of the value of each attribute, `-` for one it does not have; null for one that has none. */
function kindOf(cohort: Cohort): string | null {
  if (Object.keys(cohort).length === 0) return null;
  return COHORT_KEYS.map((key) => {
    const value = cohort[key];
    return value === undefined ? ABSENT : hash("sha256", value).slice(0, HASH_DIGITS);
  }).join(" ");
}

const ABSENT = "-";

/** So many that nobody finds a thousand values with one hash. */
const HASH_DIGITS = 12;

/**
 * The kinds of host that can come of those named, at most. A host has of each attribute what its newest run says that says
 * any: it takes them together from runs that have different ones. So there are no more kinds than ways to take one run, or
 * none, of each set of attributes; and no more than ways to take one value, or none, of each attribute.
 */
function combinations(kinds: readonly string[]): number {
  const sets = new Map<string, number>();
  const values = COHORT_KEYS.map(() => new Set<string>());
  for (const kind of kinds) {
    const hashes = kind.split(" ");
    const set = hashes.map((value) => value === ABSENT).join();
    sets.set(set, (sets.get(set) ?? 0) + 1);
    for (const [place, value] of hashes.entries()) if (value !== ABSENT) values[place]?.add(value);
  }
  const ways = (counts: readonly number[]) => counts.reduce((product, count) => product * (count + 1), 1) - 1;
  return Math.min(ways([...sets.values()]), ways(values.map(({ size }) => size)));
}

function capped(run: Run, most: number): Run {
  const warning = `${COHORT_CAPPED}: this token has named as many kinds of host (site, hardware, storage, xen_version) as it may in a year, ${most}; the result counts in the whole fleet, and under no filter`;
  return { ...run, facts: { ...run.facts, [COHORT_CAPPED]: true }, warnings: [...run.warnings, warning] };
}

// What a token may store on one day (UTC), in bytes and in runs: so that one token cannot fill a disk. Each process
// counts in memory, and only who uses much is counted in the table, where all processes see it.

/** What a token may store on a day. */
export type DayLimit = Use;

interface TokenBudget {
  /** Throws `slow_down` when the token has used up its day. */
  rejectSpent(tokenId: string): void;
  /** Counts what was stored with a token. A table that cannot be reached is told the next time. */
  spend(tokenId: string, use: Use): Promise<void>;
}

/** A process tells the table of a token once it has not been told of such a share of the limit. */
const SHARE_TOLD = 0.01;

/** Tokens that are counted in memory; when there are more, those begin again, each a hundredth of its limit richer. */
const MAX_TOKENS_COUNTED = 10_000;

/** Nobody is told to wait longer than this: the limit may be raised, or a day end, meanwhile. */
const MAX_WAIT_S = 3_600;

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
    if (tokens.size >= MAX_TOKENS_COUNTED) tokens.clear();
    const counted = { day: today(), told: NOTHING, own: NOTHING };
    tokens.set(tokenId, counted);
    return counted;
  }

  return {
    rejectSpent: (tokenId) => {
      const { told, own } = countedOf(tokenId);
      const { bytes, runs } = sum(told, own);
      if (bytes < limit.bytes && runs < limit.runs) return;
      const what = runs < limit.runs ? `${limit.bytes} bytes` : `${limit.runs} runs`;
      const left = Math.ceil((DAY_MS - (clock() % DAY_MS)) / 1000);
      throw new AppError(
        "slow_down",
        `this token has stored the ${what} that a token may store in a day; send the same again after midnight UTC, or ask the operator for a higher limit; nothing was stored`,
        { retryAfterS: Math.min(left, MAX_WAIT_S) },
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

/** What bounds uploads: how many are worked on at once, and what each token may store and name. */
export interface UploadLimits {
  readonly gate: UploadGate;
  readonly budget: TokenBudget;
  readonly cohorts: TokenCohorts;
}

/** The bounds of all uploads of one process. */
export function makeUploadLimits(store: UseStore, clock: Clock, { day, cohorts }: TokenLimits): UploadLimits {
  return {
    gate: makeUploadGate(),
    budget: makeTokenBudget(store, clock, day),
    cohorts: makeTokenCohorts(store, clock, cohorts),
  };
}
