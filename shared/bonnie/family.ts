// Which layout a line has: by the number of its fields first, then by its first field (bonnie-formats.md, section 1).

import type { Issue } from "../model/issue.ts";
import { quoted } from "../model/quoted.ts";
import { type Layout, V1, V2_48, V2_50 } from "./layouts.ts";
import { type Fields, fieldIssue, insertEmpty, isEmpty, lineIssue, MAX_FIELDS, textOf } from "./fields.ts";

/** Formats of 48 fields that lose a comma when the IO tests are skipped (bonnie-formats.md, section 3.4). */
const LOSING_A_COMMA = ["1.92b", "1.93", "1.93a", "1.93b", "1.93c", "1.93d", "1.94", "1.95", "1.96"];

/** The format versions with 48 fields. */
const FORMATS_OF_48: readonly string[] = [...LOSING_A_COMMA, "1.97"];

/** The format version with 50 fields. */
export const FORMAT_OF_50 = "1.98";

/** Development releases with 33 to 47 fields; see bonnie-formats.md, section 3.2. */
function isOldFormat(version: string): boolean {
  return version === "2" || /^1\.(90|91)[a-z]?$/.test(version) || version === "1.92" || version === "1.92a";
}

/** Fields 5 to 17 of a line with a lost comma, all empty. */
const SKIPPED_IO = Array.from({ length: 13 }, (_, index) => index + 5);

/**
 * The layout of a line, or the issue that it has none. A line with the lost comma of 1.92b to 1.96 gets the missing
 * empty field; `fields` is changed then.
 *
 * A comma in a machine name is not recovered, in any version: counting from the right would also read two lines glued
 * together, the first one cut short, as one line with a long name.
 */
export function layoutOf(fields: Fields): Layout | Issue {
  if (fields.count === V1.columns.length) return V1;
  const version = textOf(fields, 0);
  if (version === FORMAT_OF_50) return fields.count === V2_50.columns.length ? V2_50 : countIssue(fields, V2_50);
  if (FORMATS_OF_48.includes(version)) {
    if (fields.count === V2_48.columns.length) return V2_48;
    if (fields.count !== 47 || !LOSING_A_COMMA.includes(version) || !SKIPPED_IO.every((i) => isEmpty(fields, i))) {
      return countIssue(fields, V2_48);
    }
    insertEmpty(fields, V2_48.fileSize);
    return V2_48;
  }
  if (isOldFormat(version) && fields.count >= 33) return versionIssue(fields, version);
  const isLikeV2 = fields.count === V2_48.columns.length || fields.count === V2_50.columns.length;
  return isLikeV2 ? versionIssue(fields, version) : countIssue(fields, null);
}

/** More semicolons than this are no part of a name. */
const MOST_SEMICOLONS = 8;

/** Whether semicolons stand between the fields, as a spreadsheet puts them where the comma is the decimal mark. */
function hasSemicolons({ text, start, end, count }: Fields): boolean {
  const semicolons = text.slice(start, end).split(";", MAX_FIELDS).length - 1;
  return semicolons > MOST_SEMICOLONS && semicolons >= count;
}

function versionIssue(fields: Fields, version: string): Issue {
  const text = `unsupported format version: expected 1.92b to 1.98, found ${quoted(version)}`;
  return fieldIssue(fields, 0, "format_version", "unsupported_format", text);
}

function countIssue(fields: Fields, layout: Layout | null): Issue {
  if (hasSemicolons(fields)) {
    const text = "expected fields separated by commas, as Bonnie++ prints them, found semicolons";
    return lineIssue(fields, "field_count", text);
  }
  if (fields.count === 1) {
    const text = "expected a CSV line, or a whole row of a table under its heading, found neither";
    return lineIssue(fields, "field_count", text);
  }
  const found = fields.count > MAX_FIELDS ? `more than ${MAX_FIELDS}` : `${fields.count}`;
  const expected =
    layout === null
      ? "27 fields (1.00 to 1.04), 48 (1.92b to 1.97) or 50 (1.98 to 2.00a)"
      : `${layout.columns.length} fields for format ${quoted(textOf(fields, 0))}`;
  return lineIssue(fields, "field_count", `expected ${expected}, found ${found}; ${hintOf(fields, layout ?? V1)}`);
}

/** What may have happened to a line with another number of fields. */
function hintOf({ text, end, count }: Fields, layout: Layout): string {
  if (text[end - 1] === "=") return "the = at its end is of quoted-printable mail, which must be decoded first";
  if (count > MAX_FIELDS)
    return "are these several lines whose ends were lost? curl keeps them with --data-binary, not with -d";
  if (count > layout.columns.length) return "a comma in a machine name cannot be told from damage";
  return "is it cut, or wrapped by a mail program?";
}
