// Which kinds of host a token has named: tuples of site, hardware, storage and xen_version. A period has room for so many of
// them, each with cells of its own, so one ingest token may name so many in a year. A run that names another is stored with all its
// facts and one more, `cohort_capped`, which has its host counted in `other` now, in every rebuild and in every audit.

import { hash } from "node:crypto";
import { COHORT_CAPPED, COHORT_KEYS, type Cohort } from "../../shared/run/cohort.ts";
import type { Run } from "../../shared/run/run.ts";
import type { Token } from "../../shared/run/token.ts";
import type { Clock, UseStore } from "../../shared/ports.ts";
import { cohortOfFacts } from "../../shared/cells/sample.ts";

export interface TokenCohorts {
  /** The runs, with a mark on those of kinds beyond what the token may name. An admin's may name any. */
  marked(token: Token, runs: readonly Run[]): Promise<readonly Run[]>;
}

/** Tokens whose kinds are kept in memory; all are forgotten, and read again, when there are more. */
const MOST_TOKENS = 1_000;

/** Kinds of one upload that are refused one by one; after so many the rest is, too. */
const MOST_REFUSED = 100;

/** Tries against others that name kinds with the same token at the same moment. */
const TRIES = 5;

/** Kinds of host by token over a table; `most` is how many a token may make in a calendar year (UTC). */
export function makeTokenCohorts(store: UseStore, clock: Clock, most: number): TokenCohorts {
  const known = new Map<string, ReadonlySet<string>>();

  /** The kinds that are let in, after those asked for were added as far as there is room. */
  async function letIn(tokenId: string, asked: ReadonlySet<string>): Promise<ReadonlySet<string>> {
    const year = new Date(clock()).toISOString().slice(0, 4);
    const place = `${tokenId} ${year}`;
    for (let attempt = 0; ; attempt += 1) {
      const before = known.get(place) ?? (await store.cohorts(tokenId, year));
      if (known.size >= MOST_TOKENS) known.clear();
      known.set(place, before);
      const added: string[] = [];
      let refused = 0;
      for (const kind of asked) {
        if (before.has(kind)) continue;
        if (combinations([...before, ...added, kind]) <= most) added.push(kind);
        else refused += 1;
        if (refused === MOST_REFUSED) break;
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
      const kinds = runs.map((run) => kindOf(cohortOfFacts(run.facts)));
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
