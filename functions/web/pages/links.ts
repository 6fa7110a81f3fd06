// Links between pages: the path of a page, query strings, and the guard against open redirects.

import type { Target } from "../../../shared/report/model.ts";

/** The path of the page about a host or a run that a table names. */
export function targetPath({ kind, id }: Target): string {
  return kind === "host" ? `/hosts/${encodeURIComponent(id)}` : `/runs/${encodeURIComponent(id)}`;
}

/** Parameters as a query string with its question mark; undefined values are left out, and without any it is empty. */
export function buildQueryString(parameters: Readonly<Record<string, readonly string[] | string | undefined>>): string {
  const pairs = Object.entries(parameters).flatMap(([name, values]) =>
    values === undefined ? [] : [values].flat().map((value): [string, string] => [name, value]),
  );
  return pairs.length === 0 ? "" : `?${new URLSearchParams(pairs)}`;
}

/** An origin that no URL of this service has. */
const NO_ORIGIN = "http://nowhere.invalid";

/**
 * The guard against open redirects: path, query and fragment on this site, normalized; null for a missing or malformed URL
 * and for every URL that would lead to another site.
 */
export function safeRedirectPath(text: string | undefined): string | null {
  // Browsers read a backslash as a slash, and drop tabs and line breaks, before they look for a host.
  if (text === undefined || !/^\/(?![/\\])/.test(text) || /[\p{Cc}\\]/u.test(text)) return null;
  if (!URL.canParse(text, NO_ORIGIN)) return null;
  const { origin, pathname, search, hash } = new URL(text, NO_ORIGIN);
  return origin === NO_ORIGIN && !pathname.startsWith("//") ? pathname + search + hash : null;
}
