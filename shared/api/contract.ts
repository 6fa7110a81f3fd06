// The contract: every endpoint of the service as data. Handlers check requests by the schemas named here; OpenAPI
// (`openapi.ts`) and the page /docs are made from this list, and tests hold the running service against it: every route
// is in the list, every entry has a route, and real responses fit the schemas. The endpoints of summaries come from their
// registry.

import { pageQuery } from "../summaries/fields.ts";
import { PICTURE_FORMATS } from "../summaries/formats.ts";
import { endpointQuery, shareRenderQuery } from "../summaries/parameters.ts";
import { SUMMARIES, type SummaryEntry, type SummaryRegistry } from "../summaries/registry.ts";
import type { Endpoint } from "./endpoint.ts";
import { createdToken, health, quarantinePage, receipt, retired, status, tokenList } from "./responses.ts";
import {
  relabelBody,
  relabeledRun,
  restored,
  withdrawalQuery,
  withdrawManyBody,
  withdrawn,
  withdrawnMany,
} from "./run-changes.ts";
import { runParameters } from "./run-parameters.ts";
import { newSettings, settings } from "./settings.ts";
import { badgeQuery, createdShare, newShare, oembed, oembedQuery, sharePage } from "./shares.ts";
import { newToken, tokensQuery } from "./token-requests.ts";

const EXAMPLE_LINE =
  "vm101,2064M,25511,35,18075,3,199488,47,71094,98,937880,86,+++++,+++,16,+++++,+++,+++++,+++,+++++,+++,+++++,+++,+++++,+++,+++++,+++\n";

/** The receipt of an upload, by status. */
const RECEIPTS: Endpoint["responses"] = {
  200: { description: "Only duplicates: everything in the body was stored before.", schema: receipt },
  201: { description: "At least one run was stored and nothing rejected.", schema: receipt },
  422: {
    description: "At least one line was rejected and quarantined. The good lines are stored.",
    schema: receipt,
  },
};

/** All endpoints in the order of the documentation, for a registry of summaries. */
export async function buildContract(summaries: SummaryRegistry): Promise<readonly Endpoint[]> {
  return [
    ...UPLOADS,
    ...(await Promise.all(summaries.map(summaryEndpoint))),
    ...RUN_CHANGES,
    ...shareEndpoints(summaries),
    ...OTHERS,
  ];
}

async function summaryEndpoint({ path, formats, scopes, load }: SummaryEntry): Promise<Endpoint> {
  const kind = await load();
  const { id, summary, description, parameter, result, errors } = kind.endpoint;
  const [, name] = /\{(\w+)\}$/.exec(path) ?? [];
  return {
    id,
    method: "get",
    path,
    summary,
    ...(description !== undefined && { description }),
    scopes,
    ...(name !== undefined && parameter !== undefined && { pathParameters: { [name]: parameter } }),
    query: endpointQuery(kind.query),
    responses: { 200: { description: result, schema: kind.result() } },
    formats,
    ...(errors !== undefined && { errors }),
    cache: "no-store",
  };
}

const UPLOADS: readonly Endpoint[] = [
  {
    id: "postResults",
    method: "post",
    path: "/v1/results",
    summary: "Add Bonnie++ results.",
    description:
      "An acknowledged result is durable. Run metadata is taken from the result line, then the query, then `# key: value` lines in the body, which apply to the lines after them. A later source takes precedence.",
    scopes: ["ingest"],
    query: runParameters,
    body: {
      kind: "bonnie",
      description:
        "Whatever Bonnie++ printed: CSV lines among other text, or text tables. Any Content-Type; at most 1 MiB, 8 MiB unpacked, 10 000 lines; `Content-Encoding: gzip` is accepted. Of a multipart body the parts with known keys are parameters, and files are the text.",
      example: EXAMPLE_LINE,
    },
    responses: RECEIPTS,
    formats: ["txt", "json"],
    errors: ["no_backend", "no_result"],
    cache: "no-store",
  },
];

const RUN_ID = { id: "Id of the run, from its receipt." };

const RUN_CHANGES: readonly Endpoint[] = [
  {
    id: "withdrawRun",
    method: "delete",
    path: "/v1/runs/{id}",
    summary: "Take a run out of all statistics.",
    description:
      'It stays readable, as withdrawn. Repeating it changes nothing, the reason included. The reason may also be sent as JSON: `{"reason": "..."}`.',
    scopes: [],
    pathParameters: RUN_ID,
    query: withdrawalQuery,
    responses: { 200: { description: "Since when it is withdrawn.", schema: withdrawn } },
    formats: ["json"],
    errors: ["bad_body", "too_large", "unreadable"],
    cache: "no-store",
  },
  {
    id: "restoreRun",
    method: "post",
    path: "/v1/runs/{id}/restore",
    summary: "Take a withdrawal back.",
    description: "The run counts again in all statistics. Repeating it changes nothing.",
    scopes: [],
    pathParameters: RUN_ID,
    responses: { 200: { description: "Whether it was withdrawn.", schema: restored } },
    formats: ["json"],
    errors: ["unreadable"],
    cache: "no-store",
  },
  {
    id: "relabelRun",
    method: "post",
    path: "/v1/runs/{id}/relabel",
    summary: "Correct the backend or host of a run.",
    description:
      "Withdraws the run, and stores its line with the same facts under the other label, in one step. The new run has an id of its own and names the old one. Of another backend, `backend_evidence` is `declared`.",
    scopes: [],
    pathParameters: RUN_ID,
    body: { kind: "json", schema: relabelBody },
    responses: { 200: { description: "The run that counts now.", schema: relabeledRun } },
    formats: ["json"],
    errors: ["unreadable"],
    cache: "no-store",
  },
  {
    id: "withdrawRuns",
    method: "post",
    path: "/v1/runs/withdraw",
    summary: "Withdraw all runs of a token, host, backend or time.",
    description:
      "A run must meet every given condition, and at least one is required. Newest first; a request withdraws at most 1 000 runs, and its `cursor` leads on. A run that is stored during the request may be missed.",
    scopes: [],
    body: { kind: "json", schema: withdrawManyBody },
    responses: { 200: { description: "What was withdrawn.", schema: withdrawnMany } },
    formats: ["json"],
    errors: ["bad_parameter", "unreadable"],
    cache: "no-store",
  },
  {
    id: "retireHost",
    method: "delete",
    path: "/v1/hosts/{host}",
    summary: "Take a host out of all lists until its next result.",
    description: "For a host that was decommissioned. Statistics keep its results.",
    scopes: [],
    pathParameters: { host: "Name of the host, percent-encoded." },
    responses: { 200: { description: "Since when it is retired.", schema: retired } },
    formats: ["json"],
    cache: "no-store",
  },
];

const OTHERS: readonly Endpoint[] = [
  {
    id: "listQuarantine",
    method: "get",
    path: "/v1/quarantine",
    summary: "Rejected lines, newest first.",
    scopes: ["read"],
    query: pageQuery,
    responses: { 200: { description: "A page of rejected lines.", schema: quarantinePage } },
    formats: ["json"],
    cache: "no-store",
  },
  {
    id: "retryQuarantined",
    method: "post",
    path: "/v1/quarantine/{id}/retry",
    summary: "Try a rejected line again.",
    description:
      "Uses its stored metadata; parameters given here take precedence. A line that can be read now leaves the quarantine.",
    scopes: [],
    pathParameters: { id: "`quarantine_id` of the receipt." },
    query: runParameters,
    responses: RECEIPTS,
    formats: ["json"],
    errors: ["no_backend", "no_result"],
    cache: "no-store",
  },
  {
    id: "deleteQuarantined",
    method: "delete",
    path: "/v1/quarantine/{id}",
    summary: "Delete a rejected line.",
    description: "For good; the service deletes it after 30 days in any case.",
    scopes: [],
    pathParameters: { id: "`quarantine_id` of the receipt." },
    responses: { 204: { description: "The line is deleted.", schema: null } },
    formats: [],
    cache: "no-store",
  },
  {
    id: "createToken",
    method: "post",
    path: "/v1/tokens",
    summary: "Create a token.",
    scopes: [],
    body: { kind: "json", schema: newToken },
    responses: { 201: { description: "The token with its secret, which is shown this once.", schema: createdToken } },
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
    responses: { 200: { description: "All tokens that are valid or have expired.", schema: tokenList } },
    formats: ["json"],
    cache: "no-store",
  },
  {
    id: "revokeToken",
    method: "delete",
    path: "/v1/tokens/{id}",
    summary: "Revoke a token.",
    description: "Permanently: the same secret is never valid again. Only a root token can revoke a root token.",
    scopes: [],
    pathParameters: { id: "Id of the token." },
    responses: { 204: { description: "The token is revoked.", schema: null } },
    formats: [],
    cache: "no-store",
  },
  {
    id: "getSettings",
    method: "get",
    path: "/v1/settings",
    summary: "The settings of your fleet.",
    scopes: ["read"],
    responses: { 200: { description: "The settings, which may be a minute old.", schema: settings } },
    formats: ["json"],
    cache: "no-store",
  },
  {
    id: "putSettings",
    method: "put",
    path: "/v1/settings",
    summary: "Change the settings of your fleet.",
    description: "Replaces all of them: a setting that is left out has its default again.",
    scopes: [],
    body: { kind: "json", schema: newSettings },
    responses: { 200: { description: "The settings as stored.", schema: settings } },
    formats: ["json"],
    cache: "no-store",
  },
  {
    id: "getStatus",
    method: "get",
    path: "/v1/status",
    summary: "Counts and state of the service.",
    scopes: ["read", "ingest"],
    responses: { 200: { description: "Counts of your fleet, version and engine.", schema: status } },
    formats: ["json"],
    cache: "no-store",
  },
  {
    id: "getHealth",
    method: "get",
    path: "/healthz",
    summary: "Whether the service works; for load balancers.",
    scopes: null,
    responses: { 200: { description: "It works, and reaches its store.", schema: health } },
    formats: ["json"],
    cache: "no-store",
  },
  {
    id: "getOpenApi",
    method: "get",
    path: "/openapi.json",
    summary: "This contract as OpenAPI 3.1.",
    scopes: null,
    responses: { 200: { description: "An OpenAPI document.", schema: null } },
    formats: ["json"],
    cache: "documents",
  },
  {
    id: "getDocs",
    method: "get",
    path: "/docs",
    summary: "This contract and its glossary as a page for people.",
    scopes: null,
    responses: { 200: { description: "A page.", schema: null } },
    formats: ["html"],
    cache: "documents",
  },
];

// Shares in the contract: created, listed and revoked by their fleet, and seen by anyone with the link.

const SHARE_ID = { id: "Id of the share." };

/** Errors of a link, in addition to a wrong parameter and a wrong path. */
const LINK_ERRORS = ["snapshot_unavailable", "gone", "too_large", "slow_down", "unavailable"] as const;

/** The endpoints of shares, for a registry of summaries: its shareable kinds can be shared. */
function shareEndpoints(summaries: SummaryRegistry): readonly Endpoint[] {
  return [
    {
      id: "createShare",
      method: "post",
      path: "/v1/shares",
      summary: "Share one summary with anyone who has its link.",
      description:
        "A frozen share is a permanent snapshot: its numbers, and the bytes of every format in every rendering, never change. A live share always shows current numbers. Its fleet is the fleet of the token.",
      scopes: ["read"],
      body: { kind: "json", schema: newShare(summaries) },
      responses: { 201: { description: "The share, its URLs, and snippets to paste.", schema: createdShare } },
      formats: ["json"],
      errors: ["bad_parameter"],
      cache: "no-store",
    },
    {
      id: "listShares",
      method: "get",
      path: "/v1/shares",
      summary: "The shares of your fleet that were not revoked, newest first.",
      scopes: ["read"],
      query: pageQuery,
      responses: { 200: { description: "A page of shares.", schema: sharePage } },
      formats: ["json"],
      cache: "no-store",
    },
    {
      id: "revokeShare",
      method: "delete",
      path: "/v1/shares/{id}",
      summary: "Revoke a share.",
      description: "Allowed for the token that created it and for admins of its fleet. Repeating it changes nothing.",
      scopes: ["read"],
      pathParameters: SHARE_ID,
      responses: {
        204: {
          description: "It is revoked: its URLs answer with `gone` for a year, then with `not_found`.",
          schema: null,
        },
      },
      formats: [],
      cache: "no-store",
    },
    {
      id: "getShare",
      method: "get",
      path: "/s/{id}",
      summary: "A share, in the format that the suffix names; a page without one.",
      description:
        "Caches may keep a live share for five minutes, as a selection of `metrics`, and a frozen one forever. The response has an ETag, and `Content-Location` if another width is shown than was requested. Any site may read and frame it. In place of a picture or page, an error is one too.",
      scopes: null,
      pathParameters: SHARE_ID,
      query: shareRenderQuery,
      responses: { 200: { description: "The summary.", schema: null } },
      formats: ["html", ...PICTURE_FORMATS.filter((format) => format !== "html")],
      errors: LINK_ERRORS,
      cache: "live",
    },
    {
      id: "getShareBadge",
      method: "get",
      path: "/s/{id}/badge.svg",
      summary: "One metric of a shared comparison as a badge.",
      scopes: null,
      pathParameters: SHARE_ID,
      query: badgeQuery,
      responses: { 200: { description: "A small picture.", schema: null } },
      formats: ["svg"],
      errors: LINK_ERRORS,
      cache: "live",
    },
    {
      id: "getOembed",
      method: "get",
      path: "/oembed",
      summary: "How to embed a share, as oEmbed 1.0.",
      scopes: null,
      query: oembedQuery,
      responses: { 200: { description: "An oEmbed response of type rich.", schema: oembed } },
      formats: ["json"],
      errors: ["not_found", "not_implemented", ...LINK_ERRORS],
      cache: "live",
    },
  ];
}

/** The contract of this service. */
export const CONTRACT: readonly Endpoint[] = await buildContract(SUMMARIES);
