import type { Target } from "../../../shared/report/model.ts";

/** No address has this origin. */
const NOWHERE = "http://nowhere.invalid";

/** An address of ours to go on to: path, query and fragment; null for text that is none or leads to another site. */
export function safeRedirectPath(text: string | undefined): string | null {
  // Browsers take a backslash for a slash, and leave out tabs and line ends, before they look for a host.
  if (text === undefined || !/^\/(?![/\\])/.test(text) || /[\p{Cc}\\]/u.test(text)) return null;
  if (!URL.canParse(text, NOWHERE)) return null;
  const { origin, pathname, search, hash } = new URL(text, NOWHERE);
  return origin === NOWHERE && !pathname.startsWith("//") ? pathname + search + hash : null;
}

/** The page of what a table names. */
export function linkOf({ kind, id }: Target): string {
  return kind === "host" ? `/hosts/${encodeURIComponent(id)}` : `/runs/${encodeURIComponent(id)}`;
}

/** Parameters as a query, those that are not given left out; with its question mark, or empty. */
export function queryText(parameters: Readonly<Record<string, readonly string[] | string | undefined>>): string {
  const pairs = Object.entries(parameters).flatMap(([name, values]) =>
    values === undefined ? [] : [values].flat().map((value): [string, string] => [name, value]),
  );
  return pairs.length === 0 ? "" : `?${new URLSearchParams(pairs)}`;
}
