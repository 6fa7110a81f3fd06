// What logs and tools write in front of a line: time stamps, tags, labels. In: the text of a line. Out: how much of it is not
// Bonnie++'s, and whether that is certain. Certain for the forms of logs (`[2026-11-22T10:15:00Z] `, `bonnie[123]: `), which no
// machine name has; not certain for a label such as `cfq1: `, which may be part of a name.
// Sources: journalctl(1) and systemd's output modes short, short-iso and short-monotonic; RFC 3164 and RFC 5424 (syslog);
// logger(1); the outputs of Docker Compose, kubectl, containerd, GitHub Actions, GitLab, Jenkins' timestamper, Avocado,
// Python's logging, pytest, Ansible, pdsh and grep.

import type { Prefix } from "./types.ts";

/** What a log wrote in front of a line. */
export interface LogPrefix {
  /** Number of characters. */
  readonly length: number;
  /** What names its writer: the prefix without its times. Lines of different writers are not of one table. */
  readonly writer: string;
}

/** A prefix is not looked for beyond this many characters; this bounds the work on hostile lines. */
const MAX_PREFIX = 320;

/** More parts than any log has. */
const MAX_PARTS = 8;

/** Docker Compose and others color their prefixes with escape sequences. */
const ESCAPE = "\u001b";
const COLOR = String.raw`${ESCAPE}\[[\d;]{0,16}m`;
const COLORS = new RegExp(`(?:${COLOR})+`, "y");
const ALL_COLORS = new RegExp(COLOR, "g");
const LAST_COLORS = new RegExp(`(?:${COLOR})+$`);

const LEVEL = "(?:TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|CRITICAL)";
const MONTH = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)";
/** `2026-11-22T10:15:00.123Z`, `2017-12-06 11:25:05,159`, `2026/11/22 10:15:00`. */
const ISO = String.raw`(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) )?\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?: ?(?:Z|UTC|[+-]\d\d(?::?\d\d)?))?`;
/** `Nov 22 10:15:00`, `Sun Nov 22 10:15:00 UTC 2026`. */
const SYSLOG = String.raw`(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) )?${MONTH} [ \d]\d \d\d:\d\d:\d\d(?:\.\d{1,9})?(?: [A-Z]{3,4})?(?: \d{4})?`;
const CLOCK = String.raw`\d\d:\d\d:\d\d(?:[.,]\d{1,9})?`;
/** `22-Nov-2026 10:15:00`, `22/Nov/2026:10:15:00 +0000`, `22.11.2026 10:15:00`, `11/22/2026, 10:15:00 AM`. */
const DAY_FIRST = String.raw`\d\d?(?:[-/ ]${MONTH}[-/ ]|[./]\d\d?[./])\d{4}(?:,? |:)\d\d?:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?: [AP]M| [+-]\d{4})?`;
/** `1796119415.272201`, and without a fraction the seconds from 2001 to 2033, or milliseconds. */
const SECONDS = String.raw`(?:\d{1,10}\.\d{3,9}|1\d{9}(?:\d{3})?)`;
const WORD = String.raw`[^\s,|[\]]{1,64}`;

/** Where a part may be: first in the line, after a time, or after any other part. */
type Place = "first" | "after time" | "after any" | "anywhere";

interface Part {
  readonly place: Place;
  /** Sticky; includes the spaces after the part. */
  readonly pattern: RegExp;
  readonly kind: "time" | "writer" | "noise";
}

const part = (place: Place, kind: Part["kind"], pattern: string): Part => {
  return { place, kind, pattern: new RegExp(pattern, "y") };
};

const PARTS: readonly Part[] = [
  part(
    "first",
    "writer",
    String.raw`<\d{1,3}>1 ${ISO} \S{1,255} \S{1,48} \S{1,128} \S{1,32} (?:-|\[[^\]]{0,200}\])[ \t]+`,
  ),
  part("first", "noise", String.raw`<\d{1,3}>(?=\S)`),
  part("first", "noise", "[-*] +"),
  part("first", "noise", "E {3,}(?:[-+] +)?"),
  part("first", "noise", `${LEVEL}:[\\w.]{1,64}:`),
  part("anywhere", "time", `(?:${ISO}|${SYSLOG}|${DAY_FIRST}|${CLOCK}|${SECONDS}):?[ \\t]+`),
  part(
    "anywhere",
    "time",
    String.raw`\[[ \t]*(?:${ISO}|${SYSLOG}|${DAY_FIRST}|${CLOCK}|\d{1,10}(?:\.\d{1,9})?)[ \t]*\]:?[ \t]+`,
  ),
  part("anywhere", "writer", String.raw`(?:${WORD} )?${WORD}\[[\w.-]{1,32}\]:[ \t]+`),
  part("anywhere", "writer", String.raw`\[[^\]]{1,120}\]:?[ \t]+`),
  part("after time", "noise", "std(?:out|err) [FP] "),
  part("after time", "noise", String.raw`\d\d[OE](?:\+|[ \t]+)`),
  part("anywhere", "noise", String.raw`${LEVEL} +[\w.]{1,64}:[\w./-]{1,64}\.py:\d{1,6} +`),
  part("after time", "writer", String.raw`[\w.]{1,64} +L\d{1,5} +${LEVEL} *\| *`),
  part("after any", "noise", String.raw`(?:- )?${LEVEL}(?: *[|:]| -)?[ \t]+`),
  part("after time", "writer", String.raw`- [\w.]{1,64} - ${LEVEL} - `),
  part("after time", "writer", String.raw`(?:${WORD} )?[^\s,|[\]:]{1,64}:[ \t]+`),
  part("anywhere", "writer", String.raw`${WORD}[ \t]*(?:${COLOR})*\|(?:${COLOR})*[ \t]+`),
];

/** Finds what a log wrote in front of a line without outer spaces; null for a line as Bonnie++ prints it. */
export function findLogPrefix(line: string): LogPrefix | null {
  const head = line.length > MAX_PREFIX ? line.slice(0, MAX_PREFIX) : line;
  let at = skipColors(head, 0);
  let writer = "";
  let last: Part["kind"] | null = null;
  for (let count = 0; count < MAX_PARTS; count += 1) {
    const found = PARTS.find(({ place, pattern }) => {
      pattern.lastIndex = at;
      return isPlace(place, last) && pattern.test(head);
    });
    if (found === undefined) break;
    const next = found.pattern.lastIndex;
    if (found.kind === "writer") writer += head.slice(at, next).replace(ALL_COLORS, "").trim();
    last = found.kind === "noise" && last === "time" ? last : found.kind;
    at = skipColors(head, next);
  }
  return last === null ? null : { length: at, writer };
}

function isPlace(place: Place, last: Part["kind"] | null): boolean {
  if (place === "first") return last === null;
  if (place === "after any") return last !== null;
  return place === "anywhere" || last === "time" || last === "noise";
}

function skipColors(text: string, at: number): number {
  COLORS.lastIndex = at;
  return COLORS.test(text) ? COLORS.lastIndex : at;
}

/** A string of a JSON list or of a JSON value, as Ansible prints a line; without escapes. */
const JSON_STRING = /^("(?:[^"\\]{1,100}": ")?)([^"\\]*)",?$/;

/** Colors after a line are not looked for before its last characters. */
const MAX_COLORS = 20;

/** The part of a line that Bonnie++ printed, as a range of it. */
export interface Inner {
  readonly start: number;
  readonly end: number;
  readonly writer: string;
}

/** A log in a list in a log: no line has more around it. */
const MAX_LAYERS = 4;

/** Finds the part of a line without outer spaces that logs or JSON lists surround; null for a line as Bonnie++ prints it. */
export function findInner(line: string): Inner | null {
  let inner: Inner | null = null;
  for (let count = 0; count < MAX_LAYERS; count += 1) {
    const next = findLayer(line, inner ?? { start: 0, end: line.length, writer: "" });
    if (next === null) break;
    inner = next;
  }
  return inner;
}

/** Removes one prefix or the quotes of a JSON string; null if there is neither. */
function findLayer(line: string, { start: from, end: to, writer }: Inner): Inner | null {
  const log = findLogPrefix(line.slice(from, to));
  if (log !== null) {
    const start = skipSpaces(line, from + log.length, to);
    // A color that is set in front of a line may be reset after it.
    const colors = line.slice(from, start).includes(ESCAPE)
      ? LAST_COLORS.exec(line.slice(start, to).slice(-MAX_COLORS))
      : null;
    return { start, end: to - (colors?.[0].length ?? 0), writer: writer + log.writer };
  }
  if (line[from] !== '"') return null;
  const [, before, inside] = JSON_STRING.exec(line.slice(from, to)) ?? [];
  if (before === undefined || inside === undefined) return null;
  const end = from + before.length + inside.trimEnd().length;
  return { start: skipSpaces(line, from + before.length, end), end, writer };
}

function skipSpaces(text: string, from: number, end: number): number {
  let at = from;
  while (at < end && (text[at] === " " || text[at] === "\t")) at += 1;
  return at;
}

/** A character that every prefix has; a name without any has no prefix. */
const MAY_HAVE_PREFIX = new RegExp(String.raw`[\s:"|${ESCAPE}]`);

/** Whether a machine name or the text in front of it can have a prefix; a fast test that excludes most names. */
export function mayHavePrefix(name: string): boolean {
  return MAY_HAVE_PREFIX.test(name);
}

/**
 * A word with a colon before another word (pdsh, `time:`); a colon before two spaces; the rest of a torn `[...] `; the first quote
 * of a string whose end is missing, also in JSON (`{"log":"`) and as Python prints it (`b'`).
 */
const LABEL = /^(?:b?["']|\{[^,]*"|\S+:[ \t\u00A0]+(?=\S|$)|.*?:[ \t\u00A0]{2,}|[^[\]]*\]:?[ \t]+(?=\S))/;

/** A file name of `grep`, a line number, or both. */
const FILE = /^(?:[^\s:]+\.(?:csv|txt|log|out|dat|res|result|results|md|html?):(?:\d+:)?|\d+:)(?=.)/i;

/** A name longer than this has no label; this bounds the work on hostile names. */
const MAX_LABELED = 512;

/** The label in front of a machine name or of a table's line; null for a plain name. */
export function findLabel(name: string): string | null {
  if (name.length > MAX_LABELED) return null;
  return (FILE.exec(name) ?? LABEL.exec(name))?.[0] ?? null;
}

/** The prefix of a line, as its result has it. */
export function makePrefix(kind: Prefix["kind"], text: string): Prefix {
  return { kind, text: text.length > MAX_PREFIX ? text.slice(0, MAX_PREFIX) : text };
}
