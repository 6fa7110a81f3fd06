// The routes of the HTTP API: every endpoint, the function that answers it, and how often it may be asked. What is not routed
// API Gateway would refuse in words of its own: so an app answers HEAD and wrong methods of every path, and what is at no
// path, as it does on one machine. Tests hold this list against the apps' own routes.

import type { HttpMethod } from "aws-cdk-lib/aws-apigatewayv2";

/** Uploads come from every host of a fleet at once, questions from people and reports, changes from an admin. */
export type TrafficClass = "uploads" | "questions" | "changes";

export interface Route {
  readonly method: `${HttpMethod.GET | HttpMethod.POST | HttpMethod.DELETE}`;
  readonly path: string;
  readonly to: "ingest" | "read" | "embed" | "docs";
  readonly traffic: TrafficClass;
}

/** Requests a second, and how many may come at once. */
export const THROTTLES: Readonly<Record<TrafficClass, { readonly rateLimit: number; readonly burstLimit: number }>> = {
  uploads: { rateLimit: 200, burstLimit: 400 },
  questions: { rateLimit: 100, burstLimit: 200 },
  changes: { rateLimit: 5, burstLimit: 10 },
};

/** A route of API Gateway matches whole segments: where a path may carry a format as suffix, each one is a route. */
const inFormats = (route: Route, ...formats: readonly string[]): Route[] => [
  route,
  ...formats.map((format) => ({ ...route, path: `${route.path}.${format}` })),
];

/** Formats of what can be shown as tables only, and as a chart too. */
const LIST_FORMATS = ["json", "csv", "txt", "md", "html"];
const CHART_FORMATS = [...LIST_FORMATS, "svg"];

/** Pages that only read, and what they load. A form leads to the function that may do what it asks for. */
const PAGES = [
  "/",
  "/matrix",
  "/trend",
  "/hosts",
  "/hosts/{host}",
  "/runs",
  "/runs/{id}",
  "/upload",
  "/sign-in",
  "/pages.css",
  "/pages.js",
];

export const ROUTES: readonly Route[] = [
  ...inFormats({ method: "POST", path: "/v1/results", to: "ingest", traffic: "uploads" }, "txt", "json"),
  ...inFormats({ method: "GET", path: "/v1/quarantine", to: "ingest", traffic: "questions" }, "json"),
  ...inFormats({ method: "POST", path: "/v1/quarantine/{id}/retry", to: "ingest", traffic: "changes" }, "json"),
  ...inFormats({ method: "POST", path: "/v1/tokens", to: "ingest", traffic: "changes" }, "json"),
  ...inFormats({ method: "GET", path: "/v1/tokens", to: "ingest", traffic: "changes" }, "json"),
  { method: "DELETE", path: "/v1/tokens/{id}", to: "ingest", traffic: "changes" },
  { method: "DELETE", path: "/v1/runs/{id}", to: "ingest", traffic: "changes" },
  { method: "GET", path: "/v1/runs/{id}", to: "read", traffic: "questions" },
  ...inFormats({ method: "GET", path: "/v1/runs", to: "read", traffic: "questions" }, ...LIST_FORMATS),
  ...inFormats({ method: "GET", path: "/v1/hosts", to: "read", traffic: "questions" }, ...LIST_FORMATS),
  { method: "GET", path: "/v1/hosts/{host}", to: "read", traffic: "questions" },
  ...inFormats({ method: "GET", path: "/v1/backends", to: "read", traffic: "questions" }, ...LIST_FORMATS),
  ...inFormats({ method: "GET", path: "/v1/compare", to: "read", traffic: "questions" }, ...CHART_FORMATS),
  ...inFormats({ method: "GET", path: "/v1/matrix", to: "read", traffic: "questions" }, ...CHART_FORMATS),
  ...inFormats({ method: "GET", path: "/v1/trend", to: "read", traffic: "questions" }, ...CHART_FORMATS),
  { method: "GET", path: "/v1/compare.png", to: "embed", traffic: "questions" },
  { method: "GET", path: "/v1/matrix.png", to: "embed", traffic: "questions" },
  { method: "GET", path: "/v1/trend.png", to: "embed", traffic: "questions" },
  ...inFormats({ method: "POST", path: "/v1/shares", to: "embed", traffic: "changes" }, "json"),
  ...inFormats({ method: "GET", path: "/v1/shares", to: "embed", traffic: "questions" }, "json"),
  { method: "DELETE", path: "/v1/shares/{id}", to: "embed", traffic: "changes" },
  { method: "GET", path: "/s/{id}", to: "embed", traffic: "questions" },
  { method: "GET", path: "/s/{id}/badge.svg", to: "embed", traffic: "questions" },
  { method: "GET", path: "/oembed", to: "embed", traffic: "questions" },
  ...PAGES.map((path): Route => ({ method: "GET", path, to: "read", traffic: "questions" })),
  { method: "POST", path: "/sign-in", to: "read", traffic: "changes" },
  { method: "POST", path: "/sign-out", to: "read", traffic: "changes" },
  { method: "POST", path: "/upload", to: "ingest", traffic: "changes" },
  { method: "GET", path: "/shares", to: "embed", traffic: "questions" },
  { method: "POST", path: "/shares", to: "embed", traffic: "changes" },
  { method: "POST", path: "/shares/revoke", to: "embed", traffic: "changes" },
  ...inFormats({ method: "GET", path: "/v1/status", to: "read", traffic: "questions" }, "json"),
  { method: "GET", path: "/healthz", to: "read", traffic: "questions" },
  { method: "GET", path: "/openapi.json", to: "docs", traffic: "questions" },
  { method: "GET", path: "/docs", to: "docs", traffic: "questions" },
];

/** What is at no path: the app that has pages to refuse with. Nobody needs it often, so that scanners cost little. */
export const ELSEWHERE = { to: "read", traffic: "changes" } as const satisfies Pick<Route, "to" | "traffic">;

const isRead = (path: string): boolean => ROUTES.some((route) => route.path === path && route.method === "GET");

/** The method by which API Gateway knows a route: who reads a path, or else changes it, also gets methods that it has not. */
export const routedMethod = ({ method, path }: Route): Route["method"] | "ANY" =>
  method === "GET" || !isRead(path) ? "ANY" : method;
