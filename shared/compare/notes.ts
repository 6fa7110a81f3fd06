// What the backend cells note about their hosts beside the numbers: cached reads, small files, impossible rates.

import type { CachedReads } from "./comparison.ts";
import type { Merged } from "./question.ts";

const CACHED_RULE = "cached:";

/** Hosts with the note; with several periods a host counts once in each. */
export function noted(merged: Merged | undefined, note: string): number {
  return merged?.cell.notes.get(note) ?? 0;
}

/** Hosts with a run whose reads probably came from a cache, and the rules that said so, in the order C1 to C12. */
export function cachedReads(merged: Merged | undefined): CachedReads {
  const rules = [...(merged?.cell.notes.keys() ?? [])]
    .filter((note) => note.startsWith(CACHED_RULE))
    .map((note) => note.slice(CACHED_RULE.length));
  const numberOf = (rule: string) => Number(rule.slice(1));
  return { hosts: noted(merged, "cached"), rules: rules.sort((a, b) => numberOf(a) - numberOf(b)) };
}

/** Both backends of a comparison together: a host that is noted on both sides counts twice. */
export function together(a: CachedReads, b: CachedReads): CachedReads {
  const rules = [...new Set([...a.rules, ...b.rules])];
  return { hosts: a.hosts + b.hosts, rules: rules.sort((p, q) => Number(p.slice(1)) - Number(q.slice(1))) };
}
