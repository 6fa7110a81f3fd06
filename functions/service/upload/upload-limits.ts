// The limits of uploads: how many are processed at once (upload-gate.ts), what one token may store in a day, and how many
// kinds of host it may name in a year. In: tokens, and what they upload. Out: errors, and runs marked as beyond the limit.

import { hash } from "node:crypto";
import { cohortFromFacts } from "../../../shared/cells/sample.ts";
import { AppError } from "../../../shared/errors.ts";
import { COHORT_CAPPED, COHORT_KEYS, type Cohort } from "../../../shared/run/cohort.ts";
import type { Clock } from "../../../shared/run/periods.ts";
import type { Run } from "../../../shared/run/run.ts";
import type { Token, TokenUse } from "../../../shared/run/token.ts";
import { makeUploadGate, type UploadGate } from "./upload-gate.ts";

/** What one token may do. */
export interface TokenLimits {
  /** Bytes and runs that may be stored with it on a day (UTC). */
  readonly day: TokenUse;
  /** Kinds of host that it may name in a calendar year (UTC). */
  readonly cohorts: number;
}

export interface UploadLimits {
  readonly gate: UploadGate;
  readonly budget: TokenBudget;
  readonly cohorts: TokenCohorts;
}

/** The limits of all uploads of one process. */
export function makeUploadLimits(
  store: DayUseStore & NamedCohortStore,
  clock: Clock,
  { day, cohorts }: TokenLimits,
): UploadLimits {
  return {
    gate: makeUploadGate(),
    budget: makeTokenBudget(store, clock, day),
    cohorts: makeTokenCohorts(store, clock, cohorts),
  };
}

// The budget of a token: what it may store on one day (UTC), so that one token cannot fill a disk. Each process counts in
// memory, and reports to the table, where all processes see it, once a token has used a notable share of its limit.

/** Stores how much was stored with a token on a day (`2026-12-01`). */
interface DayUseStore {
  /** Adds to it; gives the sum over all processes. */
  add(tokenId: string, day: string, use: TokenUse): Promise<TokenUse>;
}

interface TokenBudget {
  /** Throws `slow_down` when the token has used up its day. */
  assertNotSpent(tokenId: string): void;
  /** Counts what was stored with a token. When the table cannot be reached, the next call reports it. */
  spend(tokenId: string, use: TokenUse): Promise<void>;
}

/** The share of a limit above which a process reports a token's unreported use to the table. */
const REPORTED_SHARE = 0.01;

/** Tokens that are counted in memory. With more, counting starts again, which gives each a hundredth of its limit more. */
const MAX_TOKENS_COUNTED = 10_000;

/** The maximum of Retry-After: the operator may raise the limit before the day ends. */
const MAX_RETRY_AFTER_S = 3_600;

const DAY_MS = 86_400_000;

const NOTHING: TokenUse = { bytes: 0, runs: 0 };

const sum = (a: TokenUse, b: TokenUse): TokenUse => ({ bytes: a.bytes + b.bytes, runs: a.runs + b.runs });

/** The use of a token on a day. */
interface DayUse {
  readonly day: string;
  /** Of all processes, as the table had it last. */
  reported: TokenUse;
  /** Of this process, not yet reported. */
  unreported: TokenUse;
}

/** Budgets of all tokens over a table. */
export function makeTokenBudget(store: DayUseStore, clock: Clock, limit: TokenUse): TokenBudget {
  const tokens = new Map<string, DayUse>();
  const today = () => new Date(clock()).toISOString().slice(0, 10);

  function findUse(tokenId: string): DayUse {
    const found = tokens.get(tokenId);
    if (found?.day === today()) return found;
    if (tokens.size >= MAX_TOKENS_COUNTED) tokens.clear();
    const use = { day: today(), reported: NOTHING, unreported: NOTHING };
    tokens.set(tokenId, use);
    return use;
  }

  return {
    assertNotSpent: (tokenId) => {
      const { reported, unreported } = findUse(tokenId);
      const { bytes, runs } = sum(reported, unreported);
      if (bytes < limit.bytes && runs < limit.runs) return;
      const what = runs < limit.runs ? `${limit.bytes} bytes` : `${limit.runs} runs`;
      const left = Math.ceil((DAY_MS - (clock() % DAY_MS)) / 1000);
      throw new AppError(
        "slow_down",
        `this token has stored ${what}, the limit for a day; retry after midnight UTC, or ask the operator for a higher limit`,
        { retryAfterS: Math.min(left, MAX_RETRY_AFTER_S), nothingStored: true },
      );
    },
    spend: async (tokenId, use) => {
      const counted = findUse(tokenId);
      counted.unreported = sum(counted.unreported, use);
      const reporting = counted.unreported;
      const isLittle = reporting.bytes < REPORTED_SHARE * limit.bytes && reporting.runs < REPORTED_SHARE * limit.runs;
      if (isLittle) return;
      const before = counted.reported;
      counted.reported = sum(before, reporting);
      counted.unreported = NOTHING;
      try {
        counted.reported = await store.add(tokenId, counted.day, reporting);
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        // The runs are stored, so the upload must succeed even if it cannot be counted now.
        counted.reported = before;
        counted.unreported = sum(counted.unreported, reporting);
      }
    },
  };
}

// The kinds of host that a token names: tuples of site, hardware, storage and xen_version. A period has room for a limited
// number of cohorts, each with cells of its own, so an ingest token may name a limited number in a year. A run that names a
// kind beyond the limit is stored with all its facts and one more, `cohort_capped`, which makes this and every later
// aggregation, rebuild and audit count its host in the cohort `other`.

/** Stores the kinds of host that were named with a token in a year (`2026`). */
interface NamedCohortStore {
  cohorts(tokenId: string, year: string): Promise<ReadonlySet<string>>;
  /** Adds kinds; false, and nothing is added, if the stored number is no longer `before`. */
  addCohorts(tokenId: string, year: string, cohorts: readonly string[], before: number): Promise<boolean>;
}

interface TokenCohorts {
  /** The runs; runs of a cohort beyond the token's limit are marked. An admin token may name any. */
  markCapped(token: Token, runs: readonly Run[]): Promise<readonly Run[]>;
}

/** Tokens whose kinds are cached. With more, all are dropped and read again when needed. */
const MAX_TOKENS_CACHED = 1_000;

/** Kinds of one upload that are rejected one by one; all further kinds are rejected unseen. */
const MAX_REJECTED = 100;

/** Attempts against other uploads that name kinds with the same token at the same time. */
const MAX_ATTEMPTS = 5;

/** Kinds of host by token over a table; `limit` is for a calendar year (UTC). */
function makeTokenCohorts(store: NamedCohortStore, clock: Clock, limit: number): TokenCohorts {
  const cache = new Map<string, ReadonlySet<string>>();

  /** The allowed kinds, after the new ones were added as far as there is room. */
  async function allowKinds(tokenId: string, kinds: ReadonlySet<string>): Promise<ReadonlySet<string>> {
    const year = new Date(clock()).toISOString().slice(0, 4);
    const key = `${tokenId} ${year}`;
    for (let attempt = 0; ; attempt += 1) {
      const before = cache.get(key) ?? (await store.cohorts(tokenId, year));
      if (cache.size >= MAX_TOKENS_CACHED) cache.clear();
      cache.set(key, before);
      const added: string[] = [];
      let rejected = 0;
      for (const kind of kinds) {
        if (before.has(kind)) continue;
        if (countCombinations([...before, ...added, kind]) <= limit) added.push(kind);
        else rejected += 1;
        if (rejected === MAX_REJECTED) break;
      }
      if (added.length === 0 || attempt === MAX_ATTEMPTS) return before;
      if (await store.addCohorts(tokenId, year, added, before.size)) {
        const all = new Set([...before, ...added]);
        cache.set(key, all);
        return all;
      }
      cache.delete(key);
    }
  }

  return {
    markCapped: async ({ id, scope }, runs) => {
      if (scope === "admin") return runs;
      const kinds = runs.map((run) => toKind(cohortFromFacts(run.facts)));
      const named = new Set(kinds.flatMap((kind) => kind ?? []));
      if (named.size === 0) return runs;
      const allowed = await allowKinds(id, named);
      return runs.map((run, index) => {
        const kind = kinds[index] ?? null;
        return kind === null || allowed.has(kind) ? run : toCapped(run, limit);
      });
    },
  };
}

/** The kind of a cohort: a hash of each attribute's value, `-` for a missing attribute; null for a cohort without any. */
function toKind(cohort: Cohort): string | null {
  if (Object.keys(cohort).length === 0) return null;
  return COHORT_KEYS.map((key) => {
    const value = cohort[key];
    return value === undefined ? ABSENT : hash("sha256", value).slice(0, HASH_DIGITS);
  }).join(" ");
}

const ABSENT = "-";

/** Enough that nobody finds a thousand values with the same hash. */
const HASH_DIGITS = 12;

/**
 * The maximum number of cohorts that can result from the kinds. A host takes each attribute from its newest run that has it,
 * so it combines runs with different attributes. There are no more cohorts than ways to choose one kind or none from each set
 * of attributes, and no more than ways to choose one value or none of each attribute.
 */
function countCombinations(kinds: readonly string[]): number {
  const sets = new Map<string, number>();
  const values = COHORT_KEYS.map(() => new Set<string>());
  for (const kind of kinds) {
    const hashes = kind.split(" ");
    const set = hashes.map((value) => value === ABSENT).join();
    sets.set(set, (sets.get(set) ?? 0) + 1);
    for (const [index, value] of hashes.entries()) if (value !== ABSENT) values[index]?.add(value);
  }
  const ways = (counts: readonly number[]) => counts.reduce((product, count) => product * (count + 1), 1) - 1;
  return Math.min(ways([...sets.values()]), ways(values.map(({ size }) => size)));
}

function toCapped(run: Run, limit: number): Run {
  const warning = `${COHORT_CAPPED}: this token has named ${limit} kinds of host (site, hardware, storage, xen_version), the limit for a year; the result counts for the whole fleet, but under no filter`;
  return { ...run, facts: { ...run.facts, [COHORT_CAPPED]: true }, warnings: [...run.warnings, warning] };
}
