// The format of a response: a suffix of the path, else Accept, else the default of the endpoint (docs/api.md#formats).

import type { Context } from "hono";
import { accepts } from "hono/accepts";
import { AppError } from "../../../shared/errors.ts";
import { type Format, MEDIA_TYPES } from "../../../shared/summaries/formats.ts";

/**
 * The format of the response, one of `offered`; the first of them is the default, also where Accept names none of them.
 * Throws `not_found` for a suffix that the endpoint does not offer.
 */
export function chooseFormat<T extends Format>(c: Context, offered: readonly [T, ...T[]]): T {
  const suffix = formatSuffix(c);
  if (suffix === null) return negotiateFormat(c, offered);
  const format = offered.find((candidate) => candidate === suffix);
  if (format !== undefined) return format;
  const others = offered.map((each) => `.${each}`).join(", ");
  throw new AppError("not_found", `format .${suffix} is not available here; use ${others}`);
}

/** The format that the Accept header asks for, whatever the suffix; the first offered where it asks for none of them. */
export function negotiateFormat<T extends Format>(c: Context, offered: readonly [T, ...T[]]): T {
  const type = accepts(c, {
    header: "Accept",
    supports: offered.map((format) => MEDIA_TYPES[format]),
    default: MEDIA_TYPES[offered[0]],
  });
  return offered.find((format) => MEDIA_TYPES[format] === type) ?? offered[0];
}

/** The suffix of the request's path, or null. */
export function formatSuffix(c: Context): Format | null {
  const { suffix } = split(c.req.url);
  return suffix !== undefined && isFormat(suffix) ? suffix : null;
}

const isFormat = (text: string): text is Format => Object.hasOwn(MEDIA_TYPES, text);

/** The path that routes are matched against: without a suffix that states the format. */
export function withoutSuffix(request: Request): string {
  return split(request.url).path;
}

/** A PNG under /v1 is an endpoint of its own, in another app. */
const SUFFIXES = [/^(\/v1\/.+)\.(json|txt|csv|md|html|svg)$/, /^(\/s\/[^/]+)\.(json|txt|csv|md|html|svg|png)$/];

/** The path of a URL without the suffix that states the format, and that suffix. */
function split(url: string): { readonly path: string; readonly suffix: string | undefined } {
  const { pathname } = new URL(url);
  const [, path = pathname, suffix] = SUFFIXES.map((pattern) => pattern.exec(pathname)).find((it) => it !== null) ?? [];
  return { path, suffix };
}

// The format of an error.

/** Paths for programs; all others are pages for people. */
const FOR_PROGRAMS = /^\/(v1|s|oembed|healthz|openapi\.json)(\/|$)/;

/** Whether an error should be a page: the client prefers HTML, as browsers do, and the path is not for programs. */
export function wantsPage(c: Context): boolean {
  return !FOR_PROGRAMS.test(c.req.path) && negotiateFormat(c, ["json", "txt", "html"]) === "html";
}

/** Whether an error should be text: the request asks for text, or the endpoint is one that shells use. */
export function wantsText(c: Context): boolean {
  const suffix = formatSuffix(c);
  if (suffix !== null) return suffix !== "json";
  const isForShells = c.req.path.replace(/^\/+/, "/") === "/v1/results";
  const type = accepts(c, {
    header: "Accept",
    supports: isForShells ? ["text/plain", "application/json"] : ["application/json", "text/plain"],
    default: isForShells ? "text/plain" : "application/json",
  });
  return type === "text/plain";
}
