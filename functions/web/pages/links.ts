import type { Target } from "../../../shared/report/model.ts";

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
