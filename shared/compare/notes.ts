// What cells note about their hosts beside the numbers: cached reads, small files, impossible rates, little CPU.

import { METRICS, type MetricName } from "../model/metrics.ts";
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

const READ_PATH = new Set(METRICS.filter(({ readPath }) => readPath).map(({ name }) => name));

/** Cached reads of both backends as far as they concern a metric: null for those that no cache can spoil. */
export function cachedReadsOf(
  metric: MetricName,
  [baseline, candidate]: readonly [Merged | undefined, Merged | undefined],
): CachedReads | null {
  return READ_PATH.has(metric) ? together(cachedReads(baseline), cachedReads(candidate)) : null;
}
