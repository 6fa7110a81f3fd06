// Shares in the contract: created, listed and revoked by their fleet, and seen by anyone with the link.

import { pageQuery } from "../summaries/fields.ts";
import { PICTURE_FORMATS } from "../summaries/formats.ts";
import { shareRenderQuery } from "../summaries/parameters.ts";
import type { SummaryRegistry } from "../summaries/registry.ts";
import type { Endpoint } from "./endpoint.ts";
import { badgeQuery, newShare, oembed, oembedQuery, shareResults } from "./shares.ts";

const SHARE_ID = { id: "Id of the share." };

/** Errors of a link, in addition to a wrong parameter and a wrong path. */
const LINK_ERRORS = ["snapshot_unavailable", "gone", "too_large", "slow_down", "unavailable"] as const;

/** The endpoints of shares, for a registry of summaries: its shareable kinds can be shared. */
export function shareEndpoints(summaries: SummaryRegistry): readonly Endpoint[] {
  const { createdShare, sharePage } = shareResults(summaries);
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
      responses: { 204: { description: "It is revoked: its URLs answer with `gone`.", schema: null } },
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
