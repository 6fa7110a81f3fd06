// The text form of a run as it is stored: what its key says is not repeated, measurements and setup are rows without names,
// and what a plain run does not have takes no room. It halves what is written, and paid for, with every result.

import type { BonnieSetup, FileSpec, Measurement } from "./measurement.ts";
import { METRIC_NAMES, perMetric } from "./metrics.ts";
import type { Quality, Run } from "./run.ts";

/** What the key of a stored run says. */
export type RunPlace = Pick<Run, "id" | "backend" | "stratum" | "finished_at">;

/** A run without what its key says, and without what changes after it was stored. */
export type RunContent = Omit<Run, keyof RunPlace | "withdrawn_at">;

/** Writes a run as compact JSON. Equal runs give equal text as far as their facts are in the same order. */
export function encodeRun(run: RunContent): string {
  return JSON.stringify(encoded(run));
}

/** Reads what `encodeRun` wrote. Throws a SyntaxError or a TypeError when the text is anything else. */
export function decodeRun(text: string, { id, backend, stratum, finished_at }: RunPlace): Omit<Run, "withdrawn_at"> {
  // Written by encodeRun; a store that others write into is refused as a whole by its rights, not here.
  const stored = JSON.parse(text) as Encoded;
  const { fleet, host, vm = host, received_at, raw, raw_encoding = "utf-8", parser_version, run = null } = stored;
  return {
    id,
    fleet,
    host,
    vm,
    backend,
    stratum,
    finished_at,
    received_at,
    raw,
    raw_encoding,
    parser_version,
    client_run: run,
    facts: stored.facts ?? {},
    bonnie: setupOf(stored.bonnie),
    metrics: perMetric((_, index) => measurementOf(stored.metrics[index] ?? null)),
    quality: qualityOf(stored.quality),
    warnings: stored.warnings ?? [],
  };
}

type Encoded = ReturnType<typeof encoded>;

/** JSON leaves out what is undefined. */
const encoded = (run: RunContent) => ({
  fleet: run.fleet,
  host: run.host,
  vm: run.vm === run.host ? undefined : run.vm,
  received_at: run.received_at,
  raw: run.raw,
  raw_encoding: run.raw_encoding === "utf-8" ? undefined : run.raw_encoding,
  parser_version: run.parser_version,
  run: run.client_run ?? undefined,
  facts: Object.keys(run.facts).length > 0 ? run.facts : undefined,
  bonnie: setupRow(run.bonnie),
  metrics: METRIC_NAMES.map((name) => measurementRow(run.metrics[name])),
  quality: qualityRow(run.quality),
  warnings: run.warnings.length > 0 ? run.warnings : undefined,
});

const setupRow = (setup: BonnieSetup) =>
  [
    setup.format,
    setup.source,
    setup.format_version,
    setup.bonnie_version,
    setup.machine,
    setup.concurrency,
    setup.seed,
    setup.file_size_kib,
    setup.chunk_size_bytes,
    setup.seek_count,
    setup.seek_procs,
    setup.files === null ? null : fileRow(setup.files),
  ] as const;

function setupOf(row: ReturnType<typeof setupRow>): BonnieSetup {
  const [format, source, format_version, bonnie_version, machine, concurrency, seed, ...sizes] = row;
  const [file_size_kib, chunk_size_bytes, seek_count, seek_procs, files] = sizes;
  return {
    format,
    source,
    format_version,
    bonnie_version,
    machine,
    concurrency,
    seed,
    file_size_kib,
    chunk_size_bytes,
    seek_count,
    seek_procs,
    files: files === null ? null : filesOf(files),
  };
}

const fileRow = ({ thousands, max_size, min_size, num_dirs }: FileSpec) =>
  [thousands, max_size, min_size, num_dirs] as const;

const filesOf = ([thousands, max_size, min_size, num_dirs]: ReturnType<typeof fileRow>): FileSpec => ({
  thousands,
  max_size,
  min_size,
  num_dirs,
});

/** Rate, %CP and latency; what was too fast to measure has its bound behind them. */
type MeasurementRow = readonly [rate: number | null, cpu: number | null, latency_us: number | null, bound?: number];

function measurementRow(measurement: Measurement | null): MeasurementRow | null {
  if (measurement === null) return null;
  const { rate, cpu, latency_us, lower_bound } = measurement;
  return lower_bound === undefined ? [rate, cpu, latency_us] : [rate, cpu, latency_us, lower_bound];
}

function measurementOf(row: MeasurementRow | null): Measurement | null {
  if (row === null) return null;
  const [rate, cpu, latency_us, lower_bound] = row;
  return lower_bound === undefined
    ? { rate, cpu, latency_us, censored: false }
    : { rate, cpu, latency_us, censored: true, lower_bound };
}

const qualityRow = ({ verdict, reasons, decided_by }: Quality) =>
  reasons.length === 0 && decided_by.length === 0 ? ([verdict] as const) : ([verdict, reasons, decided_by] as const);

const qualityOf = ([verdict, reasons = [], decided_by = []]: ReturnType<typeof qualityRow>): Quality => ({
  verdict,
  reasons,
  decided_by,
});
