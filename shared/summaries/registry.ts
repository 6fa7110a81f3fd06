// Every kind of summary with its loader. A function that starts evaluates no kind (test/infra/bundle.test.ts): each is loaded on the
// first request for it. To add a kind: its file, its entry in `catalog.ts`, and a line here.

import type * as z from "zod";
import { KINDS, type SummaryInfo } from "./catalog.ts";
import type { Format } from "./formats.ts";
import type { CellSource, FleetSource, SummaryKind } from "./kind.ts";

interface Entry<Source> extends SummaryInfo {
  load(): Promise<SummaryKind<z.ZodObject, unknown, Source>>;
}

/** A kind that can be shared and painted; it is computed from cells alone. */
export interface ShareableEntry extends Entry<CellSource> {
  readonly isShareable: true;
  /** Whether one metric of it can be shown in a line. */
  readonly hasBadge: boolean;
}

interface PrivateEntry extends Entry<FleetSource> {
  readonly isShareable: false;
}

/** A kind of summary, before it is loaded. */
export type SummaryEntry = ShareableEntry | PrivateEntry;

export type SummaryRegistry = readonly SummaryEntry[];

export const SUMMARIES: SummaryRegistry = [
  { ...KINDS.compare, load: async () => (await import("./compare.ts")).compare },
  { ...KINDS.matrix, load: async () => (await import("./matrix.ts")).matrix },
  { ...KINDS.trend, load: async () => (await import("./trend.ts")).trend },
  { ...KINDS.backends, load: async () => (await import("./backends.ts")).backends },
  { ...KINDS.hosts, load: async () => (await import("./hosts.ts")).hosts },
  { ...KINDS.host, load: async () => (await import("./host.ts")).host },
  { ...KINDS.runs, load: async () => (await import("./runs.ts")).runs },
  { ...KINDS.run, load: async () => (await import("./run.ts")).run },
  { ...KINDS.activity, load: async () => (await import("./activity.ts")).activity },
];

/** The entry of a kind. Throws if the registry has none of that name, which only a fault of the caller can cause. */
export function findEntry(summaries: SummaryRegistry, name: string): SummaryEntry {
  const entry = summaries.find((candidate) => candidate.name === name);
  if (entry === undefined) throw new Error(`there is no kind of summary called ${name}`);
  return entry;
}

/** The kinds that can be shared. */
export function shareableIn(summaries: SummaryRegistry): readonly ShareableEntry[] {
  return summaries.filter((entry) => entry.isShareable);
}

/** Whether a format is one of a kind's; a format may come from a path. */
export function offersFormat({ formats }: Pick<SummaryEntry, "formats">, format: Format): boolean {
  return formats.some((offered) => offered === format);
}
