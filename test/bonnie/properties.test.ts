import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { V1, V2_48, V2_50 } from "../../shared/bonnie/layouts.ts";
import { printBonnie } from "../../shared/bonnie/print.ts";
import { readBonnie } from "../../shared/bonnie/reader.ts";
import type { BonnieResult, Entry } from "../../shared/bonnie/types.ts";
import { arbitraryRun } from "./arbitrary-run.ts";
import { fixture, LOOP, REAL_LINES, resultOf, resultsOf, V196, V197, withFields } from "./reading.ts";

fc.configureGlobal({ seed: 2026 });

const FILES = [
  "bold-cell.md",
  "csv2txt-197-latency.txt",
  "csv2txt-200a-censored.txt",
  "public-19x.csv",
  "run-200a-concurrency4.csv",
  "run-200a-concurrency4.txt",
  "run-200a-nonquiet.log",
  "run-200a-partial.csv",
  "run-200a-x2-fast.csv",
  "seed-blktap.txt",
  "seed-loop.csv",
  "seed-loop.txt",
  "wrapped-table.txt",
].map(fixture);

/** Characters that matter to the format, and a few that should never occur. */
const character = fc.constantFrom(...'0123456789+-.,;:#>/="\n\r\t kKmMgGsu%xé\u0000\uFEFF');

/** A text with some characters replaced, removed or inserted. */
function mutated(text: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const change = fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    remove: fc.constantFrom(0, 0, 1, 1, 2, 40),
    insert: fc.oneof(character, fc.string({ unit: character, maxLength: 4 })),
  });
  return fc.tuple(text, fc.array(change, { minLength: 1, maxLength: 3 })).map(([start, changes]) =>
    changes.reduce((current, { at, remove, insert }) => {
      const offset = Math.floor(at * current.length);
      return current.slice(0, offset) + insert + current.slice(offset + remove);
    }, start),
  );
}

/** Values of various fields of a line, and damaged ones. */
const VALUES = ["", "1", "5", "16", "64", "8192", "8G", "64k", "link", "vm101", "2.00a", "1.97", "+++++", "+++", "1x"];

/** An entry as it would be if its line were the only one. */
function atLineOne(entry: Entry): Entry {
  if (entry.kind === "result") return { kind: "result", result: { ...entry.result, line: 1 } };
  return entry.kind === "issue" ? { kind: "issue", issue: { ...entry.issue, line: 1 } } : { ...entry, line: 1 };
}

const uploads = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({ unit: character, maxLength: 300 }),
  mutated(fc.constantFrom(...FILES)),
  mutated(fc.constantFrom(...REAL_LINES)),
);

/** What a CSV result claims, checked against its raw line by the simplest means: split, and `Number`. */
function expectLiteral({ raw, setup, metrics }: BonnieResult): void {
  let fields = raw.split(",");
  if (fields.length === 47) fields = fields.toSpliced(5, 0, "");
  const layout = fields.length === 27 ? V1 : fields.length === 48 ? V2_48 : V2_50;
  expect(fields).toHaveLength(layout.columns.length);
  expect(setup.machine).toBe(fields[layout.machine]);
  expect(setup.seed).toBe(fields[layout.seed] ?? null);
  const unit = { us: 1, ms: 1000, s: 1_000_000 };
  for (const test of layout.tests) {
    const measurement = metrics[test.metric];
    const [rate = "", cpu = "", latency = ""] = [test.rate, test.cpu, test.latency].map((at) => fields[at]);
    if (rate === "") {
      expect(measurement).toBeNull();
      continue;
    }
    expect(measurement?.censored).toBe(rate === "+++++");
    expect(measurement?.rate).toBe(rate === "+++++" ? null : Number(rate));
    expect(measurement?.cpu).toBe(cpu === "+++" ? null : Number(cpu));
    const [, number, name] = /^(\d+)(us|ms|s)$/.exec(latency) ?? [];
    expect(measurement?.latency_us).toBe(latency === "" ? null : Number(number) * unit[name as keyof typeof unit]);
  }
}

describe("laws of the reader", () => {
  it.each(["v1", "v2/48", "v2/50"] as const)("%s: a printed run is read back byte for byte", (layout) => {
    fc.assert(
      fc.property(arbitraryRun(layout), ({ setup, metrics }) => {
        const line = printBonnie(setup, metrics);
        const result = resultOf(line);
        expect(result.raw).toBe(line);
        expect(result.setup).toEqual(setup);
        expect(result.metrics).toEqual(metrics);
        expect(printBonnie(result.setup, result.metrics)).toBe(line);
      }),
      { numRuns: 300 },
    );
  });

  it("real lines are printed as they were read", () => {
    for (const line of REAL_LINES) {
      const { setup, metrics } = resultOf(line);
      expect(printBonnie(setup, metrics)).toBe(line);
    }
  });

  it("no text makes reading throw, and every line of it is accounted for", () => {
    fc.assert(
      fc.property(uploads, (text) => {
        const { entries, ignored } = readBonnie(text);
        const lines = text.split("\n").length - Number(text.endsWith("\n") || text === "");
        const noise = ignored.blank + ignored.header + ignored.comment + ignored.table + ignored.other;
        const inEntries = entries.reduce((sum, entry) => {
          const raw = entry.kind === "result" ? entry.result.raw : entry.kind === "issue" ? entry.issue.raw : "";
          return sum + raw.split("\n").length;
        }, 0);
        expect(noise + inEntries).toBe(lines);
      }),
      { numRuns: 3000 },
    );
  });

  it("issues and directives point to a field of the line, or to a character of it", () => {
    fc.assert(
      fc.property(uploads, (text) => {
        const lines = text.split("\n");
        for (const entry of readBonnie(text).entries) {
          if (entry.kind === "result") continue;
          const { line, column } = entry.kind === "issue" ? entry.issue : entry;
          expect(line).toBeGreaterThanOrEqual(1);
          expect(line).toBeLessThanOrEqual(lines.length);
          const found = lines[line - 1] ?? "";
          const field = entry.kind === "issue" ? entry.issue.field : null;
          const names = [V1, V2_48, V2_50].map(({ columns }) => columns[column]);
          if (entry.kind === "issue" && !entry.issue.raw.includes("\n") && field !== null && names.includes(field)) {
            // 47 fields if the lost comma was inserted again.
            expect(column).toBeLessThanOrEqual(found.split(",").length);
          } else {
            expect(column).toBeGreaterThanOrEqual(1);
            expect(column).toBeLessThanOrEqual(found.length + 1);
          }
        }
      }),
      { numRuns: 2000 },
    );
  });

  it("a damaged line is rejected, or is read exactly as printed", () => {
    let read = 0;
    fc.assert(
      fc.property(mutated(fc.constantFrom(...REAL_LINES)), (text) => {
        for (const result of resultsOf(text)) {
          read += 1;
          expect(text).toContain(result.raw);
          if (result.setup.source === "csv") expectLiteral(result);
        }
      }),
      { numRuns: 5000 },
    );
    expect(read).toBeGreaterThan(100);
  });

  it("a line reads the same whatever lines are before it, or a host would get the setup of another", () => {
    // Few lines with few changes each, so that most setups repeat or nearly repeat the one before.
    const line = fc
      .tuple(
        fc.constantFrom(...REAL_LINES),
        fc.array(fc.tuple(fc.nat(30), fc.constantFrom(...VALUES)), { maxLength: 2 }),
      )
      .map(([real, changes]) => withFields(real, Object.fromEntries(changes)));
    fc.assert(
      fc.property(fc.array(line, { minLength: 2, maxLength: 12 }), (lines) => {
        const alone = lines.flatMap((text) => readBonnie(text).entries);
        expect(readBonnie(lines.join("\n")).entries.map(atLineOne)).toEqual(alone);
      }),
      {
        numRuns: 2000,
        examples: [
          [[V196, withFields(V196, { 0: "1.95" })]],
          // A v1 line with the same values in the same positions as the v2 line before it.
          [[V197, withFields(LOOP, { 0: "1.97", 1: "1.97", 14: V197.split(",")[14] ?? "" })]],
        ],
      },
    );
  });

  it("entries are in the order of the upload", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...FILES, ...REAL_LINES, "# site: fra"), { maxLength: 8 }), (parts) => {
        const lines = readBonnie(parts.join("\n")).entries.map((entry) =>
          entry.kind === "result" ? entry.result.line : entry.kind === "issue" ? entry.issue.line : entry.line,
        );
        expect(lines).toEqual(lines.toSorted((a, b) => a - b));
      }),
    );
  });
});
