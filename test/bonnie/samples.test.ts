import { describe, expect, it } from "vitest";
import { readBonnie } from "../../shared/bonnie/reader.ts";
import type { Measurement } from "../../shared/run/run.ts";
import { SEED_SETUP } from "../support/seed-setup.ts";
import { fixture, resultOf, resultsOf } from "./reading.ts";

/** A measured test. */
const rate = (value: number | null, cpu: number, latency: number | null = null): Measurement => ({
  rate: value,
  cpu,
  latency_us: latency,
  censored: false,
});

/** A test too fast to measure. */
const above = (bound: number, latency: number | null = null): Measurement => ({
  rate: null,
  cpu: null,
  latency_us: latency,
  censored: true,
  lower_bound: bound,
});

const PLAIN_FILES = { max_size: null, min_size: null, num_dirs: 1 };

// Bounds by hand: 16 x 1024 files in 0.5 s = 32768/s; 8192 seeks in 0.5 s = 16384/s.
const LOOP_METRICS = {
  putc: rate(25511, 35),
  put_block: rate(18075, 3),
  rewrite: rate(199488, 47),
  getc: rate(71094, 98),
  get_block: rate(937880, 86),
  seeks: above(16384),
  seq_create: above(32768),
  seq_stat: above(32768),
  seq_delete: above(32768),
  ran_create: above(32768),
  ran_stat: above(32768),
  ran_delete: above(32768),
};

const BLKTAP_METRICS = {
  putc: rate(69438, 96),
  put_block: rate(93549, 20),
  rewrite: rate(38118, 10),
  getc: rate(54955, 76),
  get_block: rate(131645, 8),
  seeks: rate(249.1, 0),
  seq_create: rate(29488, 79),
  seq_stat: above(32768),
  seq_delete: above(32768),
  ran_create: above(32768),
  ran_stat: above(32768),
  ran_delete: above(32768),
};

describe("the original blog post's runs read field by field", () => {
  it.each([
    ["seed-loop", LOOP_METRICS],
    ["seed-blktap", BLKTAP_METRICS],
  ])("%s as a CSV line", (name, metrics) => {
    const text = fixture(`${name}.csv`);
    expect(resultOf(text)).toEqual({ line: 1, raw: text.trimEnd(), setup: SEED_SETUP, metrics, warnings: [] });
  });

  it.each([
    ["seed-loop", LOOP_METRICS],
    ["seed-blktap", BLKTAP_METRICS],
  ])("%s as a table with collapsed spaces", (name, metrics) => {
    const text = fixture(`${name}.txt`);
    const setup = { ...SEED_SETUP, source: "text", bonnie_version: "1.03c" };
    const { printed, ...result } = resultOf(text);
    expect(result).toEqual({ line: 1, raw: text.trimEnd(), setup, metrics, warnings: [] });
    expect(printed).toContain("\nvm101 2064M ");
  });

  it("drops the tables whose CSV lines are in the same text, before or after", () => {
    const parts = ["seed-loop.txt", "seed-loop.csv", "seed-blktap.csv", "seed-blktap.txt"].map(fixture);
    const { entries, ignored } = readBonnie(parts.join(""));
    expect(entries.map((entry) => entry.kind)).toEqual(["result", "result"]);
    expect(ignored).toEqual({ blank: 0, header: 0, comment: 0, table: 16, other: 0 });
  });
});

describe("lines of 1.96 and 1.97 read field by field", () => {
  const [first, second] = resultsOf(fixture("public-19x.csv"));
  const setup = (version: string, machine: string, seed: string, gib: number) => ({
    format: "v2",
    source: "csv",
    format_version: version,
    bonnie_version: version,
    machine,
    concurrency: 1,
    seed,
    file_size_kib: gib * 1024 * 1024,
    chunk_size_bytes: 8192,
    seek_count: null,
    seek_procs: null,
    files: { thousands: 16, ...PLAIN_FILES },
  });

  it("1.96", () => {
    expect(first?.setup).toEqual(setup("1.96", "devback1", "1373282064", 24));
    expect(first?.metrics).toEqual({
      putc: rate(521, 99, 16070),
      put_block: rate(192435, 27, 454_000),
      rewrite: rate(106363, 15, 174_000),
      getc: rate(2691, 98, 14736),
      get_block: rate(446441, 27, 98188),
      seeks: rate(1067, 43, 30739),
      seq_create: rate(23295, 46, 5985),
      seq_stat: above(32768, 563),
      seq_delete: above(32768, 583),
      ran_create: above(32768, 960),
      ran_stat: above(32768, 32),
      ran_delete: above(32768, 259),
    });
  });

  it("1.97", () => {
    expect(second?.line).toBe(2);
    expect(second?.setup).toEqual(setup("1.97", "cc3550", "1517338312", 8));
    expect(second?.metrics).toEqual({
      putc: rate(864, 99, 14345),
      put_block: rate(77866, 7, 2_216_000),
      rewrite: rate(72051, 8, 749_000),
      getc: rate(2947, 99, 4939),
      get_block: rate(235458, 14, 131_000),
      seeks: rate(9676, 125, 1748),
      seq_create: above(32768, 2205),
      seq_stat: above(32768, 881),
      seq_delete: above(32768, 689),
      ran_create: above(32768, 668),
      ran_stat: above(32768, 23),
      ran_delete: above(32768, 981),
    });
  });
});

describe("runs of 2.00a read field by field", () => {
  const setup = {
    format: "v2",
    source: "csv",
    format_version: "1.98",
    bonnie_version: "2.00a",
    machine: "vm101",
    concurrency: 1,
    seed: "1795336315",
    file_size_kib: 1024 * 1024,
    chunk_size_bytes: null,
    seek_count: 8192,
    seek_procs: 5,
    files: null,
  };

  it("with -n 0: no file test, and no chunk size although it was 64k", () => {
    const [run] = resultsOf(fixture("run-200a-partial.csv"));
    expect(run?.setup).toEqual(setup);
    // get_block: 1 GiB = 1048576 KiB in 0.5 s = 2097152 K/s.
    expect(run?.metrics).toEqual({
      putc: rate(2608, 87, 46014),
      put_block: rate(248542, 72, 50335),
      rewrite: rate(1638866, 34, 23347),
      getc: rate(2932, 65, 69211),
      get_block: above(2097152, 2184),
      seeks: above(16384, 34543),
      seq_create: null,
      seq_stat: null,
      seq_delete: null,
      ran_create: null,
      ran_stat: null,
      ran_delete: null,
    });
  });

  it("with -s 0: no test of the big file, and 4 directories from the field the tool calls file_chunk_size", () => {
    const [, run] = resultsOf(fixture("run-200a-partial.csv"));
    expect(run?.setup).toEqual({
      ...setup,
      seed: "1795336729",
      file_size_kib: null,
      seek_count: null,
      seek_procs: null,
      files: { thousands: 16, max_size: 1000, min_size: 16, num_dirs: 4 },
    });
    expect(run?.metrics).toEqual({
      putc: null,
      put_block: null,
      rewrite: null,
      getc: null,
      get_block: null,
      seeks: null,
      seq_create: above(32768, 394),
      seq_stat: above(32768, 242),
      seq_delete: rate(14653, 20, 4090),
      ran_create: rate(7832, 95, 1168),
      ran_stat: above(32768, 135),
      ran_delete: rate(12383, 19, 3198),
    });
  });

  it("with -f and -x 2: the header is skipped and does not shift the two rows", () => {
    const { entries, ignored } = readBonnie(fixture("run-200a-x2-fast.csv"));
    expect(ignored.header).toBe(1);
    const runs = entries.flatMap((entry) => (entry.kind === "result" ? [entry.result] : []));
    expect(runs.map((run) => run.line)).toEqual([2, 3]);
    expect(runs.map((run) => run.setup.seed)).toEqual(["1795349095", "1795349095"]);
    // 1500 MiB x 2048 = 3072000 K/s; 256 x 2048 = 524288 files/s.
    expect(runs[0]?.metrics).toEqual({
      putc: null,
      put_block: rate(426866, 80, 34498),
      rewrite: rate(1544914, 48, 982),
      getc: null,
      get_block: above(3072000, 2317),
      seeks: above(16384, 12069),
      seq_create: rate(28111, 97, 32164),
      seq_stat: above(524288, 2381),
      seq_delete: rate(135749, 82, 3901),
      ran_create: rate(5318, 95, 23081),
      ran_stat: above(524288, 442),
      ran_delete: rate(105233, 85, 4657),
    });
    expect(runs[1]?.metrics.ran_delete).toEqual(rate(117602, 81, 18131));
  });

  it("with -c 4: concurrency is kept", () => {
    const run = resultOf(fixture("run-200a-concurrency4.csv"));
    expect(run.setup).toEqual({
      ...setup,
      concurrency: 4,
      seed: "1795350107",
      file_size_kib: 4 * 1024 * 1024,
      files: { thousands: 128, ...PLAIN_FILES },
    });
    expect(run.metrics.get_block).toEqual(rate(5503729, 98, 277));
    expect(run.metrics.seq_create).toEqual(rate(20613, 99, 752));
    expect(run.metrics.ran_delete).toEqual(rate(138492, 96, 3633));
  });

  it("as a table: two digits, and file rates unknown, never 131072", () => {
    const text = fixture("run-200a-concurrency4.txt");
    const run = resultOf(text);
    expect(run.raw).toBe(text.trimEnd());
    expect(run.setup).toEqual({
      ...setup,
      source: "text",
      format_version: null,
      concurrency: 4,
      seed: null,
      file_size_kib: 4 * 1024 * 1024,
      chunk_size_bytes: 8192,
      seek_procs: null,
      files: { thousands: 128, ...PLAIN_FILES },
    });
    expect(run.metrics).toEqual({
      putc: rate(2663, 92, 9669),
      put_block: rate(262 * 1024, 77, 124_000),
      rewrite: rate(1782579, 52, 15564), // 1.7 x 1048576 = 1782579.2
      getc: rate(3892, 90, 8836),
      get_block: rate(5452595, 98, 277), // 5.2 x 1048576 = 5452595.2
      seeks: rate(6426, 34, 14405),
      seq_create: rate(null, 99, 752),
      seq_stat: above(262144, 261),
      seq_delete: rate(null, 95, 5905),
      ran_create: rate(null, 95, 2435),
      ran_stat: above(262144, 80),
      ran_delete: rate(null, 96, 3633),
    });
    expect(run.warnings.map((warning) => warning.split(":")[0])).toEqual(["rounded_rates", "unknown_file_rates"]);
  });

  it("as table and line together: the line alone is a result", () => {
    const table = fixture("run-200a-concurrency4.txt");
    const line = fixture("run-200a-concurrency4.csv");
    for (const text of [table + line, line + table]) {
      expect(resultOf(text).setup.source).toBe("csv");
      expect(readBonnie(text).ignored.table).toBe(10);
    }
  });

  it("from a whole log: only the CSV line is a result, progress and table are ignored", () => {
    const { entries, ignored } = readBonnie(fixture("run-200a-nonquiet.log"));
    expect(entries).toHaveLength(1);
    expect(ignored).toEqual({ blank: 0, header: 0, comment: 0, table: 10, other: 13 });
    const run = resultOf(fixture("run-200a-nonquiet.log"));
    expect(run.line).toBe(24);
    expect(run.metrics.putc).toEqual(rate(2827, 98, 6661));
    expect(run.metrics.seq_create).toEqual(above(2048, 169));
  });
});
