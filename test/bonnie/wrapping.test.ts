// Lines that were broken into several. When one of these fails, a mailed run is lost, or pieces of two runs are stored as one.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MAX_LINES, readBonnie } from "../../shared/bonnie/reader.ts";
import type { BonnieResult } from "../../shared/bonnie/types.ts";
import {
  BLKTAP,
  fixture,
  issueOf,
  issuesOf,
  LOOP,
  NO_IO_200,
  REAL_LINES,
  resultOf,
  resultsOf,
  V196,
  V197,
  V200,
} from "./reading.ts";

fc.configureGlobal({ seed: 2026 });

const valuesOf = ({ setup, metrics, warnings }: BonnieResult) => ({ setup, metrics, warnings });
const printedOf = ({ printed, raw }: BonnieResult) => printed ?? raw;

/** Splits a line before each of the columns. */
function wrapAt(line: string, columns: readonly number[], end = "", indent = ""): string {
  const sorted = [...new Set(columns)].sort((a, b) => a - b);
  return [0, ...sorted].map((from, index) => line.slice(from, sorted[index])).join(`${end}\n${indent}`);
}

/** The columns of a line's name within it: a break there may have replaced a space, or leaves a whole line with another name. */
function nameOf(line: string): { readonly from: number; readonly to: number } {
  const before = line.split(",").length === 27 ? 0 : 2;
  const from = before === 0 ? 0 : line.split(",", before).join(",").length + 1;
  return { from, to: line.split(",", before + 1).join(",").length };
}

const isInName = (line: string, column: number) => column > nameOf(line).from && column < nameOf(line).to;

/** A wrapped line is read as the line, or named in an issue; true if it was read. */
function isReadRight(text: string, line: string): boolean {
  const results = resultsOf(text);
  if (results.length === 0) {
    expect(issuesOf(text).length, text).toBeGreaterThan(0);
    return false;
  }
  expect(results.map(printedOf), text).toEqual([line]);
  expect(results.map(valuesOf)).toEqual([valuesOf(resultOf(line))]);
  expect(issuesOf(text)).toEqual([]);
  return true;
}

describe("a wrapped line is joined", () => {
  it("at every column but those in its name", () => {
    for (const line of REAL_LINES) {
      const isV1 = line.split(",").length === 27;
      for (let at = 1; at < line.length; at += 1) {
        // The second piece of a v1 line that is split in its name is a whole line with another name.
        if (isV1 && (isInName(line, at) || at === nameOf(line).to)) continue;
        const isRead = isReadRight(wrapAt(line, [at]), line);
        // With its last latency, or a digit of its last %CP, torn off, a line is valid too.
        const isEnd = at >= line.lastIndexOf(",") + 1;
        expect(isRead || isInName(line, at) || isEnd, `${at} of ${line}`).toBe(true);
      }
    }
  });

  it("at a comma, before it or after it, also after the name of v1", () => {
    for (const line of REAL_LINES) {
      for (const { index } of line.matchAll(/,/g)) {
        expect(isReadRight(wrapAt(line, [index + 1]), line) || index === line.lastIndexOf(",")).toBe(true);
        if (index > line.indexOf(",")) expect(isReadRight(wrapAt(line, [index]), line)).toBe(true);
      }
    }
  });

  it.each([
    ["a trailing space, as format=flowed has it", " ", ""],
    ["= of quoted-printable", "=", ""],
    ["an indented continuation", "", "    "],
    ["carriage returns", "\r", ""],
    ["spaces and carriage returns", "  \r", "\t"],
  ])("with %s", (_, end, indent) => {
    for (const line of REAL_LINES) {
      for (const width of [40, 60, 72, 76, 78, 80]) {
        const columns = Array.from({ length: Math.ceil(line.length / width) - 1 }, (__, index) => (index + 1) * width);
        const text = wrapAt(line, columns, end, indent);
        const result = resultOf(text);
        expect([printedOf(result), result.line]).toEqual([line, 1]);
        expect(result.raw).toBe(text.replaceAll("\r", ""));
        // A stored line is read again like the first time.
        expect(resultOf(result.raw)).toEqual(result);
      }
    }
  });

  it("with any number of breaks, among other text and behind the prefix of a log", () => {
    let read = 0;
    const wrapped = fc.record({
      line: fc.constantFrom(...REAL_LINES),
      columns: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 13 }),
      end: fc.constantFrom("", " ", "=", "\r"),
      indent: fc.constantFrom("", "  "),
      prefix: fc.constantFrom("", "", "[2026-11-22T10:15:00.123Z] ", "2017-12-06 11:25:05,159 process  L0421 DEBUG| "),
      above: fc.constantFrom("", "Delete files in random order...done.\n", "Hello,\n\n", "# site: fra\n", `${V196}\n`),
      below: fc.constantFrom("", "\n", "\nreal 10m3.2s", "\n-- \nBonnie", `\n${V196}`, "\n# rack: 7"),
    });
    fc.assert(
      fc.property(wrapped, ({ line, columns, end, indent, prefix, above, below }) => {
        const from = line.indexOf(",") + 1;
        const at = columns.map((part) => prefix.length + from + Math.floor(part * (line.length - from)));
        const text = above + wrapAt(prefix + line, at, end, indent) + below;
        const others = (above.startsWith("1") ? 1 : 0) + (below.startsWith("\n1") ? 1 : 0);
        const results = resultsOf(text).map(printedOf);
        expect(results.filter((printed) => printed === V196).length).toBe(
          others + Number(line === V196 && results.length > others),
        );
        if (results.length === others) expect(issuesOf(text).length, text).toBeGreaterThan(0);
        else {
          read += 1;
          expect(results, text).toContain(line);
          expect(results.length).toBe(others + 1);
        }
      }),
      { numRuns: 4000 },
    );
    expect(read).toBeGreaterThan(2000);
  });

  it("as fold, textwrap and quopri wrap it", () => {
    const [folded, quotedPrintable] = [
      `1.97,1.97,cc3550,1,1517338312,8G,,864,99,77866,7,72051,8,2947,99,235458,
14,9676,125,16,,,,,+++++,+++,+++++,+++,+++++,+++,+++++,+++,+++++,+++,+++
++,+++,14345us,2216ms,749ms,4939us,131ms,1748us,2205us,881us,689us,668us
,23us,981us
`,
      `1.97,1.97,cc3550,1,1517338312,8G,,864,99,77866,7,72051,8,2947,99,235458,14,=
9676,125,16,,,,,+++++,+++,+++++,+++,+++++,+++,+++++,+++,+++++,+++,+++++,+++=
,14345us,2216ms,749ms,4939us,131ms,1748us,2205us,881us,689us,668us,23us,981=
us
`,
    ];
    for (const text of [folded, quotedPrintable]) {
      expect(printedOf(resultOf(text))).toBe(V197);
      expect(resultOf(text).raw).toBe(text.trimEnd());
    }
  });

  it("in a published mail with two runs, next to its wrapped tables", () => {
    const mail = `Version 1.02c       ------Sequential Output------ --Sequential
Input- --Random-
Machine        Size K/sec %CP K/sec %CP K/sec %CP K/sec %CP K/sec %CP  /sec
%CP
vm101          128M  5267  96  7851  13  4311   8  5004  94 10199  12  44.4
1
vm101,128M,5267,96,7851,13,4311,8,5004,94,10199,12,44.4,1,16,304,98,18869,98,
12866,99,308,98,18951,98,1100,99

Kernel 2.4.19
                 16   280  83 +++++ +++ +++++ +++   281  83 +++++ +++  1047
83
vm101,128M,4565,79,9733,8,3709,5,3653,68,9391,6,102.1,1,16,280,83,+++++,+++,+
++++,+++,281,83,+++++,+++,1047,83
`;
    const results = resultsOf(mail);
    expect(
      results.map(({ line, setup, metrics }) => [line, setup.machine, metrics.putc?.rate, metrics.ran_delete?.rate]),
    ).toEqual([
      [7, "vm101", 5267, 1100],
      [13, "vm101", 4565, 1047],
    ]);
    expect(results[1]?.metrics.seq_delete?.censored).toBe(true);
  });

  it("with the lines of two runs below each other, wrapped or not", () => {
    const text = [wrapAt(LOOP, [72]), wrapAt(V197, [50, 100, 150]), BLKTAP, wrapAt(V200, [80, 160])].join("\n");
    expect(resultsOf(text).map(({ line, ...result }) => [line, printedOf({ line, ...result })])).toEqual([
      [1, LOOP],
      [3, V197],
      [7, BLKTAP],
      [8, V200],
    ]);
  });
});

describe("what cannot be joined in exactly one way is an issue", () => {
  it("a break in a machine name may have replaced a space", () => {
    for (const line of [V197, V200, NO_IO_200]) {
      const name = nameOf(line);
      for (let at = name.from + 1; at < name.to; at += 1) {
        for (const end of ["", " "]) {
          const text = wrapAt(line, [at, 90], end);
          expect(issueOf(text)).toMatchObject({ line: 1, code: "wrapped_line", raw: text });
          expect(issueOf(text).text).toContain("--data-binary");
        }
        // Quoted-printable keeps every space.
        expect(printedOf(resultOf(wrapAt(line, [at, 90], "=")))).toBe(line);
      }
    }
  });

  it("a character that quoted-printable encoded is not in the name", () => {
    expect(issuesOf(wrapAt(V197.replace("cc3550", "caf=C3=A9"), [75], "=")).length).toBeGreaterThan(0);
    expect(resultsOf(wrapAt(V197.replace("cc3550", "caf=C3=A9"), [75], "="))).toEqual([]);
  });

  it("a number between the pieces may be of another program", () => {
    for (const line of REAL_LINES) {
      const [first = "", second = ""] = wrapAt(line, [line.search(/\d\d,\d+,/) + 1]).split("\n");
      for (const number of ["7", "99"]) {
        expect(resultsOf([first, number, second].join("\n"))).toEqual([]);
        expect(issuesOf([first, number, second].join("\n")).length).toBeGreaterThan(0);
      }
    }
  });

  it("a line that is whole without the number in the next line", () => {
    const line = BLKTAP.split(",").with(-2, "1100").with(-1, "9").join(",");
    expect(issueOf(`${line}\n9`)).toMatchObject({ code: "wrapped_line", raw: `${line}\n9` });
    // No %CP is so large: the number is an exit status or the like.
    expect(resultsOf(`${line}9\n0`).map(({ raw }) => raw)).toEqual([`${line}9`]);
    const [, latency = ""] = /,(\d+us)$/.exec(V197) ?? [];
    const torn = V197.slice(0, -latency.length);
    expect(issueOf(`${torn}\n${latency}`)).toMatchObject({ code: "wrapped_line" });
    expect(resultOf(`${torn}\n0`).raw).toBe(torn);
  });

  /** Pieces of two runs, wrapped alike. */
  const [a, b] = [LOOP, BLKTAP].map((line) => wrapAt(line, [60]).split("\n"));
  const [a1 = "", a2 = "", b1 = "", b2 = ""] = [...(a ?? []), ...(b ?? [])];

  it.each([
    ["two columns read across", [a1, b1, a2, b2]],
    ["one run inside another", [a1, b1, b2, a2]],
    ["a run without its end above a whole one", [a1, b1, b2]],
    ["a run without its beginning below a whole one", [b1, b2, a2]],
    ["two beginnings", [a1, b1]],
    ["two ends", [a2, b2]],
    ["a piece that is missing between others", [a1, b1, a2]],
    ["a whole line between two pieces", [a1, LOOP.replace("vm101", "vm7"), a2]],
    ["a blank line between two pieces", [a1, "", a2]],
    ["a directive between two pieces", [a1, "# host: x", a2]],
    ["a comment between two pieces", [a1, "# remark", a2]],
    ["a quoted line between two pieces", [a1, "> text", a2]],
    ["text between two pieces", [a1, "On Monday we measured:", a2]],
    ["a piece twice", [a1, a1, a2]],
    ["an end twice", [a1, a2, a2]],
  ])("%s", (_, pieces) => {
    const text = pieces.join("\n");
    expect(resultsOf(text).filter(({ setup }) => setup.machine !== "vm7")).toEqual([]);
    expect(issuesOf(text).length).toBeGreaterThan(0);
    for (const piece of [a1, a2, b1, b2].filter((each) => pieces.includes(each))) {
      expect(
        issuesOf(text).some(({ raw }) => raw.includes(piece)),
        piece,
      ).toBe(true);
    }
  });

  it("one issue for each run", () => {
    const bad = [LOOP, BLKTAP].map((line) => wrapAt(line.replace(",16,", ",16x,"), [40, 80]));
    expect(issuesOf(bad.join("\n"))).toMatchObject([
      { line: 1, code: "wrapped_line", raw: bad[0] },
      { line: 4, code: "wrapped_line", raw: bad[1] },
    ]);
  });

  it("a damaged line that is whole keeps its own issue, and its neighbors are joined", () => {
    const bad = LOOP.replace("25511", "255x1");
    const { entries } = readBonnie([bad, wrapAt(BLKTAP, [70]), bad].join("\n"));
    expect(entries).toMatchObject([
      { issue: { line: 1, code: "bad_number", column: 2 } },
      { result: { line: 2, printed: BLKTAP } },
      { issue: { line: 4, code: "bad_number", column: 2 } },
    ]);
  });

  it("a truncated line of a run is not continued by any other real line or table", () => {
    const others = [...REAL_LINES, fixture("seed-loop.txt"), fixture("run-200a-concurrency4.txt")];
    for (const line of REAL_LINES) {
      for (const { index } of line.matchAll(/,/g)) {
        for (const cut of [line.slice(0, index), line.slice(0, index + 1)]) {
          const other = others[index % others.length] ?? "";
          const alone = resultsOf(other).map(({ raw }) => raw);
          const results = resultsOf(`${cut}\n${other}`).map(({ raw }) => raw);
          const whole = resultsOf(cut).map(({ raw }) => raw);
          expect(results).toEqual([...whole, ...alone]);
        }
      }
    }
  });
});

// Each text would take minutes if joining took time proportional to the square of the number of lines.
describe("hostile pieces are read in linear time", () => {
  const lines = (...pieces: readonly string[]) =>
    Array.from({ length: MAX_LINES }, (_, index) => pieces[index % pieces.length]).join("\n");
  it.each([
    ["beginnings", lines("vm101,2064M,69438,96,93549")],
    ["ends", lines("+++,+++++,+++")],
    ["single numbers", lines("7").replace("7", "a,1")],
    ["single commas", lines(",").replace(",", "a,1")],
    ["plus signs", lines("+++")],
    ["whole but damaged lines", lines(LOOP.replace("25511", "x"))],
    [
      "lines that would be whole with any number of the next",
      lines(LOOP.slice(0, -3), "+", "+", "+", "+", "+", "+", "+"),
    ],
    ["wrapped lines", lines(LOOP.slice(0, 72), LOOP.slice(72))],
    ["wrapped lines without an end", `${lines(LOOP.slice(0, 72), LOOP.slice(72)).slice(0, -20)}`],
    ["versions", lines("1.97,1.97")],
    ["versions and text", lines("1.97,1.97", "x")],
    ["versions, alone", lines("1.97,", "1.97,1.97,vm", ",1,2")],
    ["names", lines("a,", "1,2")],
    ["long beginnings", lines(`${"n".repeat(800)},8G,1,2`)],
    ["long text behind a version", lines(`1.97,1.97,${"n ".repeat(400)}`)],
  ])("%s", (_, text) => {
    const started = performance.now();
    const { entries, ignored } = readBonnie(text);
    expect(entries.length + ignored.other).toBeGreaterThan(0);
    expect(performance.now() - started).toBeLessThan(5_000);
  });
});
