// What mail programs, terminals and pages do to tables: quoting, indenting, wrapping, cutting, bold marks. A table is read as the
// table itself, or is one issue; nothing else is stored, and no answer is silent.

import { describe, expect, it } from "vitest";
import { readBonnie } from "../../shared/bonnie/reader.ts";
import type { BonnieResult } from "../../shared/bonnie/types.ts";
import { METRIC_NAMES } from "../../shared/run/metrics.ts";
import { BLKTAP, fixture, issueOf, issuesOf, resultOf, resultsOf } from "./reading.ts";

const SIX = fixture("run-200a-six.log").split(/^1\.98,.*\n/m);
const [WITH_F = "", , NO_IO = "", , WITH_MAX = ""] = SIX;

const V19_TABLE = `Version  1.97       ------Sequential Output------ --Sequential Input- --Random-
Concurrency   1     -Per Chr- --Block-- -Rewrite- -Per Chr- --Block-- --Seeks--
Machine        Size K/sec %CP K/sec %CP K/sec %CP K/sec %CP K/sec %CP  /sec %CP
cc3550           8G   864  99 77866   7 72051   8  2947  99 235458  14  9676 125
Latency             14345us    2216ms     749ms    4939us     131ms    1748us
Version  1.97       ------Sequential Create------ --------Random Create--------
cc3550              -Create-- --Read--- -Delete-- -Create-- --Read--- -Delete--
              files  /sec %CP  /sec %CP  /sec %CP  /sec %CP  /sec %CP  /sec %CP
                 16 +++++ +++ +++++ +++ +++++ +++ +++++ +++ +++++ +++ +++++ +++
Latency              2205us     881us     689us     668us      23us     981us
`;
const V1_TABLE = `Version 1.03e       ------Sequential Output------ --Sequential Input- --Random-
                    -Per Chr- --Block-- -Rewrite- -Per Chr- --Block-- --Seeks--
Machine        Size K/sec %CP K/sec %CP K/sec %CP K/sec %CP K/sec %CP  /sec %CP
ubuntu           8G           65284  18 39589   8           96293   8  7511   6
                    ------Sequential Create------ --------Random Create--------
                    -Create-- --Read--- -Delete-- -Create-- --Read--- -Delete--
              files  /sec %CP  /sec %CP  /sec %CP  /sec %CP  /sec %CP  /sec %CP
                 16 29488  79 +++++ +++ 12866   9   308  98 +++++ +++  1100  99
`;

/** Tables of every kind, whole: of the tool and of its converter. */
const TABLES: readonly (readonly [string, string])[] = [
  ["1.03e with -f", V1_TABLE],
  ["1.03c, spaces collapsed", fixture("seed-blktap.txt")],
  ["1.97", V19_TABLE],
  ["2.00a", fixture("run-200a-concurrency4.txt")],
  ["2.00a with -f", WITH_F],
  ["2.00a with -s 0", NO_IO],
  ["2.00a with sizes", WITH_MAX],
  ["converted by 1.03e", fixture("csv2txt-103e.txt")],
  ["converted by 1.96", fixture("csv2txt-196.txt")],
  ["converted by 1.97", fixture("csv2txt-197.txt")],
  ["converted by 2.00a", fixture("csv2txt-200a.txt")],
];

const linesOf = (text: string) => text.trimEnd().split("\n");
const readings = (results: readonly BonnieResult[]) => results.map(({ setup, metrics }) => ({ setup, metrics }));

/** Wraps lines after `width` characters, as a terminal does. */
const wrapHard = (text: string, width: number) =>
  linesOf(text)
    .map((line) => line.replace(new RegExp(`(.{${width}})(?=.)`, "g"), "$1\n"))
    .join("\n");

/** Wraps lines at their last space before `width`, as a mail program does; the space is lost. */
const wrapSoft = (text: string, width: number) =>
  linesOf(text)
    .map((line) => softly(line, width))
    .join("\n");

function softly(line: string, width: number): string {
  if (line.length <= width) return line;
  const at = line.lastIndexOf(" ", width);
  if (at <= 0 || line.slice(0, at).trim() === "") return line;
  return `${line.slice(0, at)}\n${softly(line.slice(at + 1), width)}`;
}

/** Whether a run says nothing that none of the source's runs says. */
function isPartOf(run: BonnieResult, source: readonly BonnieResult[]): boolean {
  return source.some(
    ({ setup, metrics }) =>
      (run.setup.file_size_kib ?? setup.file_size_kib) === setup.file_size_kib &&
      (run.setup.files === null || JSON.stringify(run.setup.files) === JSON.stringify(setup.files)) &&
      METRIC_NAMES.every((name) => {
        const [read, whole] = [run.metrics[name], metrics[name]];
        if (read === null) return true;
        const latency = read.latency_us ?? whole?.latency_us;
        return read.rate === whole?.rate && read.cpu === whole.cpu && latency === whole.latency_us;
      }),
  );
}

describe.each(TABLES)("%s", (_, text) => {
  const source = resultsOf(text);

  it("is a table", () => {
    expect(source.length).toBeGreaterThan(0);
    expect(issuesOf(text)).toEqual([]);
  });

  it.each([
    ["quoted", "> "],
    ["quoted twice", ">> "],
    ["quoted by two programs", "> > "],
    ["quoted without a space", ">"],
    ["in a frame", "| "],
    ["indented by spaces", "    "],
    ["indented by a tab", "\t"],
  ])("%s, it is the same run", (__, mark) => {
    const marked = linesOf(text)
      .map((line) => mark + line)
      .join("\n");
    expect(issuesOf(marked)).toEqual([]);
    expect(readings(resultsOf(marked))).toEqual(readings(source));
    for (const [index, result] of resultsOf(marked).entries()) {
      expect(result.line).toBe(source[index]?.line);
      expect(result.raw).toContain(mark);
      // It is the same run, whichever copy is sent.
      expect(result.printed).toBe(source[index]?.printed);
    }
  });

  it("in a code block of Markdown, it is the same run", () => {
    expect(readings(resultsOf(`\`\`\`\n${text}\`\`\`\n`))).toEqual(readings(source));
  });

  it("wrapped at any column, it is the same run or an issue", () => {
    let read = 0;
    for (let width = 20; width < 80; width += 1) {
      for (const wrapped of [wrapHard(text, width), wrapSoft(text, width)]) {
        const results = resultsOf(wrapped);
        if (results.length > 0) {
          read += 1;
          expect(readings(results), wrapped).toEqual(readings(source));
          expect(issuesOf(wrapped), wrapped).toEqual([]);
        } else expect(issuesOf(wrapped).length, wrapped).toBeGreaterThan(0);
      }
    }
    // Mail programs wrap after 72 to 78 characters.
    expect(read).toBeGreaterThan(0);
  });

  it("cut at any line, no run says anything else, and something is said", () => {
    const lines = linesOf(text);
    for (let at = 1; at < lines.length; at += 1) {
      for (const part of [lines.slice(0, at), lines.slice(at)]) {
        const { entries } = readBonnie(part.join("\n"));
        for (const result of resultsOf(part.join("\n"))) expect(isPartOf(result, source), part.join("\n")).toBe(true);
        // A line of latencies alone looks like any text.
        if (part.some((line) => !line.startsWith("Latency")))
          expect(entries.length, part.join("\n")).toBeGreaterThan(0);
      }
    }
  });

  it("with a line removed, no run says anything else", () => {
    for (const at of linesOf(text).keys()) {
      const part = linesOf(text).toSpliced(at, 1).join("\n");
      for (const result of resultsOf(part)) expect(isPartOf(result, source), part).toBe(true);
      expect(readBonnie(part).entries.length, part).toBeGreaterThan(0);
    }
  });

  it("cut at any column, no run says anything else", () => {
    for (let width = 40; width < 79; width += 1) {
      const cut = linesOf(text)
        .map((line) => line.slice(0, width))
        .join("\n");
      // The last digit of a value may be lost without a trace.
      const results = resultsOf(cut).filter((result) => !isPartOf(result, source));
      for (const { raw } of results)
        expect(raw.split("\n").every((line) => line.length < width || /[\d+]$/.test(line))).toBe(true);
      expect(readBonnie(cut).entries.length, cut).toBeGreaterThan(0);
    }
  });
});

describe("tables of mail archives and forums", () => {
  it("a wrapped table next to another run's line is a second run", () => {
    const [line, table] = resultsOf(fixture("wrapped-table.txt"));
    expect([line?.setup.source, table?.setup.source, table?.line]).toEqual(["csv", "text", 4]);
    expect(table?.metrics.putc).toMatchObject({ rate: 5267, cpu: 96 });
    expect(table?.metrics.seeks).toMatchObject({ rate: 44.4, cpu: 1 });
    expect(table?.metrics.ran_delete).toMatchObject({ rate: 1100, cpu: 99 });
    expect(table?.raw.split("\n")).toHaveLength(16);
    expect(issuesOf(fixture("wrapped-table.txt"))).toEqual([]);
    // It can be read again from its own text.
    expect(resultOf(table?.raw ?? "").metrics).toEqual(table?.metrics);
  });

  it("a wrapped table next to its own whole line adds nothing", () => {
    const lines = fixture("wrapped-mail.txt").replace(/([,+])\n(?=[\d+])/g, "$1");
    expect(resultsOf(lines).map(({ setup, metrics }) => [setup.source, metrics.putc?.rate])).toEqual([
      ["csv", 5267],
      ["csv", 4565],
    ]);
    expect(issuesOf(lines)).toEqual([]);
  });

  it("a cell with bold marks next to the whole line adds nothing", () => {
    const { entries, ignored } = readBonnie(fixture("bold-cell.md"));
    expect([entries.map(({ kind }) => kind), ignored.table]).toEqual([["result"], 5]);
  });

  it.each([
    ["alone", (text: string) => text.replace(/^1\.96,.*\n/m, "")],
    ["next to the line of another machine", (text: string) => text.replace(",vm124,", ",vm125,")],
    ["next to the line of another size", (text: string) => text.replace(",4018M,", ",4019M,")],
    ["next to a line with another rate", (text: string) => text.replace(",56561,", ",56562,")],
    ["next to a line with another %CP of the same test", (text: string) => text.replace(",88826,16,", ",88826,17,")],
    ["next to a line with another latency", (text: string) => text.replace(",43102us,", ",43103us,")],
  ])("a cell with bold marks %s is an issue that points to it", (_, change) => {
    expect(issuesOf(change(fixture("bold-cell.md")))).toMatchObject([
      { line: 7, column: 61, code: "bad_number", field: "get_block" },
    ]);
  });

  it("of a quoted table, an issue points to the character as received", () => {
    const text = linesOf(V1_TABLE.replace("65284", "6528x"))
      .map((line) => `> ${line}`)
      .join("\n");
    expect(issueOf(text)).toMatchObject({ line: 4, column: 33, code: "bad_number", raw: text });
  });

  it("of a wrapped table, an issue points to the line as received", () => {
    const text = wrapHard(V19_TABLE.replace("72051", "7205x"), 40);
    expect(issueOf(text)).toMatchObject({ code: "bad_table", raw: text.replace(/ +$/gm, "") });
    const latency = wrapHard(V19_TABLE.replace("1748us", "9748ms"), 60);
    const at = latency.split("\n").findIndex((line) => line.includes("9748ms"));
    expect(issueOf(latency)).toMatchObject({ line: at + 1, code: "latency_above_elapsed" });
  });

  it("a row that can be joined in two ways is not read", () => {
    // 12 values, broken after 8: the first line alone would be a row of -f.
    const row = "vm101 2064M 69438 96 93549 20 38118 10 54955 76\n131645 8 249.1 0";
    const text = linesOf(fixture("seed-blktap.txt")).with(3, row).join("\n");
    expect(issueOf(text)).toMatchObject({ line: 4, code: "bad_table", raw: text });
    expect(issueOf(text).text).toContain("wrapped so that it can be read in several ways");
    // With its columns the same break can be read in one way only.
    const aligned = V1_TABLE.replace(
      /^ubuntu.*$/m,
      "ubuntu           8G 51234  91 65284  18 39589   8 48765  90\n 96293   8  7511   6",
    );
    expect(resultOf(aligned).metrics.putc?.rate).toBe(51234);
  });

  it("numbers below a table, such as an exit status, do not belong to it", () => {
    for (const noise of ["0", "1 2 3 4", " 1  0      0 123456  12345 234567    0    0     5    10"]) {
      expect(readings([resultOf(`${V1_TABLE}${noise}\n`)])).toEqual(readings([resultOf(V1_TABLE)]));
    }
  });

  it("a table with more of it below is not stored", () => {
    const [heading = "", ...others] = linesOf(fixture("csv2txt-103e.txt"));
    const text = [heading, ...others, ...others.slice(4)].join("\n");
    expect(issueOf(text).code).toBe("bad_table");
  });
});

describe("every heading is named", () => {
  const heading = linesOf(V19_TABLE).slice(0, 3).join("\n");

  it.each([
    ["a heading", heading],
    ["its first line", linesOf(V19_TABLE)[0] ?? ""],
    ["its second line", linesOf(V19_TABLE)[1] ?? ""],
    ["its third line", linesOf(V19_TABLE)[2] ?? ""],
    ["a wrapped first line", "Version 1.02c       ------Sequential Output------ --Sequential\nInput- --Random-"],
    ["the columns of a man page", "Machine        Size K/sec %CP K/sec %CP"],
    ["a heading of file tests without a version", linesOf(V1_TABLE).slice(4, 7).join("\n")],
    ["a table without its first line", linesOf(V1_TABLE).slice(1).join("\n")],
    ["a heading, a message and a row", linesOf(V1_TABLE).toSpliced(3, 0, "(see below)").slice(0, 5).join("\n")],
    ["a table with a message in it", linesOf(V1_TABLE).toSpliced(3, 0, "(see below)").join("\n")],
    ["a heading and a message", `${heading}\nBonnie: drastic I/O error (write(2)): No space left on device`],
  ])("%s: one issue", (_, text) => {
    const [issue, ...others] = issuesOf(text);
    expect(others).toEqual([]);
    expect(issue).toMatchObject({ line: 1, code: "bad_table" });
    expect(issue?.text).not.toContain("directly above");
  });

  it("a heading that the CSV line of its version follows is explained by it", () => {
    const { entries, ignored } = readBonnie(`${heading}\n${fixture("public-19x.csv").split("\n")[1]}\n`);
    expect([entries.map(({ kind }) => kind), ignored.table]).toEqual([["result"], 3]);
    expect(issuesOf(`${heading}\n${BLKTAP}\n`)).toHaveLength(1);
  });

  it("the end of a table and its own line, as tail prints them, are one run", () => {
    const log = linesOf(fixture("run-200a-six.log")).slice(0, 11);
    for (let from = 1; from < log.length; from += 1) {
      expect(readBonnie(log.slice(from).join("\n")).entries.map(({ kind }) => kind)).toEqual(["result"]);
    }
    const other = log.join("\n").replace("  1  1024  52", "  1  1024  53");
    expect(issuesOf(other.split("\n").slice(6).join("\n"))).toHaveLength(1);
  });

  it.each([
    "The %CP column is the CPU time; K/sec is the rate.",
    "Output is in K/sec and %CP, one pair for each test.",
    "Version 2 of our storage -- much faster",
    "--- vm101 ---",
  ])("prose is not a heading: %s", (line) => {
    expect(readBonnie(line)).toMatchObject({ entries: [], ignored: { other: 1 } });
  });
});
