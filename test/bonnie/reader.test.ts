import { describe, expect, it } from "vitest";
import { MAX_LINES, readBonnie } from "../../shared/bonnie/reader.ts";
import { fixture, HEADER_200, issueOf, issuesOf, LOOP, resultOf } from "./reading.ts";

const V1_HEADER =
  "name,file_size,putc,putc_cpu,put_block,put_block_cpu,rewrite,rewrite_cpu,getc,getc_cpu,get_block,get_block_cpu," +
  "seeks,seeks_cpu,num_files,seq_create,seq_create_cpu,seq_stat,seq_stat_cpu,seq_del,seq_del_cpu," +
  "ran_create,ran_create_cpu,ran_stat,ran_stat_cpu,ran_del,ran_del_cpu";

describe("other lines are counted, not reported", () => {
  it("the header of v1 is skipped although it has 27 fields itself", () => {
    expect(V1_HEADER.split(",")).toHaveLength(27);
    expect(readBonnie(`${V1_HEADER}\n${LOOP}\n`).ignored.header).toBe(1);
    expect(resultOf(`${V1_HEADER}\n${LOOP}\n`).line).toBe(2);
  });

  it("the header of v2 is skipped", () => {
    expect(readBonnie(HEADER_200)).toEqual({
      entries: [],
      ignored: { blank: 0, header: 1, comment: 0, table: 0, other: 0 },
    });
  });

  it.each([
    "Using uid:0, gid:0.",
    "Writing with putc()...done",
    "start 'em...done...done...done...done...done...",
    "Create files in sequential order...done.",
    "Tags: domu, Linux, performance, tips, Virtualization, xen",
    "We ran it on ext3, ext4, xfs, btrfs, jfs, reiserfs, nilfs2, zfs and, lastly, tmpfs, each twice.",
    "HTTP/1.1 200 OK",
    "2064 MB of memory",
    "+",
  ])("%s", (line) => {
    const { entries, ignored } = readBonnie(line);
    expect([entries, ignored.other]).toEqual([[], 1]);
  });

  it("a page with two tables, two lines and prose gives two results and no issue", () => {
    const prose = "We compared two backends: loop and blktap, with default settings, on one host.";
    const parts = [
      prose,
      fixture("seed-loop.txt"),
      fixture("seed-loop.csv"),
      prose,
      fixture("seed-blktap.txt"),
      fixture("seed-blktap.csv"),
    ];
    const { entries, ignored } = readBonnie(parts.join("\n"));
    expect(entries.map((entry) => entry.kind)).toEqual(["result", "result"]);
    expect(ignored).toMatchObject({ table: 16, other: 2 });
  });
});

describe("a line that looks like a result is reported", () => {
  it.each([
    "88,47,71094,98",
    "vm101,2064M",
    "12,+++",
    ",981us",
    "++,+++++",
    "vm101 2064M 25511 35 18075 3 199488 47 71094 98 937880 86 +++++ +++",
    "vm101 2064M 69438 96 93549 20 38118 10 54955 76 131645 8 249.1 0",
    "> vm101 2064M 69438 96 93549 20 38118 10 54955 76 131645 8 249.1 0",
  ])("%s", (line) => {
    expect(issueOf(line)).toMatchObject({ line: 1, column: 1, raw: line });
  });

  const row = "vm101         2064M 69438  96 93549  20 38118  10 54955  76 131645   8 249.1   0";

  it.each([
    ["a truncated line", LOOP.slice(0, 60), "field_count", "found 13; was it truncated, or wrapped by a mail program?"],
    ["its other half", LOOP.slice(60), "field_count", "found 15; was it truncated, or wrapped by a mail program?"],
    ["a line of quoted-printable mail", `${LOOP.slice(0, 60)}=`, "field_count", "quoted-printable mail"],
    ["a line with a comma in its name", LOOP.replace("vm101", "vm,101"), "field_count", "a comma in the machine name"],
    ["a row without its heading", row, "bad_table", "a Bonnie++ heading directly above this table row"],
    ["a row of a quoted table", `> ${row}`, "quoted_line", "the > of a quoted mail"],
    ["a quoted line", `>> ${LOOP}`, "quoted_line", "the > of a quoted mail"],
    ["the rest of a wrapped row", "+++ +++++ +++", "field_count", "or a whole row of a table under its heading"],
    [
      "a wrapped row of quoted-printable mail",
      `${row.replace("131645", "+++++")}=`,
      "field_count",
      "a whole row of a table",
    ],
  ])("%s: the sender learns what to fix", (_, line, code, text) => {
    expect(issueOf(line)).toMatchObject({ code, text: expect.stringContaining(text) });
  });
});

describe("comments and directives", () => {
  it.each([
    ["# backend: loop", 3, "backend", "loop"],
    ["#backend: loop", 2, "backend", "loop"],
    ["#backend:loop", 2, "backend", "loop"],
    ["# Backend: loop", 3, "backend", "loop"],
    ["#   BACKEND : loop", 5, "backend", "loop"],
    ["#\tlabel.rack:  a 7 ", 3, "label.rack", "a 7"],
    ["# Label.Rack-2: a7", 3, "label.rack-2", "a7"],
    ["  # finished: 2026-11-22T10:00:00Z\r", 5, "finished", "2026-11-22T10:00:00Z"],
    ["# Site:", 3, "site", ""],
    ["#dom0_mem_mb: 2048", 2, "dom0_mem_mb", "2048"],
    // Unknown, but written exactly as a directive: rejected by name later, because it is most likely misspelled.
    ["# hots: x", 3, "hots", "x"],
    ["# backnd: loop", 3, "backnd", "loop"],
    ["# two.parts_1: x", 3, "two.parts_1", "x"],
    ["# label.: x", 3, "label.", "x"],
  ])("%j is a directive", (raw, column, key, value) => {
    expect(readBonnie(`\n${raw}\n`).entries).toEqual([{ kind: "directive", line: 2, column, key, value, raw }]);
  });

  it.each([
    "#",
    "##",
    "# a remark",
    "# two words: x",
    "# 1st: x",
    "# Date: Sunday",
    "# NB: rerun",
    "# Note: measured at night",
    "#http://x/y",
    "# http://x/y",
    "#loops: 1, version: 2.00a",
    "#hots: x",
    "#  hots: x",
    "# hots : x",
    "# hots:x",
    "# hots:",
    "# hots: ",
    "# dom0_mem-mb: 2048",
    "# backend",
    "# backend loop: x",
    "## backend: loop",
    `# ${LOOP}`,
    "#!/bin/sh",
  ])("%j is a comment", (line) => {
    expect(readBonnie(line)).toMatchObject({ entries: [], ignored: { comment: 1 } });
  });

  it("directives keep their place between results, so that they apply to the lines after them", () => {
    const { entries } = readBonnie(`# backend: loop\n${LOOP}\n# backend: blktap\n${fixture("seed-blktap.txt")}`);
    expect(entries.map((entry) => entry.kind)).toEqual(["directive", "result", "directive", "result"]);
  });
});

describe("limits", () => {
  it("10 000 lines are read, with or without a line end after the last", () => {
    const text = Array(MAX_LINES).fill(LOOP).join("\n");
    expect(readBonnie(text).entries).toHaveLength(MAX_LINES);
    expect(readBonnie(`${text}\n`).entries).toHaveLength(MAX_LINES);
  });

  it("one line more and nothing is read", () => {
    const { entries } = readBonnie("\n".repeat(MAX_LINES + 1));
    expect(entries).toMatchObject([{ kind: "issue", issue: { code: "too_many_lines", line: 10_001 } }]);
  });

  it("an empty upload has no entries", () => {
    expect(readBonnie("")).toEqual({ entries: [], ignored: { blank: 0, header: 0, comment: 0, table: 0, other: 0 } });
  });

  it.each([
    ["in a number", LOOP.replace("35", "3\u00075"), 3, "putc_cpu"],
    ["at the start of a line", `\u0007${LOOP}`, 0, "name"],
    ["at the end of a line", `${LOOP}\u0007`, 26, "ran_delete_cpu"],
    ["alone in a field", LOOP.replace("2064M", "\u0007"), 1, "file_size"],
    ["in a line of no known layout", LOOP.replace("35", "3\u00075,"), "vm101,2064M,25511,3".length + 1, null],
  ])("a control character %s is reported with its code and position", (_, line, column, field) => {
    const [issue] = issuesOf(line);
    expect(issue).toMatchObject({ code: "control_character", column, field });
    expect(issue?.text).toContain("U+0007");
  });
});

// Each text would take minutes if reading it took time proportional to the square of its length.
describe("hostile texts of 8 MiB are read in linear time", () => {
  const size = 8 * 1024 * 1024;
  const full = (piece: string) => piece.repeat(Math.ceil(size / piece.length));
  it.each([
    ["commas", full(",")],
    ["plus signs", full("+")],
    ["letters", full("a")],
    ["digits after a comma", `,${full("1")}`],
    ["a comment", `#${full("a")}`],
    ["a comment of spaces", `#${full(" ")}x`],
    ["spaces", full(" ")],
    ["spaces before a letter", `${full(" ")}x`],
    ["a huge name", full("n") + LOOP],
    ["a huge number", LOOP.replace("25511", full("9"))],
    ["a huge file size", LOOP.replace("2064M", full("9"))],
    ["a huge number of files", LOOP.replace(",16,", `,16:${full("/:")},`)],
    ["a huge version", `Version ${full("-")}`],
    ["a huge row", `${fixture("seed-loop.txt").split("\n").slice(0, 3).join("\n")}\n${full("1 ")}`],
    ["a wide heading", full("Version 1.03c ------Sequential Output------ ")],
    [
      "headings only",
      Array(MAX_LINES).fill("Version 1.03c ------Sequential Output------ --Sequential Input- --Random-").join("\n"),
    ],
    ["tables and lines that never agree", manyTables()],
  ])("%s", (_, text) => {
    const { entries, ignored } = readBonnie(text);
    expect(entries.length + ignored.blank + ignored.comment + ignored.table + ignored.other).toBeGreaterThan(0);
  });

  /** Tables that differ from all the lines below them in the last thing compared. */
  function manyTables(): string {
    const table = fixture("seed-blktap.txt").trimEnd().split("\n").toSpliced(4, 4).join("\n");
    const line = LOOP.replace("vm101", `vm101${"n".repeat(900)}`);
    return [...Array(1000).fill(table), ...Array(5000).fill(line)].join("\n");
  }
});
