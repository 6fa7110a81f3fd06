// Builds the input of `assessQuality` from the few numbers a test is about.

import type { QualityInput } from "../../shared/quality/evidence.ts";
import type { Backend } from "../../shared/run/backends.ts";
import { type MetricName, perMetric } from "../../shared/run/metrics.ts";
import type { BonnieSetup, Facts, Measurement } from "../../shared/run/run.ts";

/** A rate; `">n"` for a test too fast to measure, with n as its bound; null for a test not run. */
export type RateText = number | `>${number}` | null;

export interface RunText {
  readonly rates?: Partial<Record<MetricName, RateText>>;
  /** %CP of the block read. */
  readonly readCpu?: number;
  readonly fileMib?: number | null;
  readonly facts?: Facts;
  readonly backend?: Backend;
}

/** A run in which no rule fires: one disk, W = R = 100 000 K/s, rewrite at its bound of 50 000, 100 seeks/s, 4 GiB. */
const UNCACHED: Readonly<Record<MetricName, RateText>> = {
  putc: 60_000,
  put_block: 100_000,
  rewrite: 50_000,
  getc: 60_000,
  get_block: 100_000,
  seeks: 100,
  seq_create: 20_000,
  seq_stat: ">32768",
  seq_delete: ">32768",
  ran_create: 20_000,
  ran_stat: ">32768",
  ran_delete: ">32768",
};

const SETUP: BonnieSetup = {
  format: "v1",
  source: "csv",
  format_version: null,
  bonnie_version: null,
  machine: "vm101",
  concurrency: null,
  seed: null,
  file_size_kib: null,
  chunk_size_bytes: 8192,
  seek_count: null,
  seek_procs: null,
  files: { thousands: 16, max_size: null, min_size: null, num_dirs: 1 },
};

/** The uncached run with the given differences, on blktap1 by default. */
export function runOf({ rates = {}, readCpu, fileMib = 4096, facts = {}, backend = "blktap1" }: RunText): QualityInput {
  const text = { ...UNCACHED, ...rates };
  const metrics = perMetric((name) => measurement(text[name], name === "get_block" ? (readCpu ?? 10) : 10));
  return { setup: { ...SETUP, file_size_kib: fileMib === null ? null : fileMib * 1024 }, metrics, facts, backend };
}

function measurement(text: RateText, cpu: number): Measurement | null {
  if (text === null) return null;
  if (typeof text === "number") return { rate: text, cpu, latency_us: null, censored: false };
  return { rate: null, cpu: null, latency_us: null, censored: true, lower_bound: Number(text.slice(1)) };
}
