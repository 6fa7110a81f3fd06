// What is known of each kind of summary before it is loaded, in the order of the documentation and of the pages' header. Functions
// that serve no summary import this file for their navigation, and their bundles then contain no kind.

import type { Scope } from "../run/token.ts";
import { CHART_FORMATS, LIST_FORMATS, PICTURE_FORMATS } from "./formats.ts";

/** A kind of summary, without what computes and renders it. */
export interface SummaryInfo {
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
  readonly cost: "small" | "summary" | "list";
}

const READER = ["read"] as const satisfies readonly Scope[];

/** Every kind of summary by its name. */
export const KINDS = {
  compare: {
    name: "compare",
    path: "/v1/compare",
    title: "Overview",
    page: "/",
    formats: PICTURE_FORMATS,
    scopes: READER,
    cost: "summary",
    isShareable: true,
    hasBadge: true,
  },
  matrix: {
    name: "matrix",
    path: "/v1/matrix",
    title: "Matrix",
    page: "/matrix",
    formats: PICTURE_FORMATS,
    scopes: READER,
    cost: "summary",
    isShareable: true,
    hasBadge: false,
  },
  trend: {
    name: "trend",
    path: "/v1/trend",
    title: "Trend",
    page: "/trend",
    formats: PICTURE_FORMATS,
    scopes: READER,
    cost: "summary",
    isShareable: true,
    hasBadge: false,
  },
  backends: {
    name: "backends",
    path: "/v1/backends",
    title: "Backends",
    page: null,
    formats: LIST_FORMATS,
    scopes: READER,
    cost: "summary",
    isShareable: true,
    hasBadge: false,
  },
  hosts: {
    name: "hosts",
    path: "/v1/hosts",
    title: "Hosts",
    page: "/hosts",
    formats: LIST_FORMATS,
    scopes: READER,
    cost: "list",
    isShareable: false,
  },
  host: {
    name: "host",
    path: "/v1/hosts/{host}",
    title: "Host",
    page: null,
    formats: CHART_FORMATS,
    scopes: READER,
    cost: "summary",
    isShareable: false,
  },
  runs: {
    name: "runs",
    path: "/v1/runs",
    title: "Runs",
    page: "/runs",
    formats: LIST_FORMATS,
    scopes: READER,
    cost: "list",
    isShareable: false,
  },
  run: {
    name: "run",
    path: "/v1/runs/{id}",
    title: "Run",
    page: null,
    formats: LIST_FORMATS,
    scopes: ["read", "ingest"],
    cost: "small",
    isShareable: false,
  },
  activity: {
    name: "activity",
    path: "/v1/activity",
    title: "Activity",
    page: null,
    formats: LIST_FORMATS,
    scopes: [],
    cost: "small",
    isShareable: false,
  },
} as const satisfies Readonly<
  Record<string, SummaryInfo & { readonly isShareable: boolean; readonly hasBadge?: boolean }>
>;
