// Comma-separated values by RFC 4180: records end in CRLF, and a field that holds a comma, a quote or a line end stands in
// quotes, its own quotes doubled.

/** One record with its line end. */
export function csvRecord(fields: readonly string[]): string {
  return `${fields.map((field) => (/[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field)).join(",")}\r\n`;
}

/**
 * Text that came from outside, as a field that no spreadsheet takes for a formula: before `= + - @`, a tab or a carriage
 * return at its start stands an apostrophe. It also stands before an apostrophe, so whoever reads the field takes the
 * first apostrophe off, if there is one, and has the text again.
 */
export function harmlessField(text: string): string {
  return /^[=+\-@\t\r']/.test(text) ? `'${text}` : text;
}
