// What cells note about their hosts beside the numbers: cached reads, small files, impossible rates, little CPU.

import { noteOnBoth } from "../cells/note-on-both.ts";
import type { Backend } from "../run/backends.ts";
import { METRICS, type MetricName } from "../run/metrics.ts";
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

/** One backend in one scope: its cell, if any. */
export interface NotedSide {
  readonly backend: Backend;
  readonly merged: Merged | undefined;
}

/** Both backends of a comparison. */
type Sides = readonly [NotedSide, NotedSide];

/** Hosts of a comparison that are noted for something. */
export interface NotedHosts {
  readonly hosts: number;
  /** Whether a host may be among them once for each period. */
  readonly isRepeated: boolean;
}

/** Hosts with the note on either backend or both; with several periods a host counts once in each. */
export function notedOnEither(note: string, sides: Sides): NotedHosts {
  const [a, b] = sides;
  return {
    hosts: noted(a.merged, note) + noted(b.merged, note) - noted(a.merged, noteOnBoth(note, b.backend)),
    isRepeated: sides.some(({ merged }) => merged !== undefined && merged.headHosts < merged.cell.hosts),
  };
}

/** Hosts of a comparison with cached reads on either backend, and the rules that said so. */
export interface CachedHosts extends NotedHosts {
  readonly rules: readonly string[];
}

/** Cached reads of both backends: what `cachedReads` tells of one of them. */
export function cachedOnEither(sides: Sides): CachedHosts {
  const rules = sides.flatMap(({ merged }) => cachedReads(merged).rules);
  return { ...notedOnEither("cached", sides), rules: inOrder(new Set(rules)) };
}

const READ_PATH = new Set(METRICS.filter(({ readPath }) => readPath).map(({ name }) => name));

/** The same as far as it concerns a metric: null for those that no cache can spoil. */
export function cachedReadsOf(metric: MetricName, sides: Sides): CachedHosts | null {
  return READ_PATH.has(metric) ? cachedOnEither(sides) : null;
}
