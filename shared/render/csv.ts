// Comma-separated values by RFC 4180: records end in CRLF, and a field that holds a comma, a quote or a line end stands in
// quotes, its own quotes doubled. So does one with a semicolon or a tab, at which some spreadsheets split.

import type { Records, Value } from "../report/records.ts";

/** Records with a head that names the columns. */
export function csv({ columns, rows }: Records): string {
  return csvRecord(columns) + rows.map(csvRecord).join("");
}

/** One record with its line end. */
export function csvRecord(values: readonly Value[]): string {
  const fields = values.map((value) => (typeof value === "string" ? harmlessField(value) : String(value ?? "")));
  return `${fields.map((field) => (/[",;\t\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field)).join(",")}\r\n`;
}

/**
 * Text as a field that no spreadsheet takes for a formula: where any of `= + - @`, also in their full width, a tab or a line
 * end begins the text, if need be behind blanks, an apostrophe stands before it. So it does behind each semicolon, tab and
 * line end in the text, there before a quote as well: where a semicolon or a tab parts fields, a quote in the middle of a
 * line protects nothing, and one at the start of a part hides what follows it. It also stands before an apostrophe in such a
 * place: a reader of the field takes one off in each of them, if there is one, and has the text again.
 */
function harmlessField(text: string): string {
  return text.replace(/(?<=^)(?= *[=+\-@＝＋－＠\t\r\n'])|(?<=[;\t\r\n])(?= *[=+\-@＝＋－＠\t\r\n'"])/g, "'");
}
