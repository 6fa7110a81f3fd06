// The routes of the HTTP API: every endpoint, the function that answers it, and how often it may be called. Those of summaries
// come from their registry. API Gateway would reject what is not routed with messages of its own, so an app also answers HEAD
// and wrong methods of every path, and unknown paths, as it does on one machine. Tests compare this list with the apps' own
// routes.

import type { HttpMethod } from "aws-cdk-lib/aws-apigatewayv2";
import { SUMMARIES, type SummaryEntry, type SummaryRegistry } from "../shared/summaries/registry.ts";

/** Uploads come from every host of a fleet at once, queries from people and reports, changes from an admin. */
export type TrafficClass = "uploads" | "queries" | "changes";

export interface Route {
  readonly method: `${HttpMethod.GET | HttpMethod.POST | HttpMethod.DELETE}`;
  readonly path: string;
  readonly to: "ingest" | "read" | "embed" | "docs";
  readonly traffic: TrafficClass;
}

/** Requests per second, and how many may come at once. */
export const THROTTLES: Readonly<Record<TrafficClass, { readonly rateLimit: number; readonly burstLimit: number }>> = {
  uploads: { rateLimit: 200, burstLimit: 400 },
  queries: { rateLimit: 100, burstLimit: 200 },
  changes: { rateLimit: 5, burstLimit: 10 },
};

/** A route of API Gateway matches whole segments: where a path may carry a format as suffix, each one is a route. */
const inFormats = (route: Route, ...formats: readonly string[]): Route[] => [
  route,
  ...formats.map((format) => ({ ...route, path: `${route.path}.${format}` })),
];

/** Pages that only read, in addition to the summaries' pages, and what pages load. A form leads to the function that may write. */
const PAGES = ["/hosts/{host}", "/runs/{id}", "/upload", "/sign-in", "/pages.css", "/pages.js"];

/** The routes of a kind of summary: its endpoint in each format, of which another function paints the PNG, and its page. */
function summaryRoutes({ path, formats, page }: SummaryEntry): Route[] {
  const read: Route = { method: "GET", path, to: "read", traffic: "queries" };
  // The parameter at the end of a path takes any suffix with it.
  const suffixes = path.endsWith("}") ? [] : formats;
  return [
    ...inFormats(read, ...suffixes.filter((format) => format !== "png")),
    ...suffixes.filter((format) => format === "png").map((): Route => ({ ...read, path: `${path}.png`, to: "embed" })),
    ...(page === null ? [] : [{ ...read, path: page }]),
  ];
}

/** All routes, for a registry of summaries. */
export const routesOf = (summaries: SummaryRegistry): readonly Route[] => [
  ...inFormats({ method: "POST", path: "/v1/results", to: "ingest", traffic: "uploads" }, "txt", "json"),
  ...inFormats({ method: "GET", path: "/v1/quarantine", to: "ingest", traffic: "queries" }, "json"),
  ...inFormats({ method: "POST", path: "/v1/quarantine/{id}/retry", to: "ingest", traffic: "changes" }, "json"),
  ...inFormats({ method: "POST", path: "/v1/tokens", to: "ingest", traffic: "changes" }, "json"),
  ...inFormats({ method: "GET", path: "/v1/tokens", to: "ingest", traffic: "changes" }, "json"),
  { method: "DELETE", path: "/v1/tokens/{id}", to: "ingest", traffic: "changes" },
  { method: "DELETE", path: "/v1/runs/{id}", to: "ingest", traffic: "changes" },
  ...summaries.flatMap(summaryRoutes),
  ...inFormats({ method: "POST", path: "/v1/shares", to: "embed", traffic: "changes" }, "json"),
  ...inFormats({ method: "GET", path: "/v1/shares", to: "embed", traffic: "queries" }, "json"),
  { method: "DELETE", path: "/v1/shares/{id}", to: "embed", traffic: "changes" },
  { method: "GET", path: "/s/{id}", to: "embed", traffic: "queries" },
  { method: "GET", path: "/s/{id}/badge.svg", to: "embed", traffic: "queries" },
  { method: "GET", path: "/oembed", to: "embed", traffic: "queries" },
  ...PAGES.map((path): Route => ({ method: "GET", path, to: "read", traffic: "queries" })),
  { method: "POST", path: "/sign-in", to: "read", traffic: "changes" },
  { method: "POST", path: "/sign-out", to: "read", traffic: "changes" },
  { method: "POST", path: "/upload", to: "ingest", traffic: "changes" },
  { method: "GET", path: "/shares", to: "embed", traffic: "queries" },
  { method: "POST", path: "/shares", to: "embed", traffic: "changes" },
  { method: "POST", path: "/shares/revoke", to: "embed", traffic: "changes" },
  ...inFormats({ method: "GET", path: "/v1/status", to: "read", traffic: "queries" }, "json"),
  { method: "GET", path: "/healthz", to: "read", traffic: "queries" },
  { method: "GET", path: "/openapi.json", to: "docs", traffic: "queries" },
  { method: "GET", path: "/docs", to: "docs", traffic: "queries" },
];

export const ROUTES = routesOf(SUMMARIES);

/** Unknown paths: the app that has error pages. Nobody needs it often, so the limit is low and scanners cost little. */
export const ELSEWHERE = { to: "read", traffic: "changes" } as const satisfies Pick<Route, "to" | "traffic">;

const isRead = (path: string): boolean => ROUTES.some((route) => route.path === path && route.method === "GET");

/** The method of a route in API Gateway: the function that reads a path, or else changes it, also gets methods that it lacks. */
export const routedMethod = ({ method, path }: Route): Route["method"] | "ANY" =>
  method === "GET" || !isRead(path) ? "ANY" : method;
