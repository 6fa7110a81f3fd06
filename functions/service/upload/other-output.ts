// Output of other programs that people send by mistake, recognized by what only these programs print. In: the text of an upload
// or a rejected line. Out: what it looks like, for the message; null for everything else.

import type { Issue } from "../../../shared/run/run.ts";

/** What vbdstat reads, for the end of a message. */
const READ = "vbdstat reads the CSV lines and text tables of Bonnie++";

/** Characters of a text in which a program is looked for, and of a line: a program names itself early. */
const INSPECTED = 65_536;
const INSPECTED_OF_LINE = 200;
const INSPECTED_FOR_ENCODING = 1_000;

/** What only one program prints. The patterns take time proportional to the text. */
const TEXTS: readonly (readonly [name: string, pattern: RegExp])[] = [
  ["the JSON of fio", /"fio version"[ \t]*:/],
  ["terse output of fio", /^[2-5];fio-\d/m],
  ["output of fio", /^.{0,200}: \((?:groupid=\d+, jobs=\d+\)|g=\d+\): rw=)/m],
  ["output of iozone", /Iozone: Performance Test of File I\/O|^iozone test complete/m],
  ["output of zcav", /^#block offset \(Gi?B\)|^#loops: \d/m],
  ["output of the original Bonnie", /-Per Char- --Block--- -Rewrite--/],
  ["output of hdparm", /^ Timing (?:O_DIRECT )?(?:cached|buffered|disk)\b/m],
  ["output of dd", /^\d+\+\d+ records (?:in|out)|^\d+ bytes .{0,60}copied, /m],
  ["output of ioping", /^--- .{0,200} ioping statistics ---/m],
  ["output of sysbench", /^sysbench \d/m],
  ["a web page", /^<(?:!doctype html|html\b)/im],
];

/** Lines that the reader of Bonnie++ may take for damaged CSV lines. */
const LINES: readonly (readonly [name: string, pattern: RegExp])[] = [
  ["terse output of fio", /^[2-5];fio-\d/],
  ["output of fio", /^issued rwts?: total=/],
  ["a web page", /^<\/?(?:!doctype|html|head|body|table|tr|td|th|div|p)\b/i],
  ["JSON", /^"[^"]*"[ \t]*:/],
];

/** No line of Bonnie++ has this many percent-encoded characters; an encoded one has an encoded comma or space after each field. */
const MIN_ENCODED = 10;

/** Whether text was percent-encoded, as by `curl --data-urlencode`. */
export const isPercentEncoded = (text: string): boolean =>
  (text.slice(0, INSPECTED_FOR_ENCODING).match(/%[0-9A-F]{2}/gi)?.length ?? 0) >= MIN_ENCODED;

const PERCENT_ENCODED = "percent-encoded text";

/** What a text without any result looks like, e.g. `output of iozone`, from the text or a rejected line; null for anything else. */
export const recognizeOutput = (text: string, issue: Issue | undefined): string | null =>
  recognizeText(text) ?? (issue === undefined ? null : recognizeLine(issue));

function recognizeText(text: string): string | null {
  const trimmed = text.trim();
  const beginning = trimmed.slice(0, INSPECTED);
  const name = TEXTS.find(([, pattern]) => pattern.test(beginning))?.[0];
  if (name !== undefined) return name;
  if (isJson(trimmed)) return "JSON";
  return isPercentEncoded(trimmed) ? PERCENT_ENCODED : null;
}

/** Whether text is enclosed as JSON is, and has a string; log lines that begin with a time in brackets do not. */
const isJson = (trimmed: string): boolean =>
  ["{}", "[]"].includes(trimmed.slice(0, 1) + trimmed.slice(-1)) && trimmed.includes('"');

/** So many commas in a row, without quotes or tags between them, may be a result that was put into JSON or a page. */
const MANY_COMMAS = 24;

function mayHoldResult(raw: string): boolean {
  let commas = 0;
  for (const [mark] of raw.matchAll(/[",<>;]/g)) {
    commas = mark === "," ? commas + 1 : 0;
    if (commas === MANY_COMMAS) return true;
  }
  return false;
}

/** The codes of lines that may be no results at all: all other issues say more about a line than this could. */
const UNCLEAR_CODES = ["field_count", "wrapped_line"];

/** What a rejected line, or one that was joined from several, looks like; null also for an issue that says more. */
function recognizeLine({ raw, code }: Issue): string | null {
  const trimmed = raw.trim();
  if (!UNCLEAR_CODES.includes(code) || mayHoldResult(trimmed)) return null;
  const beginning = trimmed.slice(0, INSPECTED_OF_LINE);
  const name = LINES.find(([, pattern]) => pattern.test(beginning))?.[0];
  if (name !== undefined) return name;
  if (isJson(trimmed)) return "JSON";
  return isPercentEncoded(trimmed) ? PERCENT_ENCODED : null;
}

/** What a message says about it. */
export const notBonnieText = (name: string): string => `this looks like ${name}; ${READ}`;

/** Whether a rejected line belongs to the output of another program. */
export const isOtherLine = (issue: Issue): boolean => recognizeLine(issue) !== null;

/** The issue of a rejected line; that of a line of another program says so, since the fields of Bonnie++ mean nothing in it. */
export function namedIssue(issue: Issue): Issue {
  const name = recognizeLine(issue);
  return name === null ? issue : { ...issue, field: null, text: notBonnieText(name) };
}
