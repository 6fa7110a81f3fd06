// Every kind of summary, in the order of the documentation and of the pages' header. An entry has what routes, pages and shares
// must know before anybody asks for the kind, and loads the rest on the first request: a function that starts evaluates no
// kind (test/infra/bundle.test.ts). To add a kind: its file, and an entry here.

import type * as z from "zod";
import type { Scope } from "../run/token.ts";
import { CHART_FORMATS, type Format, LIST_FORMATS, PICTURE_FORMATS } from "./formats.ts";
import type { CellSource, FleetSource, SummaryKind } from "./kind.ts";

interface Entry<Source> {
  /** Stable: shares are stored under it. */
  readonly name: string;
  /** The path of the endpoint; it may end in one parameter in braces: `/v1/hosts/{host}`. */
  readonly path: string;
  /** For people: the name of its page, and of a share whose query says no more. */
  readonly title: string;
  /** The path of the page in the header of all pages; null: not in the header. */
  readonly page: string | null;
  /** Formats of the endpoint, the default first. */
  readonly formats: typeof LIST_FORMATS | typeof CHART_FORMATS | typeof PICTURE_FORMATS;
  /** Scopes that may read it, in addition to admin. */
  readonly scopes: readonly Scope[];
  /** What one request costs (`COST` in functions/web/http/admission.ts). */
  readonly cost: "small" | "answer" | "list";
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

const READER = ["read"] as const satisfies readonly Scope[];

export const SUMMARIES: SummaryRegistry = [
  {
    name: "compare",
    path: "/v1/compare",
    title: "Overview",
    page: "/",
    formats: PICTURE_FORMATS,
    scopes: READER,
    cost: "answer",
    isShareable: true,
    hasBadge: true,
    load: async () => (await import("./compare.ts")).compare,
  },
  {
    name: "matrix",
    path: "/v1/matrix",
    title: "Matrix",
    page: "/matrix",
    formats: PICTURE_FORMATS,
    scopes: READER,
    cost: "answer",
    isShareable: true,
    hasBadge: false,
    load: async () => (await import("./matrix.ts")).matrix,
  },
  {
    name: "trend",
    path: "/v1/trend",
    title: "Trend",
    page: "/trend",
    formats: PICTURE_FORMATS,
    scopes: READER,
    cost: "answer",
    isShareable: true,
    hasBadge: false,
    load: async () => (await import("./trend.ts")).trend,
  },
  {
    name: "backends",
    path: "/v1/backends",
    title: "Backends",
    page: null,
    formats: LIST_FORMATS,
    scopes: READER,
    cost: "answer",
    isShareable: true,
    hasBadge: false,
    load: async () => (await import("./backends.ts")).backends,
  },
  {
    name: "hosts",
    path: "/v1/hosts",
    title: "Hosts",
    page: "/hosts",
    formats: LIST_FORMATS,
    scopes: READER,
    cost: "list",
    isShareable: false,
    load: async () => (await import("./hosts.ts")).hosts,
  },
  {
    name: "host",
    path: "/v1/hosts/{host}",
    title: "Host",
    page: null,
    formats: CHART_FORMATS,
    scopes: READER,
    cost: "answer",
    isShareable: false,
    load: async () => (await import("./host.ts")).host,
  },
  {
    name: "runs",
    path: "/v1/runs",
    title: "Runs",
    page: "/runs",
    formats: LIST_FORMATS,
    scopes: READER,
    cost: "list",
    isShareable: false,
    load: async () => (await import("./runs.ts")).runs,
  },
  {
    name: "run",
    path: "/v1/runs/{id}",
    title: "Run",
    page: null,
    formats: LIST_FORMATS,
    scopes: ["read", "ingest"],
    cost: "small",
    isShareable: false,
    load: async () => (await import("./run.ts")).run,
  },
];

/** The entry of a kind. Throws if the registry has none of that name, which only a fault of the caller can cause. */
export function entryOf(summaries: SummaryRegistry, name: string): SummaryEntry {
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
