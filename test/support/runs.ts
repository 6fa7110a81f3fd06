// Runs to store, built from the few things a test is about; everything else is that of one plain v1 line.

import { createHash } from "node:crypto";
import { hostHash } from "../../functions/store/table/keys.ts";
import type { NewRun } from "../../shared/cells/sample.ts";
import { toSample } from "../../shared/cells/sample.ts";
import type { Backend } from "../../shared/run/backends.ts";
import { type MetricName, perMetric } from "../../shared/run/metrics.ts";
import type { Facts, Measurement, Run } from "../../shared/run/run.ts";

/** A rate, a bound, or null for a test that was not run. */
export type Rate = number | `>${number}` | null;

export interface RunText {
  readonly fleet?: string;
  readonly host?: string;
  /** Tells runs of one host apart; runs of one host with the same number are the same run. */
  readonly number: number;
  readonly backend?: Backend;
  readonly stratum?: string;
  readonly at?: string;
  readonly rates?: Partial<Record<MetricName, Rate>>;
  readonly cached?: readonly string[];
  readonly facts?: Facts;
  readonly raw?: string;
}

/** A run of loop on host h1 of fleet `default`, finished on 1 November 2026, unless told otherwise. */
export function runOf(text: RunText): Run {
  const { fleet = "default", host = "h1", backend = "loop", stratum = "v1/2G/8k/16", facts = {}, cached = [] } = text;
  const at = text.at ?? "2026-11-01T00:00:00.000Z";
  return {
    id: hostHash(fleet, host) + createHash("sha256").update(String(text.number)).digest("hex").slice(0, 32),
    fleet,
    host,
    vm: "vm1",
    backend,
    stratum,
    finished_at: at,
    received_at: "2026-11-22T10:00:00.000Z",
    raw: text.raw ?? `raw ${text.number}`,
    raw_encoding: "utf-8",
    parser_version: 1,
    client_run: null,
    facts,
    bonnie: {
      format: "v1",
      source: "csv",
      format_version: null,
      bonnie_version: null,
      machine: "vm1",
      concurrency: null,
      seed: null,
      file_size_kib: 2 ** 21,
      chunk_size_bytes: 8192,
      seek_count: null,
      seek_procs: null,
      files: { thousands: 16, max_size: null, min_size: null, num_dirs: 1 },
    },
    metrics: perMetric((name) => measurement(text.rates?.[name] ?? null)),
    quality: { verdict: cached.length > 0 ? "probably-cached" : "clean", reasons: [], decided_by: cached },
    warnings: [],
    sent_by: null,
    withdrawn_at: null,
  };
}

/** The same with its sample, as ingest hands it to the store. */
export function newRun(text: RunText): NewRun {
  const run = runOf(text);
  return { run, sample: toSample(run) };
}

function measurement(rate: Rate): Measurement | null {
  if (rate === null) return null;
  if (typeof rate === "number") return { rate, cpu: 10, latency_us: null, censored: false };
  return { rate: null, cpu: null, latency_us: null, censored: true, lower_bound: Number(rate.slice(1)) };
}
