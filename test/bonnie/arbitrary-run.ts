// Arbitrary Bonnie++ runs as the tool can print them: every value in the form and within the limits of bonnie-formats.md.

import * as fc from "fast-check";
import { findLogPrefix } from "../../shared/bonnie/prefix.ts";
import { lowerBound, upperLimit } from "../../shared/run/bound.ts";
import { METRIC_NAMES, type MetricName, perMetric } from "../../shared/run/metrics.ts";
import type { BonnieSetup, FileSpec, Measurement, Measurements } from "../../shared/run/run.ts";

/** A setup and what was measured. */
export interface ArbitraryRun {
  readonly setup: BonnieSetup;
  readonly metrics: Measurements;
}

type Layout = "v1" | "v2/48" | "v2/50";

/** Names as `-m` accepts them: anything without the characters that make a line unreadable. */
const machine = fc
  .string({ unit: "grapheme", maxLength: 30 })
  .map((name) => name.replace(/[,\p{Cc}]/gu, "").trim())
  .filter((name) => !/^[#>"\uFEFF]/u.test(name) && findLogPrefix(`${name} ,`) === null);

const fileSpec = (v1: boolean): fc.Arbitrary<FileSpec> =>
  fc
    .record({
      thousands: fc.integer({ min: 1, max: 100_000 }),
      sizes: fc.oneof(
        fc.constant({ max_size: null, min_size: null }),
        fc.constantFrom("link" as const, "symlink" as const).map((max_size) => ({ max_size, min_size: null })),
        fc.record({ max_size: fc.integer({ min: 1, max: 1e9 }), min_size: fc.integer({ min: 0, max: 1e9 }) }),
      ),
      num_dirs: fc.integer({ min: 1, max: v1 ? 1000 : 50 }),
    })
    .map(({ thousands, sizes, num_dirs }) => ({ thousands, ...sizes, num_dirs }));

const chunkSize = fc.integer({ min: 8, max: 20 }).map((bits) => 2 ** bits);

function setupOf(layout: Layout): fc.Arbitrary<BonnieSetup> {
  const v1 = layout === "v1";
  return fc
    .record({
      parts: fc.constantFrom("io", "files", "both"),
      machine,
      format_version: fc.constantFrom("1.92b", "1.93c", "1.94", "1.95", "1.96", "1.97"),
      bonnie_version: fc.constantFrom("1.93", "1.97", "1.98", "2.00", "2.00a"),
      concurrency: fc.integer({ min: 1, max: 200 }),
      seed: fc.oneof(fc.nat().map(String), fc.constantFrom("rand.dat", "/tmp/a seed")),
      mib: fc.integer({ min: 1, max: 2_000_000 }),
      chunk: chunkSize,
      seeks: fc.integer({ min: 1, max: 10_000_000 }),
      procs: fc.integer({ min: 1, max: 64 }),
      files: fileSpec(v1),
    })
    .map((parts): BonnieSetup => {
      const io = parts.parts !== "files";
      const is50 = layout === "v2/50";
      return {
        format: v1 ? "v1" : "v2",
        source: "csv",
        format_version: v1 ? null : is50 ? "1.98" : parts.format_version,
        bonnie_version: v1 ? null : parts.bonnie_version,
        machine: parts.machine,
        concurrency: v1 ? null : parts.concurrency,
        seed: v1 ? null : parts.seed,
        file_size_kib: io ? parts.mib * 1024 : null,
        chunk_size_bytes: io && !is50 ? parts.chunk : null,
        seek_count: io && is50 ? parts.seeks : null,
        seek_procs: io && is50 ? parts.procs : null,
        files: parts.parts === "io" ? null : parts.files,
      };
    });
}

/** A latency in the form it is printed in: truncated to its unit. */
function asPrinted(us: number): number {
  if (us > 99_999_999) return us - (us % 1_000_000);
  return us > 99_999 ? us - (us % 1_000) : us;
}

/** One test that was run. `fraction` sets the rate below its limit, `part` the latency below the elapsed time. */
function measurementOf(metric: MetricName, setup: BonnieSetup): fc.Arbitrary<Measurement> {
  const limit = upperLimit(metric, setup) ?? 50_000;
  const bound = lowerBound(metric, setup) ?? 0;
  return fc
    .record({
      censored: fc.boolean(),
      fraction: fc.double({ min: 0, max: 1, noNaN: true }),
      part: fc.double({ min: 0, max: 0.999, noNaN: true }),
      cpu: fc.integer({ min: 0, max: metric === "seeks" && setup.seek_procs === null ? 300 : 100 }),
    })
    .map(({ censored, fraction, part, cpu }): Measurement => {
      const latencyBelow = (us: number) => (setup.format === "v1" ? null : asPrinted(Math.floor(us * part)));
      if (censored) {
        return { rate: null, cpu: null, latency_us: latencyBelow(500_000), censored: true, lower_bound: bound };
      }
      const exact = limit * fraction ** 4;
      const tenths = metric === "seeks" && (setup.format === "v1" || exact < 999.9);
      const rate = tenths ? Math.floor(exact * 10) / 10 : Math.floor(exact);
      const elapsed = Math.min(rate === 0 ? 1000 : limit / 2 / rate, 100_000) * 1_000_000;
      return { rate, cpu, latency_us: latencyBelow(elapsed), censored: false };
    });
}

/** Runs of a layout, with and without `-f`, `-s 0` and `-n 0`. */
export function arbitraryRun(layout: Layout): fc.Arbitrary<ArbitraryRun> {
  return fc.tuple(setupOf(layout), fc.boolean()).chain(([setup, fast]) =>
    fc.tuple(...METRIC_NAMES.map((metric) => measurementOf(metric, setup))).map((measurements) => ({
      setup,
      metrics: perMetric((metric, index) => {
        const skipped = lowerBound(metric, setup) === null || (fast && (metric === "putc" || metric === "getc"));
        return skipped ? null : (measurements[index] ?? null);
      }),
    })),
  );
}
