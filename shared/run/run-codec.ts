// The text form of a run as it is stored: what its key says is not repeated, measurements and setup are rows without names,
// and what a plain run does not have takes no room. It halves what is written, and paid for, with every result.

import { METRIC_NAMES, perMetric } from "./metrics.ts";
import type { BonnieSetup, Facts, FileSpec, Measurement, Measurements, Quality, QualityReason, Run } from "./run.ts";
import { quoted } from "./text.ts";

// Stored JSON, read with care. A text that was written by another version, or whose bytes have changed, gives a fault that
// says where and what, and never a value of another type than the one that was asked for.

/** What was expected in a stored text, and what was found. */
class FormFault extends Error {
  override readonly name = "FormFault";
}

/** Reads a value; `name` is what a fault calls it. Throws FormFault. */
type Form<T> = (value: unknown, name: string) => T;

function refused(name: string, expected: string, value: unknown): never {
  const found = value === undefined ? "nothing" : quoted(JSON.stringify(value));
  throw new FormFault(`${name}: expected ${expected}, found ${found}`);
}

/** Any text. */
const text: Form<string> = (value, name) => (typeof value === "string" ? value : refused(name, "text", value));

/** A finite number. */
const number: Form<number> = (value, name) =>
  typeof value === "number" && Number.isFinite(value) ? value : refused(name, "a number", value);

/** What the form reads, or null. */
const orNull =
  <T>(form: Form<T>): Form<T | null> =>
  (value, name) =>
    value === null ? null : form(value, name);

/** One of some words. */
const oneOf =
  <T extends string>(...words: readonly T[]): Form<T> =>
  (value, name) =>
    words.find((word) => word === value) ?? refused(name, `one of ${words.join(", ")}`, value);

/** A list of `least` to `most` values, which the caller reads one by one. */
function row(value: unknown, name: string, least: number, most = least): readonly unknown[] {
  const isRow = Array.isArray(value) && value.length >= least && value.length <= most;
  return isRow ? value : refused(name, `a list of ${least}${most === least ? "" : ` to ${most}`} values`, value);
}

/** A list of values of one form. */
const listOf =
  <T>(form: Form<T>): Form<readonly T[]> =>
  (value, name) =>
    row(value, name, 0, Number.POSITIVE_INFINITY).map((each) => form(each, name));

/** Named values, which the caller reads one by one. */
const named: Form<Readonly<Record<string, unknown>>> = (value, name) =>
  isNamed(value) ? value : refused(name, "named values", value);

const isNamed = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** What the key of a stored run says. */
export type RunPlace = Pick<Run, "id" | "backend" | "stratum" | "finished_at">;

/** A run without what its key says, and without what changes after it was stored. */
export type RunContent = Omit<Run, keyof RunPlace | "withdrawn_at">;

/** Writes a run as compact JSON. Equal runs give equal text as far as their facts are in the same order. */
export function encodeRun(run: RunContent): string {
  return JSON.stringify(encoded(run));
}

/**
 * Reads what `encodeRun` wrote, now or in the older form that named every value. Throws a SyntaxError or a FormFault when the
 * text is anything else.
 */
export function decodeRun(stored: string, { id, backend, stratum, finished_at }: RunPlace): Omit<Run, "withdrawn_at"> {
  const whole = named(JSON.parse(stored), "run");
  const run = Array.isArray(whole["metrics"]) ? whole : withoutNames(whole);
  const host = text(run["host"], "host");
  return {
    id,
    fleet: text(run["fleet"], "fleet"),
    host,
    vm: text(run["vm"] ?? host, "vm"),
    backend,
    stratum,
    finished_at,
    received_at: text(run["received_at"], "received_at"),
    raw: text(run["raw"], "raw"),
    raw_encoding: encoding(run["raw_encoding"] ?? "utf-8", "raw_encoding"),
    parser_version: number(run["parser_version"], "parser_version"),
    client_run: orNull(text)(run["run"] ?? null, "run"),
    facts: factsOf(named(run["facts"] ?? {}, "facts")),
    bonnie: setupOf(run["bonnie"]),
    metrics: metricsOf(run["metrics"]),
    quality: qualityOf(run["quality"]),
    warnings: listOf(text)(run["warnings"] ?? [], "warnings"),
  };
}

const encoding = oneOf("utf-8", "latin-1");

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

/** The order of a setup in its row. */
const SETUP_NAMES = [
  "format",
  "source",
  "format_version",
  "bonnie_version",
  "machine",
  "concurrency",
  "seed",
  "file_size_kib",
  "chunk_size_bytes",
  "seek_count",
  "seek_procs",
  "files",
] as const satisfies readonly (keyof BonnieSetup)[];

const setupRow = (setup: BonnieSetup): readonly unknown[] =>
  SETUP_NAMES.map((name) => (name === "files" ? setup.files && fileRow(setup.files) : setup[name]));

function setupOf(stored: unknown): BonnieSetup {
  const [format, source, format_version, bonnie_version, machine, concurrency, seed, ...sizes] = row(
    stored,
    "bonnie",
    12,
  );
  const [file_size_kib, chunk_size_bytes, seek_count, seek_procs, files] = sizes;
  return {
    format: oneOf("v1", "v2")(format, "bonnie.format"),
    source: oneOf("csv", "text")(source, "bonnie.source"),
    format_version: orNull(text)(format_version, "bonnie.format_version"),
    bonnie_version: orNull(text)(bonnie_version, "bonnie.bonnie_version"),
    machine: text(machine, "bonnie.machine"),
    concurrency: orNull(number)(concurrency, "bonnie.concurrency"),
    seed: orNull(text)(seed, "bonnie.seed"),
    file_size_kib: orNull(number)(file_size_kib, "bonnie.file_size_kib"),
    chunk_size_bytes: orNull(number)(chunk_size_bytes, "bonnie.chunk_size_bytes"),
    seek_count: orNull(number)(seek_count, "bonnie.seek_count"),
    seek_procs: orNull(number)(seek_procs, "bonnie.seek_procs"),
    files: orNull(filesOf)(files, "bonnie.files"),
  };
}

const fileRow = ({ thousands, max_size, min_size, num_dirs }: FileSpec) =>
  [thousands, max_size, min_size, num_dirs] as const;

function filesOf(stored: unknown, name: string): FileSpec {
  const [thousands, max_size, min_size, num_dirs] = row(stored, name, 4);
  return {
    thousands: number(thousands, name),
    max_size: max_size === "link" || max_size === "symlink" ? max_size : orNull(number)(max_size, name),
    min_size: orNull(number)(min_size, name),
    num_dirs: number(num_dirs, name),
  };
}

/** Rate, %CP and latency; what was too fast to measure has its bound behind them. */
type MeasurementRow = readonly [rate: number | null, cpu: number | null, latency_us: number | null, bound?: number];

function measurementRow(measurement: Measurement | null): MeasurementRow | null {
  if (measurement === null) return null;
  const { rate, cpu, latency_us, lower_bound } = measurement;
  return lower_bound === undefined ? [rate, cpu, latency_us] : [rate, cpu, latency_us, lower_bound];
}

function metricsOf(stored: unknown): Measurements {
  // Metrics that came later are not in what was stored before them.
  const rows = row(stored, "metrics", 0, METRIC_NAMES.length);
  return perMetric((name, index) => orNull(measurementOf)(rows[index] ?? null, `metrics.${name}`));
}

function measurementOf(stored: unknown, name: string): Measurement {
  const [rate, cpu, latency_us, bound] = row(stored, name, 3, 4);
  const measured = {
    rate: orNull(number)(rate, name),
    cpu: orNull(number)(cpu, name),
    latency_us: orNull(number)(latency_us, name),
  };
  if (bound === undefined) return { ...measured, censored: false };
  return { ...measured, censored: true, lower_bound: number(bound, name) };
}

const qualityRow = ({ verdict, reasons, decided_by }: Quality) =>
  reasons.length === 0 && decided_by.length === 0 ? ([verdict] as const) : ([verdict, reasons, decided_by] as const);

function qualityOf(stored: unknown): Quality {
  const [verdict, reasons = [], decided_by = []] = row(stored, "quality", 1, 3);
  return {
    verdict: verdictOf(verdict, "quality.verdict"),
    reasons: listOf(reasonOf)(reasons, "quality.reasons"),
    decided_by: listOf(text)(decided_by, "quality.decided_by"),
  };
}

const verdictOf = oneOf("cached", "probably-cached", "suspect", "clean", "not-assessed");
const strengthOf = oneOf("decisive", "strong", "medium", "weak");

function reasonOf(stored: unknown, name: string): QualityReason {
  const { rule, strength, text: said } = named(stored, name);
  return { rule: text(rule, name), strength: strengthOf(strength, name), text: text(said, name) };
}

function factsOf(stored: Readonly<Record<string, unknown>>): Facts {
  return Object.fromEntries(
    Object.entries(stored).map(([key, value]) => [
      key,
      typeof value === "boolean" ? value : typeof value === "number" ? number(value, key) : text(value, `facts.${key}`),
    ]),
  );
}

/** A run of the older form, which was the JSON of all of it, in the form of today. */
function withoutNames(run: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const bonnie = named(run["bonnie"], "bonnie");
  const metrics = named(run["metrics"], "metrics");
  const quality = named(run["quality"], "quality");
  return {
    ...run,
    run: run["client_run"],
    bonnie: SETUP_NAMES.map((name) => (name === "files" ? rowOfFiles(bonnie[name]) : bonnie[name])),
    metrics: METRIC_NAMES.map((name) => rowOfMeasurement(metrics[name] ?? null, `metrics.${name}`)),
    quality: [quality["verdict"], quality["reasons"], quality["decided_by"]],
  };
}

function rowOfFiles(files: unknown): unknown {
  if (files === null) return null;
  const { thousands, max_size, min_size, num_dirs } = named(files, "bonnie.files");
  return [thousands, max_size, min_size, num_dirs];
}

function rowOfMeasurement(measurement: unknown, name: string): unknown {
  if (measurement === null) return null;
  const { rate, cpu, latency_us, lower_bound } = named(measurement, name);
  return lower_bound === undefined ? [rate, cpu, latency_us] : [rate, cpu, latency_us, lower_bound];
}
