// The damage that lines are known to suffer in transport (bonnie-formats.md, section 8), each kind applied to every real line.

import { describe, expect, it } from "vitest";
import { readBonnie } from "../../shared/bonnie/reader.ts";
import { issueOf, issuesOf, LOOP, REAL_LINES, resultOf, resultsOf, V197 } from "./reading.ts";

describe("what transport adds around a line is removed", () => {
  it.each([
    ["carriage returns", (line: string) => `${line}\r\n`],
    ["trailing spaces", (line: string) => `${line} \t \r\n`],
    ["leading spaces", (line: string) => `  \t${line}`],
    ["no-break spaces of a web page", (line: string) => `\u00A0 \u00A0${line}\u00A0`],
    ["a byte order mark", (line: string) => `\uFEFF${line}\n`],
    ["blank lines around", (line: string) => `\n\r\n${line}\n\n`],
  ])("%s", (_, transport) => {
    for (const line of REAL_LINES) {
      const { raw, metrics } = resultOf(transport(line));
      expect(raw).toBe(line);
      expect(metrics).toEqual(resultOf(line).metrics);
    }
  });
});

describe("damaged lines are rejected, never guessed at", () => {
  it.each([
    ["a last = of quoted-printable", (line: string) => `${line}=`],
    ["mail quoting", (line: string) => `> ${line}`],
    ["mail quoting without a space", (line: string) => `>${line}`],
    ["double mail quoting", (line: string) => `>> ${line}`],
    ["<br /> joined to the last field", (line: string) => `${line}<br />`],
    ["a forum tag joined to the last field", (line: string) => `${line}[/code]`],
    ["a comment joined to the last field", (line: string) => `${line} # blktap`],
    ["two lines joined", (line: string) => line + line],
    ["a v1 line joined to it", (line: string) => line + LOOP],
    ["a v2 line joined to it", (line: string) => line + V197],
    ["half a line joined in front", (line: string) => line.slice(0, 60) + line],
    ["quotes around every field", (line: string) => line.replace(/[^,]+/g, '"$&"')],
    ["spaces after the commas", (line: string) => line.replaceAll(",", ", ")],
    ["semicolons of a spreadsheet", (line: string) => line.replaceAll(",", ";")],
    ["tabs of a spreadsheet", (line: string) => line.replaceAll(",", "\t")],
    ["one field too many at the end", (line: string) => `${line},`],
    ["a NUL inside", (line: string) => line.replace(",", "\0,")],
    ["UTF-16 read as bytes", (line: string) => [...line].join("\0")],
    ["an escape sequence", (line: string) => line.replace("+++", "\u001b[1m+++")],
    ["five plus signs truncated to four", (line: string) => line.replace("+++++", "++++")],
    ["a negative rate", (line: string) => line.replace(/,(\d{4,},\d{2},)/, ",-$1")],
    ["a comma as thousands separator", (line: string) => line.replace(/,(\d+)(\d{3},\d{2},)/, ",$1,$2")],
  ])("%s", (_, damage) => {
    for (const line of REAL_LINES) {
      const text = damage(line);
      // Damage that does not change this line proves nothing.
      if (text === line) continue;
      expect(resultsOf(text), text).toEqual([]);
      expect(issuesOf(text).length, text).toBeGreaterThan(0);
    }
  });

  it("every field removed, one after the other", () => {
    for (const line of REAL_LINES) {
      const fields = line.split(",");
      for (const index of fields.keys()) expect(issueOf(fields.toSpliced(index, 1).join(",")).code).toBeDefined();
    }
  });

  it("every number written differently", () => {
    for (const line of REAL_LINES) {
      const fields = line.split(",");
      const isV1 = fields.length === 27;
      for (const [index, field] of fields.entries()) {
        // The name and the seed are free text.
        if (!/^\d+(\.\d)?$/.test(field) || index === 4 * Number(!isV1)) continue;
        for (const other of [
          `+${field}`,
          `-${field}`,
          `0${field}`,
          `${field}e0`,
          `0x${field}`,
          `${field}.00`,
          "NaN",
          "Infinity",
          `${field}x`,
        ]) {
          // A program version is checked by its shape only.
          if (!isV1 && index <= 1) continue;
          expect(resultsOf(fields.with(index, other).join(",")), other).toEqual([]);
        }
      }
    }
  });

  it("a decimal comma breaks the count", () => {
    expect(issueOf(resultOf(LOOP).raw.replace("25511,35", "25511,5,35")).code).toBe("field_count");
  });

  it("for an upload without line ends, as curl -d sends it, the message says how to keep them", () => {
    expect(issueOf(Array(3).fill(resultOf(LOOP).raw).join("")).text).toMatch(/found more than 64; .*--data-binary/);
  });

  it("a line truncated anywhere is an issue from its first number on, unless only a last digit is missing", () => {
    for (const line of REAL_LINES) {
      const minimum = line.split(",").length === 27 ? 2 : 9;
      for (let length = line.split(",", minimum).join(",").length; length < line.length; length += 1) {
        const cut = line.slice(0, length);
        const whole = cut.split(",").length === line.split(",").length;
        if (!whole) expect(resultsOf(cut), cut).toEqual([]);
        if (resultsOf(cut).length === 0) expect(issuesOf(cut), cut).toHaveLength(1);
      }
    }
  });

  it("good lines around a bad one are still results, each at its line", () => {
    const { entries } = readBonnie([LOOP, `${V197}<br />`, "", V197].join("\r\n"));
    expect(entries.map((entry) => [entry.kind, "result" in entry ? entry.result.line : 0])).toEqual([
      ["result", 1],
      ["issue", 0],
      ["result", 4],
    ]);
    expect(issuesOf([LOOP, `${V197}<br />`].join("\n"))).toMatchObject([
      { line: 2, column: 47, field: "ran_delete_latency", raw: `${V197}<br />` },
    ]);
  });
});
