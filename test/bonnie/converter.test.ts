// Tables of bon_csv2txt: read as the CSV lines they were made of, except for what the table does not print.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { printBonnie } from "../../shared/bonnie/print.ts";
import { readBonnie } from "../../shared/bonnie/reader.ts";
import type { BonnieResult } from "../../shared/bonnie/types.ts";
import { METRIC_NAMES, perMetric } from "../../shared/run/metrics.ts";
import { arbitraryRun } from "./arbitrary-run.ts";
import { csv2txt } from "./csv2txt.ts";
import { BLKTAP, fixture, issueOf, LOOP, resultOf, resultsOf, V196, V197 } from "./reading.ts";

const SIX = fixture("run-200a-six.log")
  .split("\n")
  .filter((line) => line.startsWith("1.98"));
const [VM101 = "", NO_FILES = "", NO_IO = "", VM7 = "", WITH_MAX = "", VM8 = ""] = SIX;
const V197_TWIN = V197.replace("cc3550", "cc3551").replace(",864,", ",863,");

/** What tables and lines both print of a run, with what the converter rounds: IO rates of 2.00a to within 5 %. */
function expectSameRun(table: BonnieResult | undefined, csv: BonnieResult): void {
  const { setup } = csv;
  expect(table?.setup).toMatchObject({
    format: setup.format,
    machine: setup.machine.slice(0, table?.setup.machine.length),
    file_size_kib: setup.file_size_kib,
    chunk_size_bytes: setup.chunk_size_bytes,
    seek_count: setup.seek_count,
    seek_procs: setup.seek_procs,
    concurrency: null,
    files: setup.files,
  });
  for (const name of METRIC_NAMES) {
    const [read, expected] = [table?.metrics[name] ?? null, csv.metrics[name]];
    if (setup.seek_procs === null || read?.rate == null || expected?.rate == null) expect(read).toEqual(expected);
    else {
      expect({ ...read, rate: 0 }).toEqual({ ...expected, rate: 0 });
      expect(Math.abs(read.rate - expected.rate)).toBeLessThanOrEqual(0.05 * expected.rate);
    }
  }
}

describe("the converter's own output", () => {
  it.each([
    ["csv2txt-103e.txt", [LOOP, BLKTAP]],
    ["csv2txt-196.txt", [V196]],
    ["csv2txt-197.txt", [V197, V197_TWIN]],
    ["csv2txt-200a.txt", [VM101, VM7, VM8]],
  ])("%s reads as its lines, each with its own name and latencies", (name, lines) => {
    const tables = resultsOf(fixture(name));
    expect(tables).toHaveLength(lines.length);
    for (const [index, line] of lines.entries()) expectSameRun(tables[index], resultOf(line));
  });

  it.each([
    ["csv2txt-196.txt", [V196], "1.96"],
    ["csv2txt-197.txt", [V197, V197_TWIN], "1.97"],
    ["csv2txt-200a.txt", [VM101, VM7, VM8], "2.00a"],
    ["csv2txt-200a-mixed.txt", SIX, "2.00a"],
  ])("%s is what the port of the converter prints", (name, lines, version) => {
    expect(csv2txt(lines, version)).toBe(fixture(name));
  });

  it("1.97, field by field", () => {
    const { line, raw, setup, metrics, warnings } = resultOf(fixture("csv2txt-197-latency.txt"));
    expect([line, raw]).toEqual([1, fixture("csv2txt-197-latency.txt").trimEnd()]);
    expect(setup).toEqual({
      format: "v2",
      source: "text",
      format_version: null,
      bonnie_version: "1.97",
      machine: "vm103",
      concurrency: null,
      seed: null,
      file_size_kib: 7624 * 1024,
      chunk_size_bytes: 8192,
      seek_count: null,
      seek_procs: null,
      files: { thousands: 16, max_size: null, min_size: null, num_dirs: 1 },
    });
    expect(metrics.put_block).toEqual({ rate: 19044, cpu: 1, latency_us: 4_868_000, censored: false });
    expect(metrics.seeks).toEqual({ rate: 7563, cpu: 105, latency_us: 63826, censored: false });
    expect(metrics.ran_delete).toEqual({ rate: 24778, cpu: 18, latency_us: 35, censored: false });
    expect(metrics.ran_stat).toMatchObject({ censored: true, lower_bound: 32768, latency_us: 28 });
    expect(warnings).toEqual([]);
  });

  it("2.00a: size:chunk:seeks:seekers, file rates that are right, no version of the run", () => {
    const { setup, metrics } = resultOf(fixture("csv2txt-200a-censored.txt"));
    expect(setup).toMatchObject({ machine: "vm128", bonnie_version: null, concurrency: null, chunk_size_bytes: null });
    expect(setup).toMatchObject({ seek_count: 8192, seek_procs: 5, file_size_kib: 63 * 1048576 });
    expect(metrics.seeks).toMatchObject({ censored: true, lower_bound: 16384 });
    const [vm101, , vm8] = resultsOf(fixture("csv2txt-200a.txt"));
    expect(vm101?.metrics.seq_create).toMatchObject({ rate: 1465, cpu: 52 });
    // 64 seeks in half a second, by 2 seekers.
    expect([vm8?.setup.seek_procs, vm8?.metrics.seeks]).toMatchObject([2, { lower_bound: 128 }]);
  });

  it("2.00a: 0k next to +++ is a rate too fast to measure, never a rate of 0", () => {
    const [vm101] = resultsOf(fixture("csv2txt-200a.txt"));
    // 64 MiB in half a second.
    expect(vm101?.metrics.put_block).toMatchObject({ rate: null, cpu: null, censored: true, lower_bound: 131072 });
    const text = fixture("csv2txt-200a.txt").replace("0k +++", "0k  50");
    expect(issueOf(text)).toMatchObject({ line: 4, code: "bad_number", field: "put_block" });
  });

  it("2.00a with -n 0 alone: a third part above 200 is a number of seeks, spaces collapsed or not", () => {
    const table = csv2txt([NO_FILES], "2.00a");
    for (const text of [table, table.replaceAll(/ +/g, " ")]) {
      expect(resultOf(text).setup).toMatchObject({ concurrency: null, seek_count: 8192, seek_procs: 5, files: null });
    }
  });

  it("1.03e keeps the decimal of seeks from 1000 on, which the tool's own table does not print", () => {
    const text = fixture("csv2txt-103e.txt").replace(" 249.1   0", " 9058.1   0");
    expect(resultsOf(text)[1]?.metrics.seeks?.rate).toBe(9058.1);
  });
});

describe("rows are matched with certainty or not at all", () => {
  it("a run without file tests among others, told by its name", () => {
    const tables = resultsOf(csv2txt([VM101, NO_FILES, VM7], "2.00a"));
    expect(tables.map(({ setup }) => [setup.machine, setup.files?.thousands ?? null])).toEqual([
      ["vm101", 1],
      ["dom0.ex", null],
      ["vm7", 2],
    ]);
  });

  it.each([
    ["a run without IO tests", [VM101, NO_IO]],
    ["as many rows in both halves, but of other machines", SIX],
    ["runs of one machine, one of them without file tests", [VM7, NO_FILES.replace("dom0.example.org", "vm7")]],
  ])("%s: one issue, nothing stored", (_, lines) => {
    const text = csv2txt(lines, "2.00a");
    expect(issueOf(text)).toMatchObject({ code: "bad_table", raw: text.trimEnd() });
    // Next to the lines it adds nothing.
    expect(readBonnie(`${text}${lines.join("\n")}`).entries.map(({ kind }) => kind)).toEqual(lines.map(() => "result"));
  });

  it("two runs of one machine are matched in order, and each can be read again from its own text", () => {
    const other = VM7.replace(",621,", ",622,").replace(",1028,", ",1029,");
    const tables = resultsOf(csv2txt([VM7, other], "2.00a"));
    expect(tables.map(({ metrics }) => [metrics.putc?.rate, metrics.seq_create?.rate])).toEqual([
      [621, 1028],
      [622, 1029],
    ]);
    for (const { raw, setup, metrics } of tables) expect(resultOf(raw)).toMatchObject({ raw, setup, metrics });
  });

  it("a row that cannot be read: nothing of the table is stored", () => {
    const text = fixture("csv2txt-197.txt");
    expect(issueOf(text.replace("   863  99", "   86x  99"))).toMatchObject({
      line: 6,
      code: "bad_number",
      raw: expect.any(String),
    });
    const lines = text.split("\n");
    const cut = lines.with(5, lines[5]?.slice(0, -4) ?? "").join("\n");
    expect(issueOf(cut)).toMatchObject({ line: 6, code: "bad_table", raw: cut.trimEnd() });
  });

  it.each([
    ["16:4, 4 directories or files of 4 bytes", "1,,,,,1465", "16,,,,4,1465", "bad_files"],
    ["16:1000:4, 4 directories or at least 4 bytes", "1,,,,,1465", "16,1000,,,4,1465", "bad_files"],
  ])("files of %s: not guessed", (_, from, to, code) => {
    const line = VM101.replace(from, to);
    expect(resultOf(line).setup.files?.num_dirs).toBe(4);
    const text = csv2txt([line], "2.00a");
    expect(issueOf(text).code).toBe(code);
    expect(resultOf(`${text}${line}\n`).setup.source).toBe("csv");
  });

  it.each([
    ["16:1000:16:4", "16,1000,16,,4,1465", { thousands: 16, max_size: 1000, min_size: 16, num_dirs: 4 }],
    ["16:link:4", "16,link,,,4,1465", { thousands: 16, max_size: "link", min_size: null, num_dirs: 4 }],
    [
      "16:4:1000, more directories than bytes",
      "16,4,,,1000,1465",
      { thousands: 16, max_size: 4, min_size: 0, num_dirs: 1000 },
    ],
  ])("files of %s", (_, to, files) => {
    expect(resultOf(csv2txt([VM101.replace("1,,,,,1465", to)], "2.00a")).setup.files).toEqual(files);
  });

  it("a largest size without a smallest one may be a number of directories", () => {
    expect(issueOf(csv2txt([WITH_MAX], "2.00a")).text).toContain("bon_csv2txt prints directories like sizes");
  });
});

describe("laws", () => {
  it.each([
    ["v2/50", "2.00a"],
    ["v2/48", "1.97"],
  ] as const)("%s: a converted line is read as the line, or not at all", (layout, version) => {
    let read = 0;
    fc.assert(
      fc.property(arbitraryRun(layout), ({ setup, metrics: arbitrary }) => {
        // The converter prints 0 as 0k, which no test is slow enough for.
        const metrics = perMetric((metric) => {
          const measurement = arbitrary[metric];
          return measurement?.rate === 0 ? { ...measurement, rate: 1 } : measurement;
        });
        const machine = setup.machine.replace(/[^a-z]/gi, "").slice(0, 5);
        const format = layout === "v2/50" ? "1.98" : "1.97";
        const line = printBonnie({ ...setup, machine, format_version: format, bonnie_version: version }, metrics);
        const csv = resultsOf(line)[0];
        if (csv === undefined) return;
        const { entries } = readBonnie(csv2txt([line], version));
        expect(entries).toHaveLength(1);
        for (const table of resultsOf(csv2txt([line], version))) {
          read += 1;
          expectSameRun(table, csv);
        }
        // The line next to its conversion is one run.
        expect(resultsOf(`${line}\n${csv2txt([line], version)}`)).toHaveLength(1);
      }),
      { numRuns: 500, seed: 2026 },
    );
    expect(read).toBeGreaterThan(50);
  });
});
