// What the backend cells note about their hosts beside the numbers: cached reads, small files, impossible rates.

import type { CachedReads } from "./comparison.ts";
import type { Merged } from "./question.ts";

const CACHED_RULE = "cached:";

/** C1 to C12 in the order of their numbers. */
function inOrder(rules: Iterable<string>): string[] {
  return [...rules].sort((a, b) => Number(a.slice(1)) - Number(b.slice(1)));
}

/** Hosts with the note; with several periods a host counts once in each. */
export function noted(merged: Merged | undefined, note: string): number {
  return merged?.cell.notes.get(note) ?? 0;
}

/** Hosts with a run whose reads probably came from a cache, and the rules that said so. */
export function cachedReads(merged: Merged | undefined): CachedReads {
  const rules = [...(merged?.cell.notes.keys() ?? [])]
    .filter((note) => note.startsWith(CACHED_RULE))
    .map((note) => note.slice(CACHED_RULE.length));
  return { hosts: noted(merged, "cached"), rules: inOrder(rules) };
}

/** Both backends of a comparison together: a host that is noted on both sides counts twice. */
export function together(a: CachedReads, b: CachedReads): CachedReads {
  return { hosts: a.hosts + b.hosts, rules: inOrder(new Set([...a.rules, ...b.rules])) };
}
