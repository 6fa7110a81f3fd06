// Shares in the contract: made, listed and ended by their fleet, and seen by whoever has the link.

import type { Endpoint } from "./endpoint.ts";
import { pageQuery } from "./paging.ts";
import { lookQuery } from "./parameters.ts";
import { badgeQuery, createdShare, newShare, oembed, oembedQuery, sharePage } from "./shares.ts";

const SHARE_ID = { id: "Id of the share." };

/** What can go wrong with a link beside a wrong parameter and a wrong address. */
const ENDED = ["snapshot_unavailable", "gone", "too_large", "slow_down", "unavailable"] as const;

export const SHARE_ENDPOINTS: readonly Endpoint[] = [
  {
    id: "createShare",
    method: "post",
    path: "/v1/shares",
    summary: "Share one summary with whoever has its link.",
    description:
      "A frozen share keeps the numbers of now and, for ever, the bytes of every format in every look; a live one is computed when it is looked at. Its fleet is that of the token.",
    scopes: ["read"],
    body: { kind: "json", schema: newShare },
    answers: { 201: { description: "The share, its addresses, and snippets to paste.", schema: createdShare } },
    formats: ["json"],
    errors: ["bad_parameter"],
    cache: "no-store",
  },
  {
    id: "listShares",
    method: "get",
    path: "/v1/shares",
    summary: "The shares of your fleet that have not ended, newest first.",
    scopes: ["read"],
    query: pageQuery,
    answers: { 200: { description: "A page of shares.", schema: sharePage } },
    formats: ["json"],
    cache: "no-store",
  },
  {
    id: "revokeShare",
    method: "delete",
    path: "/v1/shares/{id}",
    summary: "End a share.",
    description: "For the token that made it, and for admins of its fleet. Repeating it changes nothing.",
    scopes: ["read"],
    pathParameters: SHARE_ID,
    answers: { 204: { description: "It is ended: its addresses answer with `gone`.", schema: null } },
    formats: [],
    cache: "no-store",
  },
  {
    id: "getShare",
    method: "get",
    path: "/s/{id}",
    summary: "A share, in the format that the suffix names; a page without one.",
    description:
      "Kept by caches for five minutes if it is live, for ever if it is frozen; a selection of `metrics` for five minutes in any case. With an ETag, and with `Content-Location` where another width is shown than was asked for. Any site may read and frame it. A refusal is a picture or page in words where one was asked for.",
    scopes: null,
    pathParameters: SHARE_ID,
    query: lookQuery,
    answers: { 200: { description: "The summary.", schema: null } },
    formats: ["html", "json", "csv", "txt", "md", "svg", "png"],
    errors: ENDED,
    cache: "live",
  },
  {
    id: "getShareBadge",
    method: "get",
    path: "/s/{id}/badge.svg",
    summary: "One metric of a shared comparison in a line.",
    scopes: null,
    pathParameters: SHARE_ID,
    query: badgeQuery,
    answers: { 200: { description: "A small picture.", schema: null } },
    formats: ["svg"],
    errors: ENDED,
    cache: "live",
  },
  {
    id: "getOembed",
    method: "get",
    path: "/oembed",
    summary: "How to embed a share, as oEmbed 1.0.",
    scopes: null,
    query: oembedQuery,
    answers: { 200: { description: "An oEmbed answer of type rich.", schema: oembed } },
    formats: ["json"],
    errors: ["not_found", "not_implemented", ...ENDED],
    cache: "live",
  },
];
