// Uploads with every kind of damage at once, and what may come of them. Sources are real lines and tables, arbitrary runs and
// converted tables; damage is wrapping, prefixes, quoting, cutting, lost, doubled and swapped lines, noise. Each upload follows
// from its number alone, so a failure can be repeated. Digits and decimal points are never replaced: a wrong digit is a valid
// number, which no reader can see.

import * as fc from "fast-check";
import { findInner } from "../../shared/bonnie/prefix.ts";
import { printBonnie } from "../../shared/bonnie/print.ts";
import { readBonnie } from "../../shared/bonnie/reader.ts";
import type { BonnieResult } from "../../shared/bonnie/types.ts";
import { METRICS, perMetric } from "../../shared/run/metrics.ts";
import type { BonnieSetup, Measurements } from "../../shared/run/run.ts";
import { arbitraryRun } from "./arbitrary-run.ts";
import { csv2txt } from "./csv2txt.ts";
import { fixture, REAL_LINES, resultOf, resultsOf } from "./reading.ts";

/** A run of a source, as Bonnie++ measured it. */
interface SourceRun {
  readonly setup: BonnieSetup;
  readonly metrics: Measurements;
}

/** A text as Bonnie++ or its converter printed it. */
interface Source {
  readonly kind: "line" | "table";
  readonly text: string;
  readonly runs: readonly SourceRun[];
}

/** A damaged upload. */
export interface DamagedUpload {
  readonly text: string;
  readonly sources: readonly Source[];
  /** What was done to it, to understand a failure. */
  readonly steps: readonly string[];
  /** How many of its sources must be noticed: they are whole, or damaged so that something of them is left. */
  readonly noticeable: number;
}

/** The exceptions of docs/api.md: damage that cannot be seen. */
type Exception =
  | "cut in a number"
  | "damaged name"
  | "joined ends"
  | "half a table"
  | "latencies lost"
  | "swapped pieces";

/** Arbitrary runs of each layout. */
const RUNS = 500;

const LAYOUTS = ["v1", "v2/48", "v2/50"] as const;

const arbitraryLines: readonly Source[] = LAYOUTS.flatMap((layout) =>
  fc.sample(arbitraryRun(layout), { seed: 2026, numRuns: RUNS }).map(({ setup, metrics }, index): Source => {
    const run = { setup: index % 2 === 0 ? setup : { ...setup, machine: `vm${index}` }, metrics };
    return { kind: "line", text: printBonnie(run.setup, run.metrics), runs: [run] };
  }),
);

const realLines = REAL_LINES.map((text): Source => ({ kind: "line", text, runs: [resultOf(text)] }));

const tableOf = (text: string): Source => {
  return { kind: "table", text: text.trimEnd(), runs: resultsOf(text) };
};

const PRINTED_TABLES = [
  ...["seed-loop.txt", "seed-blktap.txt", "run-200a-concurrency4.txt", "csv2txt-103e.txt", "csv2txt-196.txt"],
  ...["csv2txt-197-latency.txt", "csv2txt-197.txt", "csv2txt-200a.txt", "csv2txt-200a-censored.txt"],
]
  .map(fixture)
  .concat(fixture("run-200a-six.log").split(/^1\.98,.*\n/m))
  .map(tableOf)
  .filter(({ runs }) => runs.length > 0);

/** Tables of one to three rows that the converter makes of other arbitrary runs. */
const convertedTables = (["v2/48", "v2/50"] as const)
  .flatMap((layout) => {
    const runs = fc.sample(arbitraryRun(layout), { seed: 2027, numRuns: RUNS });
    return Array.from({ length: RUNS / 3 }, (_, index) => {
      const rows = runs.slice(3 * index, 3 * index + 1 + (index % 3)).map(({ setup, metrics }, row) => {
        // A name that the columns of a table do not change.
        return printBonnie({ ...setup, machine: `vm${index}-${row}` }, metrics);
      });
      return tableOf(csv2txt(rows, layout === "v2/50" ? "2.00a" : "1.97"));
    });
  })
  .filter(({ runs }) => runs.length > 0);

/** Numbers from 0 up to a limit, the same for the same seed (mulberry32). */
function randomFrom(seed: number): (limit: number) => number {
  let state = Math.imul(seed + 1, 0x9e3779b1);
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296) * limit);
  };
}

type Random = (limit: number) => number;

const pick = <T>(random: Random, items: readonly [T, ...T[]] | readonly T[]): T => {
  const item = items[random(items.length)];
  if (item === undefined) throw new Error("nothing to pick from");
  return item;
};

const two = (value: number) => `${value}`.padStart(2, "0");

/** Prefixes of one writer, with the time of each line. */
const WRITERS: readonly ((second: number) => string)[] = [
  (s) => `[2026-11-22T10:15:${two(s)}.123Z] `,
  (s) => `Nov 22 10:15:${two(s)} dom0-1 bonnie[123]: `,
  (s) => `2017-12-06 11:25:${two(s)},159 process          L0421 DEBUG| [stdout] `,
  () => "bench-1  | ",
  () => "\u001b[36mbench-1  |\u001b[0m ",
  (s) => `2026-11-22T10:15:${two(s)}.123456789Z stdout F `,
  (s) => `[   12.3456${two(s)}] `,
  (s) => `Dec  1 10:03:${two(s)} `,
  () => "[pod/bench-x7x9p/bonnie] ",
  () => "dom0-7: ",
];

const NOISE = [
  ...["", "Delete files in random order...done.", "real 10m3.2s", "user    0m1.23s", "0", "7", "42", "# site: fra"],
  ...["# remark", "-- ", "On Monday we measured:", "> quoted text", "format_version,bonnie_version,name,concurrency"],
  ...["r  b   swpd   free   buff  cache   si   so    bi    bo   in   cs us sy id wa", "procs,memory,1,2", "```"],
  ...[" 1  0      0 812345  12345 456789    0    0   123   456  789  012  3  4 90  3", "+++", "100%", "{", "host: x"],
] as const;

/** Characters that may be added: none of them is part of a number, or makes two of one in a table. */
const CHARACTERS = [..."xyzKg,;:<>*|\"'=/-", "\uFEFF", "\0", "\u001b", "é"];

interface State {
  readonly random: Random;
  readonly steps: string[];
  /** Whether a run may have lost so much that nothing of it is left to notice. */
  mayVanish: boolean;
}

const splitHard = (line: string, width: number) => line.match(new RegExp(`.{1,${width}}`, "gsu")) ?? [""];

/** As a mail program wraps: at the last space before the width, or, without one, after the last comma or nowhere. */
function splitSoft(line: string, width: number): string[] {
  const pieces: string[] = [];
  let rest = line;
  while (rest.length > width) {
    const at = rest.lastIndexOf(" ", width);
    if (at <= 0) break;
    pieces.push(rest.slice(0, at));
    rest = rest.slice(at + 1);
  }
  return [...pieces, rest];
}

const eachLine = (text: string, change: (line: string, index: number) => string | readonly string[]) =>
  text.split("\n").flatMap(change).join("\n");

type Damage = (text: string, state: State) => string;

/** What happens to a text as a whole on its way. */
const TRANSPORTS: readonly (readonly [string, Damage])[] = [
  [
    "hard wrap",
    (text, { random }) => {
      const width = 20 + random(70);
      return eachLine(text, (line) => splitHard(line, width));
    },
  ],
  [
    "soft wrap",
    (text, { random }) => {
      const width = 30 + random(50);
      return eachLine(text, (line) => splitSoft(line, width));
    },
  ],
  [
    "flowed",
    (text, { random }) => {
      const width = 60 + random(20);
      return eachLine(text, (line) =>
        splitHard(line, width).map((piece, index, all) => (index < all.length - 1 ? `${piece} ` : piece)),
      );
    },
  ],
  [
    "quoted-printable",
    (text) =>
      eachLine(text, (line) =>
        splitHard(line, 75).map((piece, index, all) => (index < all.length - 1 ? `${piece}=` : piece)),
      ),
  ],
  [
    "breaks",
    (text, { random }) => {
      let broken = text;
      for (let count = 1 + random(4); count > 0; count -= 1) {
        const at = random(broken.length);
        broken = `${broken.slice(0, at)}\n${broken.slice(at)}`;
      }
      return broken;
    },
  ],
  [
    "prefix",
    (text, { random }) => {
      const writer = pick(random, WRITERS);
      return eachLine(text, (line, index) => writer(index % 60) + line);
    },
  ],
  ["prefix of the first line", (text, { random }) => pick(random, WRITERS)(0) + text],
  ["quoted", (text, { random }) => eachLine(text, (line) => pick(random, ["> "]) + line)],
  [
    "indented",
    (text, { random }) => {
      const spaces = " ".repeat(1 + random(8));
      return eachLine(text, (line) => spaces + line);
    },
  ],
  ["CRLF", (text) => text.replaceAll("\n", "\r\n")],
  ["spaces at the end", (text) => eachLine(text, (line) => `${line}  `)],
  ["spaces collapsed", (text) => eachLine(text, (line) => line.replace(/ +/g, " ").trim())],
  ["no-break spaces", (text) => text.replaceAll("  ", " \u00A0")],
  ["JSON list", (text) => eachLine(text, (line) => `        "${line}",`)],
];

/** What happens to single characters and lines. */
const ACCIDENTS: readonly (readonly [string, Damage])[] = [
  [
    "noise",
    (text, { random }) => {
      const lines = text.split("\n");
      return lines.toSpliced(random(lines.length + 1), 0, pick(random, NOISE)).join("\n");
    },
  ],
  [
    "lost line",
    (text, state) => {
      const lines = text.split("\n");
      state.mayVanish = true;
      return lines.toSpliced(state.random(lines.length), 1).join("\n");
    },
  ],
  [
    "doubled line",
    (text, { random }) => {
      const lines = text.split("\n");
      const at = random(lines.length);
      return lines.toSpliced(at, 0, lines[at] ?? "").join("\n");
    },
  ],
  [
    "swapped lines",
    (text, { random }) => {
      const lines = text.split("\n");
      const at = random(lines.length - 1);
      return lines.toSpliced(at, 2, lines[at + 1] ?? "", lines[at] ?? "").join("\n");
    },
  ],
  [
    "joined lines",
    (text, state) => {
      const lines = text.split("\n");
      const at = state.random(lines.length - 1);
      // A line in a comment is not to be read.
      if (lines[at]?.startsWith("#") === true) state.mayVanish = true;
      return lines.toSpliced(at, 2, (lines[at] ?? "") + (lines[at + 1] ?? "")).join("\n");
    },
  ],
  [
    "added character",
    (text, { random }) => {
      const at = random(text.length + 1);
      return text.slice(0, at) + pick(random, CHARACTERS) + text.slice(at);
    },
  ],
  [
    "lost character",
    (text, { random }) => {
      const at = random(text.length);
      // Without its m, 5ms is 5s; without a colon or a slash, sizes are others.
      return /[\d.:/a-z]/.test(text[at] ?? "") ? text : text.slice(0, at) + text.slice(at + 1);
    },
  ],
  [
    "end cut off",
    (text, state) => {
      state.mayVanish = true;
      return text.slice(0, state.random(text.length));
    },
  ],
  [
    "beginning cut off",
    (text, state) => {
      state.mayVanish = true;
      return text.slice(state.random(text.length));
    },
  ],
];

/** Makes the upload of a number. */
export function damagedUpload(number: number): DamagedUpload {
  const random = randomFrom(number);
  const state: State = { random, steps: [], mayVanish: false };
  const pools = [realLines, arbitraryLines, arbitraryLines, PRINTED_TABLES, convertedTables];
  const sources = Array.from({ length: 1 + random(3) }, () => pick(random, pick(random, pools)));
  const damage = (text: string, kinds: readonly (readonly [string, Damage])[]) => {
    const [name, change] = pick(random, kinds);
    state.steps.push(name);
    return change(text, state);
  };
  const parts = sources.map(({ text }) => {
    let part = text;
    if (random(10) === 0) part = damage(part, ACCIDENTS);
    for (let count = pick(random, [0, 0, 1, 1, 2, 3]); count > 0; count -= 1) part = damage(part, TRANSPORTS);
    return part;
  });
  const separators = ["\n", "\n", "\n\n", `\n${pick(random, NOISE)}\n`];
  let text = parts.reduce((all, part) => all + pick(random, separators) + part);
  for (let count = pick(random, [0, 0, 0, 1, 1, 2]); count > 0; count -= 1) text = damage(text, ACCIDENTS);
  if (random(20) === 0) text = damage(text, TRANSPORTS);
  // A table and a line of one run, or a line twice, are one run.
  const isReal = sources.some((source) => realLines.includes(source));
  const noticed = new Set(sources.filter(({ kind }) => kind === "line" || !isReal));
  // Of several rows of a converted table, some may look like text when others are damaged: one of them has to be noticed.
  const noticeable = state.mayVanish ? 0 : noticed.size;
  return { text, sources, steps: state.steps, noticeable };
}

// What may come of it.

/** The numbers of a run: everything but its names. */
function numbersOf({ setup, metrics }: SourceRun): string {
  // The version of the program is free text as well.
  const { machine: _, seed: __, bonnie_version: ___, ...rest } = setup;
  return JSON.stringify([rest, metrics]);
}

const numbersOfSources = new WeakMap<SourceRun, string>();

function numbersOfSource(run: SourceRun): string {
  const known = numbersOfSources.get(run) ?? numbersOf(run);
  numbersOfSources.set(run, known);
  return known;
}

/** A line as it was read, without its label. */
function printedOf({ printed, raw, prefix }: BonnieResult): string {
  const line = printed ?? raw;
  return prefix?.kind === "label" && line.startsWith(prefix.text) ? line.slice(prefix.text.length) : line;
}

/** Whether a line is the beginning of one source, followed by the end of another or of itself; either may be empty. */
function isJoined(line: string, sources: readonly string[]): boolean {
  const longest = (isSame: (source: string, length: number) => boolean) =>
    Math.max(
      ...sources.map((source) => {
        let length = 0;
        while (length < line.length && length < source.length && isSame(source, length + 1)) length += 1;
        return length;
      }),
    );
  const front = longest((source, length) => source[length - 1] === line[length - 1]);
  const back = longest((source, length) => source.at(-length) === line.at(-length));
  return front + back >= line.length;
}

const WRAPS = new Set(["hard wrap", "soft wrap", "flowed", "quoted-printable", "breaks"]);
const MOVES = new Set(["swapped lines", "lost line", "doubled line", "joined lines"]);

/** Damage that can change a name: text in front of a line becomes part of it. */
const CHANGES_NAMES = new Set([...ACCIDENTS.map(([name]) => name), ...WRAPS, "spaces collapsed", "no-break spaces"]);

/** A v1 line without the name in front, a v2 line as it is. */
const withoutName = (line: string) => (isOfV1(line) ? line.slice(line.indexOf(",")) : line);
const isOfV1 = (line: string) => line.split(",").length === 27;
const isOfEqualLength = (a: string, b: string) => a.split(",").length === b.split(",").length;

/** What one row and its latencies print of the tests; bounds follow from the sizes. */
function testsOf({ metrics }: SourceRun, isFiles: boolean): string {
  const tests = METRICS.filter(({ unit }) => (unit === "files/s") === isFiles).map(({ name }) => metrics[name]);
  return JSON.stringify(tests, (key, value: unknown) => (key === "lower_bound" ? null : value));
}

/** A half of a table: the numbers that one row and its latencies print. */
function halfOf({ setup, metrics }: SourceRun, isFiles: boolean): string {
  const sizes = isFiles ? setup.files : [setup.file_size_kib, setup.chunk_size_bytes, setup.seek_count];
  return JSON.stringify(sizes) + testsOf({ setup, metrics }, isFiles);
}

const withoutLatencies = ({ setup, metrics }: SourceRun): SourceRun => {
  return {
    setup,
    metrics: perMetric((metric) => (metrics[metric] === null ? null : { ...metrics[metric], latency_us: null })),
  };
};

/** Whether a half is the same but for its latencies and the last digits of its last %CP. */
function isSameBut(run: SourceRun, result: SourceRun, isFiles: boolean): boolean {
  const last = isFiles ? "ran_delete" : "seeks";
  const [whole, cut] = [run.metrics[last], result.metrics[last]];
  if (whole === null || cut === null || !`${whole.cpu}`.startsWith(`${cut.cpu}`)) return false;
  const metrics = { ...result.metrics, [last]: { ...cut, cpu: whole.cpu } };
  return halfOf(withoutLatencies(run), isFiles) === halfOf(withoutLatencies({ ...result, metrics }), isFiles);
}

/** Whether a half is not there. */
const isNoHalf = ({ setup }: SourceRun, isFiles: boolean) => (isFiles ? setup.files : setup.file_size_kib) === null;

/**
 * Explains a stored result by its sources: null if it is one of their runs, the exception that it is, or what is wrong with it.
 */
function explain(
  result: BonnieResult,
  { sources, steps }: DamagedUpload,
): Exception | null | { readonly wrong: string } {
  const { setup } = result;
  const runs = sources.flatMap((source) => source.runs);
  const numbers = numbersOf(result);
  const same = runs.filter((run) => numbersOfSource(run) === numbers);
  if (same.some((run) => run.setup.machine === setup.machine)) return null;
  const isDamaged = steps.some((step) => CHANGES_NAMES.has(step)) || result.prefix?.kind === "label";
  // Pieces of equal length in another order.
  const isShuffled = steps.some((step) => WRAPS.has(step)) && steps.some((step) => MOVES.has(step));
  if (setup.source === "csv") {
    const lines = sources.filter(({ kind }) => kind === "line").map(({ text }) => text);
    const printed = printedOf(result);
    if (same.length > 0)
      return isDamaged && findInner(`${setup.machine},`) === null ? "damaged name" : { wrong: "another name" };
    if (lines.some((line) => line.startsWith(printed) && line.split(",").length === printed.split(",").length))
      return "cut in a number";
    if (lines.some((line) => printed.startsWith(line) && /^\d+$/.test(printed.slice(line.length))))
      return "joined ends";
    if (isJoined(printed, lines)) return "joined ends";
    const [values, ...others] = [printed, ...lines].map(withoutName);
    if (isDamaged && others.some((line) => line.startsWith(values ?? "") && isOfEqualLength(line, values ?? ""))) {
      return "cut in a number";
    }
    if (isShuffled) return "swapped pieces";
    return { wrong: "numbers of no source" };
  }
  if (same.length > 0) return runs.some((run) => run.setup.machine.startsWith(setup.machine)) ? null : "damaged name";
  const isRead = (isSame: (run: SourceRun, isFiles: boolean) => boolean) =>
    [false, true].every((isFiles) => isNoHalf(result, isFiles) || runs.some((run) => isSame(run, isFiles)));
  if (isRead((run, isFiles) => halfOf(run, isFiles) === halfOf(result, isFiles))) return "half a table";
  const isLost = isRead(
    (run, isFiles) => halfOf(withoutLatencies(run), isFiles) === halfOf(withoutLatencies(result), isFiles),
  );
  const hasNoLatency = result.warnings.some((warning) => warning.startsWith("no_latency"));
  if (isLost && hasNoLatency) return "latencies lost";
  // The last number of a row was cut, and the line of latencies below it is of no use.
  const isCut = isRead((run, isFiles) => isSameBut(run, result, isFiles));
  if (isCut && hasNoLatency) return "cut in a number";
  // The row of a table that lost its beginning, and with it digits of its size, below a whole row of another table.
  const isEnd = isRead((run, isFiles) => testsOf(run, isFiles) === testsOf(result, isFiles));
  if (isEnd && steps.includes("beginning cut off")) return "joined ends";
  return isShuffled ? "swapped pieces" : { wrong: "values of no table" };
}

/** What an upload was read as. */
export interface Judged {
  /** What is wrong with it; empty if nothing is. */
  readonly wrong: readonly string[];
  readonly exceptions: readonly Exception[];
  readonly stored: number;
  readonly issues: number;
}

/** Reads an upload and judges what came of it. */
export function judge(upload: DamagedUpload): Judged {
  const { entries } = readBonnie(upload.text);
  const wrong: string[] = [];
  const exceptions: Exception[] = [];
  let [stored, issues] = [0, 0];
  for (const entry of entries) {
    if (entry.kind === "issue") issues += 1;
    if (entry.kind !== "result") continue;
    stored += 1;
    const found = explain(entry.result, upload);
    if (found !== null && typeof found === "object") wrong.push(`${found.wrong}: ${printedOf(entry.result)}`);
    else if (found !== null) exceptions.push(found);
  }
  if (issues === 0 && stored < upload.noticeable) {
    wrong.push(`${upload.noticeable} sources, ${stored} stored, no issue`);
  }
  return { wrong, exceptions, stored, issues };
}
