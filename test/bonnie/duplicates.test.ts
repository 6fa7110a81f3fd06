import { describe, expect, it } from "vitest";
import { readBonnie } from "../../shared/bonnie/reader.ts";
import { fixture, resultOf, V197 } from "./reading.ts";

describe("a table whose own CSV line is damaged is ignored, or the whole log sent later would count twice", () => {
  const log = fixture("run-200a-nonquiet.log");
  const lines = log.trimEnd().split("\n");
  const csv = lines.at(-1) ?? "";
  const withLine = (line: string) => [...lines.slice(0, -1), line].join("\n");
  const kinds = (text: string) => readBonnie(text).entries.map((entry) => entry.kind);

  it.each([
    ["truncated in the middle", csv.slice(0, 120)],
    ["truncated after the file size", csv.split(",", 9).join(",")],
    ["with a damaged number", csv.replace(",98,", ",9x,")],
    ["with a field too many", `${csv},`],
  ])("a line %s: both are issues, the table whole and naming the line", (_, line) => {
    const issues = readBonnie(withLine(line)).entries.map((entry) => (entry.kind === "issue" ? entry.issue : null));
    expect(issues).toHaveLength(2);
    const [table, own] = issues;
    expect(own).toMatchObject({ line: 24, raw: line });
    expect(table).toMatchObject({ code: "csv_line_damaged", field: null, column: 1 });
    expect(table?.text).toContain("at line 24");
    // Nothing is lost: the table in the quarantine can still be read.
    expect(resultOf(table?.raw ?? "").setup.source).toBe("text");
  });

  it("the whole log is one run, and so is the log without any line", () => {
    expect(kinds(log)).toEqual(["result"]);
    expect(kinds(lines.slice(0, -1).join("\n"))).toEqual(["result"]);
  });

  it.each([
    [
      "a 1.0x table and its truncated line",
      `${fixture("seed-loop.txt")}${fixture("seed-loop.csv").slice(0, 60)}`,
      ["issue", "issue"],
    ],
    [
      "a directive between them",
      `${fixture("seed-loop.txt")}# site: fra\n${fixture("seed-loop.csv").slice(0, 60)}`,
      ["issue", "directive", "issue"],
    ],
    [
      "a truncated line whose machine name was removed",
      `${fixture("seed-loop.txt")}${fixture("seed-loop.csv").slice(0, 60).replace("vm101", "")}`,
      ["issue", "issue"],
    ],
    [
      "the truncated line of another machine",
      `${fixture("seed-loop.txt")}${fixture("seed-loop.csv").slice(0, 60).replace("vm101", "db7")}`,
      ["result", "issue"],
    ],
    [
      "a truncated line of another size",
      `${fixture("seed-loop.txt")}${fixture("seed-loop.csv").slice(0, 60).replace("2064M", "4G")}`,
      ["result", "issue"],
    ],
    [
      "a truncated line after another result",
      `${fixture("seed-loop.txt")}${V197}\n${fixture("seed-loop.csv").slice(0, 60)}`,
      ["result", "result", "issue"],
    ],
    [
      "a truncated line, and the whole one after it",
      `${fixture("seed-loop.txt")}${fixture("seed-loop.csv").slice(0, 60)}\n${fixture("seed-loop.csv")}`,
      ["issue", "result"],
    ],
  ])("%s", (_, text, expected) => {
    expect(kinds(text)).toEqual(expected);
  });
});
