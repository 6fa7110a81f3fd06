// Comma-separated values by RFC 4180. Records end in CRLF. A field that holds a comma, a quote or a line end is quoted,
// with its own quotes doubled. So is one with a semicolon or a tab, at which some spreadsheets split.

import type { Records, Value } from "../report/records.ts";

/** Records with a head that names the columns. */
export function csv({ columns, rows }: Records): string {
  return csvRecord(columns) + rows.map(csvRecord).join("");
}

/** One record with its line end. */
export function csvRecord(values: readonly Value[]): string {
  const fields = values.map((value) => (typeof value === "string" ? escapeField(value) : String(value ?? "")));
  return `${fields.map((field) => (/[",;\t\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field)).join(",")}\r\n`;
}

/**
 * Text as a field that no spreadsheet takes for a formula. An apostrophe is inserted where the text begins with any of
 * `= + - @`, also in full width, with a tab or with a line end, even after spaces. The same applies after each semicolon, tab
 * and line end in the text, and there before a quote as well: where a semicolon or a tab separates fields, a quote in the
 * middle of a line protects nothing, and one at the start of a part hides what follows it. An apostrophe in such a position
 * gets another one: a reader removes one in each such position, if there is one, and has the text again.
 */
function escapeField(text: string): string {
  return text.replace(/(?<=^)(?= *[=+\-@＝＋－＠\t\r\n'])|(?<=[;\t\r\n])(?= *[=+\-@＝＋－＠\t\r\n'"])/g, "'");
}
