// Every kind of summary, in the order of the documentation and of the pages' header. An entry has what routes, pages, shares,
// OpenAPI and the infrastructure must know before anybody asks for the kind, and loads the rest on the first request: a
// function that starts evaluates no kind (test/infra/bundle.test.ts). To add a kind: its file, and an entry here.

import type * as z from "zod";
import type { ErrorCode } from "../errors.ts";
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
  /** What OpenAPI says about the endpoint. */
  readonly endpoint: {
    /** `operationId`, in camel case. */
    readonly id: string;
    readonly summary: string;
    readonly description?: string;
    /** The parameter of the path. */
    readonly parameter?: string;
    readonly result: string;
    /** Errors in addition to those that every endpoint has. */
    readonly errors?: readonly ErrorCode[];
  };
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
    endpoint: {
      id: "compare",
      summary: "Compare two backends over the fleet.",
      description:
        "Within hosts, by medians, with 95 % intervals, a corrected sign test and a verdict for each metric.",
      result: "The comparison.",
      errors: ["too_large"],
    },
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
    endpoint: {
      id: "getMatrix",
      summary: "A verdict for every pair of backends and metric.",
      result: "All pairs of backends that share hosts.",
      errors: ["too_large"],
    },
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
    endpoint: {
      id: "getTrend",
      summary: "One backend and metric over time, with possible changes.",
      description: "Without `from`: the last 12 periods that have results, of the 60 up to `to`.",
      result: "The trend by stratum.",
      errors: ["too_large"],
    },
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
    endpoint: {
      id: "listBackends",
      summary: "Each backend on its own.",
      description:
        "Medians with 95 % intervals, the middle 80 % of hosts and the noise between runs, by stratum and metric.",
      result: "All backends with results.",
    },
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
    endpoint: {
      id: "listHosts",
      summary: "Hosts with results, in the order of their names.",
      result: "A page of hosts.",
    },
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
    endpoint: {
      id: "getHost",
      summary: "One host: its values, its ratios, and its rank in the fleet.",
      description:
        "Over all time. If a name ends like a format, such as `web.md`, and there is such a host, it is taken whole.",
      parameter: "Name of the host, percent-encoded.",
      result: "The host.",
    },
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
    endpoint: {
      id: "listRuns",
      summary: "Runs, newest first; as CSV all that match.",
      description:
        "The CSV form is an export: it streams every run that matches, so it takes neither `limit` nor `cursor`. If it fails, the connection is closed before the end of the body. A stored run that cannot be read is named: under `unreadable`, and in CSV as a row with the verdict `unreadable` and no numbers.",
      result: "A page of runs.",
    },
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
    endpoint: {
      id: "getRun",
      summary: "One run as it was received; as text its raw line.",
      description: "An ingest token can read the runs of the hosts it may post for.",
      parameter: "Id of the run, from its receipt.",
      result: "The run.",
      errors: ["unreadable"],
    },
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
