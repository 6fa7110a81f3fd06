// The contract: every endpoint of the service as data. Handlers check requests by the schemas named here; OpenAPI
// (`openapi.ts`) and the page /docs are made from this list, and tests hold the running service against it: every route
// is in the list, every entry has a route, and real answers fit the schemas.

import { health, madeToken, quarantinePage, receipt, status, tokenList, withdrawn } from "./answers.ts";
import { allBackends } from "./backends-answer.ts";
import { comparison } from "./summary-answers.ts";
import type { Endpoint } from "./endpoint.ts";
import { CHART_FORMATS, LIST_FORMATS, PICTURE_FORMATS } from "./formats.ts";
import { host, hostPage } from "./host-answers.ts";
import { matrix } from "./matrix-answer.ts";
import { pageQuery } from "./paging.ts";
import {
  hostsQuery,
  runsQuery,
  shownBackendsQuery,
  shownCompareQuery,
  shownMatrixQuery,
  shownQuery,
  shownTrendQuery,
} from "./requests.ts";
import { run, runPage } from "./run-answer.ts";
import { runParameters } from "./run-parameters.ts";
import { SHARE_ENDPOINTS } from "./share-endpoints.ts";
import { newToken, tokensQuery } from "./token-requests.ts";
import { trend } from "./trend-answer.ts";

const RUN_ID = { id: "Id of the run, from its receipt." };

const EXAMPLE_LINE =
  "vm101,2064M,25511,35,18075,3,199488,47,71094,98,937880,86,+++++,+++,16,+++++,+++,+++++,+++,+++++,+++,+++++,+++,+++++,+++,+++++,+++\n";

/** What the receipt of an upload says, by status. */
const RECEIPTS: Endpoint["answers"] = {
  200: { description: "Only duplicates: everything in the body was stored before.", schema: receipt },
  201: { description: "At least one run was stored and nothing rejected.", schema: receipt },
  422: {
    description: "At least one line was rejected and quarantined. The good lines are stored.",
    schema: receipt,
  },
};

/** In the order in which documentation shows them. */
export const CONTRACT: readonly Endpoint[] = [
  {
    id: "postResults",
    method: "post",
    path: "/v1/results",
    summary: "Add Bonnie++ results.",
    description:
      "Acknowledged means durable. What is said about a run comes from its line, then the query, then `# key: value` lines in the body, which hold for the lines after them; later ones win.",
    scopes: ["ingest"],
    query: runParameters,
    body: {
      kind: "bonnie",
      description:
        "Whatever Bonnie++ printed: CSV lines among other text, or text tables. Any Content-Type; at most 1 MiB, 8 MiB unpacked, 10 000 lines; `Content-Encoding: gzip` is accepted.",
      example: EXAMPLE_LINE,
    },
    answers: RECEIPTS,
    formats: ["txt", "json"],
    errors: ["no_backend", "no_result"],
    cache: "no-store",
  },
  {
    id: "getRun",
    method: "get",
    path: "/v1/runs/{id}",
    summary: "One run, as it was read; as text its raw line.",
    description: "An ingest token sees the runs of the hosts it may post for.",
    scopes: ["read", "ingest"],
    pathParameters: RUN_ID,
    query: shownQuery,
    answers: { 200: { description: "The run.", schema: run } },
    formats: LIST_FORMATS,
    errors: ["unreadable"],
    cache: "no-store",
  },
  {
    id: "listRuns",
    method: "get",
    path: "/v1/runs",
    summary: "Runs, newest first; as CSV all that match.",
    description:
      "The CSV form is an export: it streams every run that matches, so it takes neither `limit` nor `cursor`. If it cannot be finished, the connection breaks off. A run that is stored but cannot be read is named: under `unreadable`, and in CSV as a row with the verdict `unreadable` and no numbers.",
    scopes: ["read"],
    query: runsQuery,
    answers: { 200: { description: "A page of runs.", schema: runPage } },
    formats: LIST_FORMATS,
    cache: "no-store",
  },
  {
    id: "withdrawRun",
    method: "delete",
    path: "/v1/runs/{id}",
    summary: "Take a run out of all statistics.",
    description: "It stays readable, as withdrawn. Repeating it changes nothing.",
    scopes: [],
    pathParameters: RUN_ID,
    answers: { 200: { description: "Since when it is withdrawn.", schema: withdrawn } },
    formats: ["json"],
    errors: ["unreadable"],
    cache: "no-store",
  },
  {
    id: "listHosts",
    method: "get",
    path: "/v1/hosts",
    summary: "Hosts with results, in the order of their names.",
    scopes: ["read"],
    query: hostsQuery,
    answers: { 200: { description: "A page of hosts.", schema: hostPage } },
    formats: LIST_FORMATS,
    cache: "no-store",
  },
  {
    id: "getHost",
    method: "get",
    path: "/v1/hosts/{host}",
    summary: "One host: its values, its ratios, and where it stands in the fleet.",
    description:
      "Over all time. A name that ends like a format, such as `web.md`, is taken whole if there is such a host.",
    scopes: ["read"],
    pathParameters: { host: "Name of the host, percent-encoded." },
    query: shownQuery,
    answers: { 200: { description: "The host.", schema: host } },
    formats: CHART_FORMATS,
    cache: "no-store",
  },
  {
    id: "listBackends",
    method: "get",
    path: "/v1/backends",
    summary: "What each backend does by itself.",
    description:
      "Medians with 95 % intervals, the middle 80 % of hosts and the noise between runs, by stratum and metric.",
    scopes: ["read"],
    query: shownBackendsQuery,
    answers: { 200: { description: "All backends with results.", schema: allBackends } },
    formats: LIST_FORMATS,
    cache: "no-store",
  },
  {
    id: "compare",
    method: "get",
    path: "/v1/compare",
    summary: "Compare two backends over the fleet.",
    description: "Within hosts, by medians, with 95 % intervals, a corrected sign test and a verdict for each metric.",
    scopes: ["read"],
    query: shownCompareQuery,
    answers: { 200: { description: "The comparison.", schema: comparison } },
    formats: PICTURE_FORMATS,
    errors: ["too_large"],
    cache: "no-store",
  },
  {
    id: "getMatrix",
    method: "get",
    path: "/v1/matrix",
    summary: "A verdict for every pair of backends and metric.",
    scopes: ["read"],
    query: shownMatrixQuery,
    answers: { 200: { description: "All pairs of backends that share hosts.", schema: matrix } },
    formats: PICTURE_FORMATS,
    errors: ["too_large"],
    cache: "no-store",
  },
  {
    id: "getTrend",
    method: "get",
    path: "/v1/trend",
    summary: "One backend and metric over time, with hints at changes.",
    description: "Without `from` the last 12 periods that have results, of the 60 up to `to`.",
    scopes: ["read"],
    query: shownTrendQuery,
    answers: { 200: { description: "The trend by stratum.", schema: trend } },
    formats: PICTURE_FORMATS,
    errors: ["too_large"],
    cache: "no-store",
  },
  ...SHARE_ENDPOINTS,
  {
    id: "listQuarantine",
    method: "get",
    path: "/v1/quarantine",
    summary: "Rejected lines, newest first.",
    scopes: ["read"],
    query: pageQuery,
    answers: { 200: { description: "A page of rejected lines.", schema: quarantinePage } },
    formats: ["json"],
    cache: "no-store",
  },
  {
    id: "retryQuarantined",
    method: "post",
    path: "/v1/quarantine/{id}/retry",
    summary: "Try a rejected line again.",
    description:
      "With what was said about it then; parameters given here win. A line that is understood now leaves the quarantine.",
    scopes: [],
    pathParameters: { id: "`quarantine_id` of the receipt." },
    query: runParameters,
    answers: RECEIPTS,
    formats: ["json"],
    errors: ["no_backend", "no_result"],
    cache: "no-store",
  },
  {
    id: "makeToken",
    method: "post",
    path: "/v1/tokens",
    summary: "Make a token.",
    scopes: [],
    body: { kind: "json", schema: newToken },
    answers: { 201: { description: "The token with its secret, which is shown this once.", schema: madeToken } },
    formats: ["json"],
    cache: "no-store",
  },
  {
    id: "listTokens",
    method: "get",
    path: "/v1/tokens",
    summary: "The tokens of your fleet, without their secrets.",
    scopes: [],
    query: tokensQuery,
    answers: { 200: { description: "All tokens that open something, or have expired.", schema: tokenList } },
    formats: ["json"],
    cache: "no-store",
  },
  {
    id: "endToken",
    method: "delete",
    path: "/v1/tokens/{id}",
    summary: "Revoke a token.",
    description: "For good: the same secret never opens anything again. A root token is revoked by a root token only.",
    scopes: [],
    pathParameters: { id: "Id of the token." },
    answers: { 204: { description: "It is revoked; it opens nothing from now on.", schema: null } },
    formats: [],
    cache: "no-store",
  },
  {
    id: "getStatus",
    method: "get",
    path: "/v1/status",
    summary: "How the service is doing.",
    scopes: ["read", "ingest"],
    answers: { 200: { description: "Counts of your fleet, version and engine.", schema: status } },
    formats: ["json"],
    cache: "no-store",
  },
  {
    id: "getHealth",
    method: "get",
    path: "/healthz",
    summary: "Whether the service works; for load balancers.",
    scopes: null,
    answers: { 200: { description: "It works, and reaches its store.", schema: health } },
    formats: ["json"],
    cache: "no-store",
  },
  {
    id: "getOpenApi",
    method: "get",
    path: "/openapi.json",
    summary: "This contract as OpenAPI 3.1.",
    scopes: null,
    answers: { 200: { description: "An OpenAPI document.", schema: null } },
    formats: ["json"],
    cache: "documents",
  },
  {
    id: "getDocs",
    method: "get",
    path: "/docs",
    summary: "This contract, and the words in its answers, as a page for people.",
    scopes: null,
    answers: { 200: { description: "A page.", schema: null } },
    formats: ["html"],
    cache: "documents",
  },
];
