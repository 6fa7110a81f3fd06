import { describe, expect, it } from "vitest";
import {
  BLKTAP,
  FAST_200,
  issueOf,
  LOOP,
  NO_FILES_200,
  NO_IO_200,
  resultOf,
  V197,
  V200,
  withFields,
} from "./reading.ts";

describe("a measured rate above its bound means a corrupt line", () => {
  it.each([
    // 2064 MiB x 2048 = 4227072 K/s
    ["v1 put_block", BLKTAP, 4, "4227072", "4227073", "put_block"],
    ["v1 putc", BLKTAP, 2, "4227072", "4227073", "putc"],
    ["v1 seeks", BLKTAP, 12, "16384.0", "16384.1", "seeks"],
    // 16 x 2048 = 32768 files/s
    ["v1 seq_create", BLKTAP, 15, "32768", "32769", "seq_create"],
    // 8192 MiB x 2048 = 16777216 K/s; seeks of 48 fields: 2 x 8192
    ["v2 get_block", withFields(V197, { 40: "1us" }), 15, "16777216", "16777217", "get_block"],
    ["v2 seeks", V197, 17, "16384", "16385", "seeks"],
    // 2 x field 7
    ["50-field seeks", withFields(V200, { 7: "4000" }), 19, "8000", "8001", "seeks"],
  ])("%s", (_, line, index, highest, tooHigh, field) => {
    expect(resultOf(withFields(line, { [index]: highest })).setup).toBeDefined();
    expect(issueOf(withFields(line, { [index]: tooHigh }))).toMatchObject({ code: "above_bound", field });
  });

  it("putc and getc of v2 may exceed their guaranteed bound, since their work is not printed", () => {
    const { metrics } = resultOf(withFields(V197, { 7: "50000", 13: "7000" }));
    expect([metrics.putc?.rate, metrics.getc?.rate]).toEqual([50000, 7000]);
  });
});

describe("a latency longer than its test means a corrupt line or a clock step", () => {
  it("measured: 8 GiB at 77866 K/s take 107.7 s", () => {
    expect(resultOf(withFields(V197, { 37: "107s" })).setup).toBeDefined();
    expect(issueOf(withFields(V197, { 37: "109s" }))).toMatchObject({
      code: "latency_above_elapsed",
      field: "put_block_latency",
    });
  });

  it("measured: 8192 seeks at 9676/s take 846 ms", () => {
    expect(resultOf(withFields(V197, { 41: "846ms" })).setup).toBeDefined();
    expect(issueOf(withFields(V197, { 41: "848ms" })).code).toBe("latency_above_elapsed");
  });

  it("measured: a rate of 0 or 1 allows any latency", () => {
    expect(resultOf(withFields(V197, { 9: "1", 37: "90000s" })).setup).toBeDefined();
    expect(resultOf(withFields(V197, { 9: "0", 37: "90000s" })).setup).toBeDefined();
  });

  it("censored: below half a second", () => {
    expect(resultOf(withFields(V197, { 42: "499ms" })).setup).toBeDefined();
    expect(issueOf(withFields(V197, { 42: "500ms" }))).toMatchObject({
      code: "latency_above_elapsed",
      field: "seq_create_latency",
    });
  });
});

describe("%CP that no machine can reach is kept with a warning: a clock step in a Xen guest causes it", () => {
  it.each([
    ["one thread, v1", BLKTAP, 5, "101", "111", "put_block"],
    ["three seekers, v1", BLKTAP, 13, "304", "331", "seeks"],
    ["one thread, v2", V197, 10, "101", "111", "put_block"],
    // Five seekers that each count all five.
    ["five seekers, v2", V197, 18, "2500", "2751", "seeks"],
    ["eight seekers, v2", withFields(NO_FILES_200, { 8: "8", 19: "16000" }), 20, "360", "7041", "seeks"],
  ] as const)("%s", (_, line, index, possible, impossible, metric) => {
    const warningsOf = (cpu: string) => resultOf(withFields(line, { [index]: cpu })).warnings;
    expect(warningsOf(possible)).toEqual([]);
    expect(warningsOf(impossible)).toEqual([
      `impossible_cpu: ${metric} has a %CP of ${impossible}, expected at most ${Number(impossible) - 1}; was the clock changed during the test?`,
    ]);
    expect(resultOf(withFields(line, { [index]: impossible })).metrics[metric]?.cpu).toBe(Number(impossible));
  });

  it("shifted columns are detected by their values", () => {
    const fields = BLKTAP.split(",");
    // Each rate is in the place of a %CP, and seeks with their decimal are not a valid %CP.
    const moved = [...fields.slice(0, 2), ...fields.slice(3, 15), "", ...fields.slice(15)];
    expect(moved).toHaveLength(27);
    expect(issueOf(moved.join(","))).toMatchObject({ code: "bad_number", field: "get_block_cpu", column: 11 });
  });
});

describe("a setup and its tests belong together", () => {
  const noFiles = [16, 18, 20, 22, 24, 26].flatMap((index) => [index - 1, index]);
  const emptied = (line: string, indices: readonly number[]) =>
    withFields(line, Object.fromEntries(indices.map((index) => [index, ""])));
  const io = Array.from({ length: 12 }, (_, index) => index + 2);

  it.each([
    ["v1: IO tests without a file size", emptied(LOOP, [1]), "putc"],
    ["v1: a file size without IO tests", emptied(LOOP, io), "file_size"],
    ["v1: file tests without their number", emptied(LOOP, [14]), "seq_create"],
    ["v1: a number of files without file tests", emptied(LOOP, noFiles), "num_files"],
    ["v2: IO tests without a file size", emptied(V197, [5]), "putc"],
    ["v2: a latency without its test", withFields(FAST_200, { 38: "12us" }), "putc_latency"],
    ["v2: sizes without a number of files", withFields(NO_FILES_200, { 22: "1000" }), "max_size"],
    ["v2: seekers without a file size", withFields(NO_IO_200, { 8: "5" }), "seek_procs"],
  ])("%s is rejected", (_, line, field) => {
    expect(issueOf(line)).toMatchObject({ code: "inconsistent_setup", field });
  });

  it("a %CP of a skipped test is rejected", () => {
    expect(issueOf(withFields(FAST_200, { 10: "12" }))).toMatchObject({ code: "bad_pair", field: "putc" });
  });

  it("a line without any test is rejected", () => {
    const line = `1.97,1.97,vm101,1,5${",".repeat(43)}`;
    expect(issueOf(line)).toMatchObject({ code: "no_test", field: null, column: 1 });
  });
});
