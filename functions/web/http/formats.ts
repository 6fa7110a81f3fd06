// The format of an answer: a suffix of the path wins, then Accept, then the endpoint's own default (docs/api.md#formats).

import type { Context } from "hono";
import { accepts } from "hono/accepts";
import { AppError } from "../../../shared/errors.ts";
import { type Format, MEDIA_TYPES } from "../../../shared/summaries/formats.ts";

/** A PNG under /v1 is an endpoint of its own, which another app answers. */
const SUFFIXES = [/^(\/v1\/.+)\.(json|txt|csv|md|html|svg)$/, /^(\/s\/[^/]+)\.(json|txt|csv|md|html|svg|png)$/];

/** The path of a URL without the suffix that only says the format, and that suffix. */
function split(url: string): { readonly path: string; readonly suffix: string | undefined } {
  const { pathname } = new URL(url);
  const [, path = pathname, suffix] = SUFFIXES.map((pattern) => pattern.exec(pathname)).find((it) => it !== null) ?? [];
  return { path, suffix };
}

/** The path that routes are matched against: without the suffix that only says the format. */
export function withoutSuffix(request: Request): string {
  return split(request.url).path;
}

const isFormat = (text: string): text is Format => Object.hasOwn(MEDIA_TYPES, text);

/** The suffix of the request's path, or null. */
export function suffixOf(c: Context): Format | null {
  const { suffix } = split(c.req.url);
  return suffix !== undefined && isFormat(suffix) ? suffix : null;
}

/**
 * The format to answer in, one of `offered`; the first of them is the default. Throws `not_found` for a suffix that the
 * endpoint does not offer; an Accept header that asks for nothing offered gets the default.
 */
export function formatOf<T extends Format>(c: Context, offered: readonly [T, ...T[]]): T {
  const suffix = suffixOf(c);
  if (suffix === null) return acceptedOf(c, offered);
  const format = offered.find((candidate) => candidate === suffix);
  if (format !== undefined) return format;
  throw new AppError(
    "not_found",
    `this is not offered as .${suffix}, only as ${offered.map((f) => `.${f}`).join(" ")}`,
  );
}

/** The format that the Accept header asks for, whatever the path ends in; the first offered when it asks for none of them. */
export function acceptedOf<T extends Format>(c: Context, offered: readonly [T, ...T[]]): T {
  const type = accepts(c, {
    header: "Accept",
    supports: offered.map((format) => MEDIA_TYPES[format]),
    default: MEDIA_TYPES[offered[0]],
  });
  return offered.find((format) => MEDIA_TYPES[format] === type) ?? offered[0];
}

/** What programs ask; everything else is for people. */
const FOR_PROGRAMS = /^\/(v1|s|oembed|healthz|openapi\.json)(\/|$)/;

/** Whether an error should be a page: a browser asks, which wants HTML before all else, and not what is for programs. */
export function wantsPage(c: Context): boolean {
  return !FOR_PROGRAMS.test(c.req.path) && acceptedOf(c, ["json", "txt", "html"]) === "html";
}

/** Whether an error should be text: asked for so, or the endpoint is one that shells talk to. */
export function wantsText(c: Context): boolean {
  const suffix = suffixOf(c);
  if (suffix !== null) return suffix !== "json";
  const shell = c.req.path === "/v1/results";
  const type = accepts(c, {
    header: "Accept",
    supports: shell ? ["text/plain", "application/json"] : ["application/json", "text/plain"],
    default: shell ? "text/plain" : "application/json",
  });
  return type === "text/plain";
}
