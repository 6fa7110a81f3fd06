import type { Issue } from "../../shared/model/issue.ts";
import { printable } from "../../shared/run/text.ts";

/** One line of text for an issue, e.g. `line 2, column 4, put_block: expected a rate, found "12x" [bad_number]`. */
export function issueLine(issue: Pick<Issue, "line" | "column" | "field" | "code" | "text">): string {
  const place = issue.line === 0 ? "parameters" : `line ${issue.line}, column ${issue.column}`;
  const field = issue.field === null ? "" : `, ${issue.field}`;
  return printable(`${place}${field}: ${issue.text} [${issue.code}]`);
}
