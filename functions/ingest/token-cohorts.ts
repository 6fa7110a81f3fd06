// Which kinds of host a token has named: tuples of site, hardware, storage and xen_version. A period has room for so many of
// them, each with cells of its own, so one token may name so many in a year. A run that names another is stored with all its
// facts and one more, `cohort_capped`, which has its host counted in `other` now, in every rebuild and in every audit.

import { COHORT_CAPPED, COHORT_KEYS, type Cohort } from "../../shared/model/cohort.ts";
import type { Run } from "../../shared/model/run.ts";
import type { Clock, UseStore } from "../../shared/ports.ts";
import { cohortOfFacts } from "../../shared/summary/sample.ts";
import { cohortHash } from "../store/keys.ts";

export interface TokenCohorts {
  /** The runs, with a mark on those of kinds beyond what the token may name. */
  marked(tokenId: string, runs: readonly Run[]): Promise<readonly Run[]>;
}

/** Tokens whose kinds are kept in memory; all are forgotten, and read again, when there are more. */
const MOST_TOKENS = 1_000;

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
      for (const kind of asked) {
        if (!before.has(kind) && combinations([...before, ...added, kind]) <= most) added.push(kind);
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
    marked: async (tokenId, runs) => {
      const kinds = runs.map((run) => kindOf(cohortOfFacts(run.facts)));
      const asked = new Set(kinds.flatMap((kind) => kind ?? []));
      if (asked.size === 0) return runs;
      const allowed = await letIn(tokenId, asked);
      return runs.map((run, index) => {
        const kind = kinds[index] ?? null;
        return kind === null || allowed.has(kind) ? run : capped(run, most);
      });
    },
  };
}

/** What names a kind: which attributes it has, and a hash of all of them; null for one that has none. */
function kindOf(cohort: Cohort): string | null {
  const attributes = COHORT_KEYS.map((key) => (cohort[key] === undefined ? "-" : key[0])).join("");
  return Object.keys(cohort).length === 0 ? null : `${attributes} ${cohortHash(cohort)}`;
}

/**
 * The kinds of host that can come of those named. A host has of each attribute what its newest run says that says any: of
 * runs with different attributes it puts them together, so each set of attributes multiplies what the others make.
 */
function combinations(kinds: readonly string[]): number {
  const counts = new Map<string, number>();
  for (const kind of kinds) {
    const attributes = kind.slice(0, COHORT_KEYS.length);
    counts.set(attributes, (counts.get(attributes) ?? 0) + 1);
  }
  return [...counts.values()].reduce((product, count) => product * (count + 1), 1) - 1;
}

function capped(run: Run, most: number): Run {
  const warning = `${COHORT_CAPPED}: this token has named as many kinds of host (site, hardware, storage, xen_version) as it may in a year, ${most}; the result counts in the whole fleet, and under no filter`;
  return { ...run, facts: { ...run.facts, [COHORT_CAPPED]: true }, warnings: [...run.warnings, warning] };
}
