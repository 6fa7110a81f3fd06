// Damage of several kinds at once, found by reading a million damaged uploads (`npm run check:slow`). Each of these texts was
// stored with a wrong number or name, or a part of it was lost without a word.

import { expect, it } from "vitest";
import { readBonnie } from "../../shared/bonnie/reader.ts";
import { damagedUpload, judge } from "./damaged-upload.ts";
import { BLKTAP, fixture, HEADER_200, issueOf, issuesOf, LOOP, resultOf, resultsOf, V197 } from "./reading.ts";

const IO_197 = `Version  1.97       ------Sequential Output------ --Sequential Input- --Random-
Concurrency   1     -Per Chr- --Block-- -Rewrite- -Per Chr- --Block-- --Seeks--
Machine        Size K/sec %CP K/sec %CP K/sec %CP K/sec %CP K/sec %CP  /sec %CP
cc3550           8G   864  99 77866   7 72051   8  2947  99 235458  14  9676 125
Latency             14345us    2216ms     749ms    4939us     131ms    1748us`;
const FILES_197 = `Version  1.97       ------Sequential Create------ --------Random Create--------
cc3550              -Create-- --Read--- -Delete-- -Create-- --Read--- -Delete--
              files  /sec %CP  /sec %CP  /sec %CP  /sec %CP  /sec %CP  /sec %CP
                 16  1465  52 +++++ +++ +++++ +++  1257  51 +++++ +++ +++++ +++
Latency              2205us     881us     689us     668us      23us     981us`;
const CONVERTED = fixture("csv2txt-197.txt").trimEnd();

const afterLine = (text: string, pattern: RegExp, line: string) =>
  text
    .split("\n")
    .flatMap((each) => (pattern.test(each) ? [each, line] : [each]))
    .join("\n");

it("uploads with all kinds of damage give the numbers of their sources or an issue", () => {
  for (let number = 0; number < 2_000; number += 1) expect(judge(damagedUpload(number)).wrong, `${number}`).toEqual([]);
});

it.each(["0", "xen-blkback: backend/vbd/7/51712: using 4 queues", "real 10m3.2s"])(
  "a table with %j between a row and its latencies is not read",
  (noise) => {
    const io = afterLine(IO_197, /^cc3550 .*125$/, noise);
    expect(resultsOf(io)).toEqual([]);
    expect(issueOf(io).code).toBe("bad_table");
    const files = afterLine(FILES_197, /^ +16 /, noise);
    expect(resultsOf(files)).toEqual([]);
    expect(issuesOf(files)).toHaveLength(1);
  },
);

it("a table whose half below has no version is not stored by halves when text is between them", () => {
  const text = afterLine(CONVERTED, /^Latency/, "Unable to connect to X server").replace(/Unable.*\n(?=cc)/g, "");
  expect(resultsOf(CONVERTED).length).toBeGreaterThan(0);
  expect(resultsOf(text)).toEqual([]);
  expect(issuesOf(text).length).toBeGreaterThan(0);
});

it("a table without its latencies says so", () => {
  const [io = "", files = ""] = [IO_197, FILES_197].map((half) => half.split("\n").slice(0, -1).join("\n"));
  expect(resultOf(`${io}\n${files}`).warnings).toEqual([
    "no_latency: the line of latencies is missing below the tests of the big file.",
    "no_latency: the line of latencies is missing below the file tests.",
  ]);
});

it.each([
  ["quoted", "> "],
  ["indented", "    "],
])("the last digits of a %s row in a line of their own are not left out", (_, mark) => {
  const text = IO_197.replace("9676 125", "9676 1\n25").replace(/^/gm, mark);
  expect(resultsOf(text)).toEqual([]);
  expect(issuesOf(text).length).toBeGreaterThan(0);
});

it("a number in front of a row, or between its pieces, is not part of it", () => {
  const collapsed = fixture("seed-loop.txt").trimEnd();
  expect(resultsOf(afterLine(collapsed, /^files /, "42"))).toEqual([]);
  expect(resultsOf(afterLine(FILES_197, /files {2}/, "7"))).toEqual([]);
  const torn = IO_197.replace("9676 125", "9\n7\n676 125");
  expect(resultsOf(torn)).toEqual([]);
});

it("the first 8 values of a row with collapsed spaces are not the row of -f", () => {
  const cut = IO_197.replace(/ +/g, " ").replace(/ 235458(?:.|\n)*$/, "");
  expect(resultsOf(cut)).toEqual([]);
  expect(issueOf(cut).text).toContain("it may be the beginning of 12");
});

it("two rows under a heading of the tool are not the converter's, whose file rates are right", () => {
  const table = fixture("run-200a-concurrency4.txt").trimEnd();
  const files = table.slice(table.lastIndexOf("Version"));
  const text = afterLine(
    files,
    /^ +128 /,
    "                128 131072  99 +++++ +++ 131072  95 131072  95 +++++ +++ 131072  96",
  );
  expect(resultsOf(text)).toEqual([]);
  expect(issueOf(text).text).toContain("expected one row");
  // Six spaces are the converter's, but it prints no version above the file tests.
  const narrow = files.replace(/(Version 2.00a) /, "$1");
  expect(resultOf(narrow).metrics.seq_create?.rate).toBeNull();
});

it("a row of several may not lack its latencies: the next row's may be another's", () => {
  const lines = CONVERTED.split("\n");
  const at = lines.findIndex((line) => line.startsWith("Latency"));
  const swapped = lines.toSpliced(at, 2, lines[at + 1] ?? "", lines[at] ?? "").join("\n");
  expect(resultsOf(swapped)).toEqual([]);
  expect(issuesOf(swapped).length).toBeGreaterThan(0);
  const half = swapped.slice(0, swapped.indexOf("                    ------Sequential Create")).trimEnd();
  expect(resultsOf(half.split("\n").slice(0, -1).join("\n"))).toEqual([]);
});

it("a table that could not be read is not dropped for a line of another run", () => {
  const quotedPrintable = IO_197.replace(/^(.{75})(?=.)/gm, "$1=\n");
  const text = `${quotedPrintable}\n\n${V197.replace("cc3550", "vm7").replace("2947", "2948")}`;
  expect(resultsOf(text)).toHaveLength(1);
  expect(issuesOf(text)).toMatchObject([
    { line: 1, code: "bad_table", text: expect.stringContaining("quoted-printable") },
  ]);
});

it("a row behind its heading on the same line is not dropped with the heading", () => {
  const text = IO_197.replace("/sec %CP\ncc3550", "/sec %CPcc3550").split("\n").slice(0, 3).join("\n");
  expect(issuesOf(`${text}\n${V197.replace("2947", "2948")}`)).toMatchObject([{ line: 1, code: "bad_table" }]);
});

it("a header without its line end does not hide the line behind it", () => {
  expect(issueOf(HEADER_200 + V197).code).toBe("field_count");
  expect(readBonnie(HEADER_200).entries).toEqual([]);
});

it.each([
  [
    "a log in a list",
    `        "Nov 22 10:15:00 dom0-1 bonnie[123]: ${LOOP}",`,
    '"Nov 22 10:15:00 dom0-1 bonnie[123]: ',
  ],
  ["a list of indented lines", `"      ${LOOP}",`, '"      '],
  ["a log in a log", `2026-11-22T10:15:00.1Z stdout F    [2026-11-22T10:15:00.123Z] ${LOOP}`, null],
])("%s: the name is the line's, and the run is the same", (_, text, prefix) => {
  const result = resultOf(text);
  expect([result.printed, result.setup.machine]).toEqual([LOOP, "vm101"]);
  expect(result.prefix).toMatchObject({ kind: "log", ...(prefix === null ? {} : { text: prefix }) });
});

it("a quoted line behind the prefix of a log", () => {
  expect(issueOf(`[2026-11-22T10:15:00.123Z] > ${LOOP}`).code).toBe("quoted_line");
  expect(issueOf(`"> ${LOOP}",`).code).toBe("quoted_line");
});

it.each(['"', "'", "b'", '{"log":"', "dom0-7: "])(
  "%s in front of a line, without an end or a name, is a label",
  (label) => {
    expect(resultOf(label + LOOP).prefix).toEqual({ kind: "label", text: label });
    if (label.endsWith(" "))
      expect(resultOf(label + LOOP.replace("vm101", "")).prefix).toEqual({ kind: "label", text: label });
  },
);

it.each([
  "1796119415 ",
  "1796119415272 ",
  "22-Nov-2026 10:15:00 ",
  "[22/Nov/2026:10:15:00 +0000] ",
  "22.11.2026 10:15:00 ",
  "11/22/2026 10:15:00 AM ",
])("%sis the time of a log", (prefix) => {
  expect(resultOf(prefix + BLKTAP)).toMatchObject({ printed: BLKTAP, prefix: { kind: "log", text: prefix } });
});

it("a wrapped, quoted, indented or collapsed table is the run of the table", () => {
  for (const table of [`${IO_197}\n${FILES_197}`, fixture("csv2txt-197-latency.txt").trimEnd()]) {
    const { printed, raw } = resultOf(table);
    expect(printed).not.toBe(raw);
    for (const width of [60, 66, 72, 76]) {
      const soft = table.replace(new RegExp(`(?=.{${width + 1}})(.{1,${width}}) `, "g"), "$1\n");
      expect(resultOf(soft).printed).toBe(printed);
      expect(resultOf(soft.replace(/^/gm, "> ")).printed).toBe(printed);
    }
    expect(resultOf(table.replace(/^/gm, "    ")).printed).toBe(printed);
    expect(resultOf(table.replace(/ +/g, " ")).printed).toBe(printed);
  }
});

it("the prefix of a log in front of the second piece is not part of the name", () => {
  const at = V197.indexOf("cc3550");
  const text = `[2026-11-22T10:15:00Z] ${V197.slice(0, at)}\n[2026-11-22T10:15:01Z] ${V197.slice(at)}`;
  expect(resultsOf(text)).toEqual([]);
  expect(issuesOf(text).length).toBeGreaterThan(0);
});

it("the file tests below a damaged heading are not a table of their own", () => {
  const text = `${IO_197}\n${FILES_197}`.replace("--Random-\nConcurrency", "--Random-Concurrency");
  expect(resultsOf(text)).toEqual([]);
  expect(issueOf(text).raw).toBe(text);
  // A table of another run below it is read.
  expect(resultsOf(`${text}\n${IO_197}\n${FILES_197}`)).toHaveLength(1);
});
