// The stored text form of a run: compact JSON, without what the key of the run contains, with measurements and setup as
// lists without names, and without what a plain run does not have. It halves what is written, and paid for, with every
// result. Reading checks every value: a text that another version wrote, or whose bytes have changed, gives an error with
// the name of the value, never a value of another type than declared.

import { METRIC_NAMES, perMetric } from "./metrics.ts";
import type {
  BonnieSetup,
  Facts,
  FileSpec,
  Measurement,
  Measurements,
  Quality,
  QualityReason,
  Run,
  SentBy,
} from "./run.ts";
import { quoted } from "./text.ts";

/** What the key of a stored run contains. */
export type RunPlace = Pick<Run, "id" | "backend" | "stratum" | "finished_at">;

/** A run without what is stored next to its text, and without what changes after it is stored. */
export type RunContent = Omit<Run, keyof RunPlace | "host" | "withdrawn_at">;

/** Writes a run as compact JSON. Equal runs give equal text if their facts are in the same order. */
export function encodeRun(run: RunContent & Pick<Run, "host">): string {
  return JSON.stringify(toStored(run));
}

/**
 * Reads what `encodeRun` wrote, now or in the older form that named every value. Throws a SyntaxError or a RunDecodeError if
 * the text is anything else.
 */
export function decodeRun(
  stored: string,
  { id, backend, stratum, finished_at, host }: RunPlace & Pick<Run, "host">,
): Omit<Run, "withdrawn_at"> {
  const whole = named(JSON.parse(stored), "run");
  const run = Array.isArray(whole["metrics"]) ? whole : fromOlderForm(whole);
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
    raw_encoding: decodeEncoding(run["raw_encoding"] ?? "utf-8", "raw_encoding"),
    parser_version: number(run["parser_version"], "parser_version"),
    client_run: orNull(text)(run["run"] ?? null, "run"),
    facts: decodeFacts(named(run["facts"] ?? {}, "facts")),
    bonnie: decodeSetup(run["bonnie"]),
    metrics: decodeMetrics(run["metrics"]),
    quality: decodeQuality(run["quality"]),
    warnings: listOf(text)(run["warnings"] ?? [], "warnings"),
    sent_by: orNull(decodeSentBy)(run["sent_by"] ?? null, "sent_by"),
  };
}

// Decoders: each checks one kind of JSON value.

/** A stored text that is not the text form of a run. */
class RunDecodeError extends Error {
  override readonly name = "RunDecodeError";
}

/** Checks a value; `name` identifies it in an error. Throws RunDecodeError. */
type Decoder<T> = (value: unknown, name: string) => T;

function reject(name: string, expected: string, value: unknown): never {
  const found = value === undefined ? "nothing" : quoted(JSON.stringify(value));
  throw new RunDecodeError(`${name}: expected ${expected}, found ${found}`);
}

/** Any text. */
const text: Decoder<string> = (value, name) => (typeof value === "string" ? value : reject(name, "text", value));

/** A finite number. */
const number: Decoder<number> = (value, name) =>
  typeof value === "number" && Number.isFinite(value) ? value : reject(name, "a number", value);

/** Null, or what `decode` accepts. */
const orNull =
  <T>(decode: Decoder<T>): Decoder<T | null> =>
  (value, name) =>
    value === null ? null : decode(value, name);

/** One of the words. */
const oneOf =
  <T extends string>(...words: readonly T[]): Decoder<T> =>
  (value, name) =>
    words.find((word) => word === value) ?? reject(name, `one of ${words.join(", ")}`, value);

/** A list of `min` to `max` values, which the caller checks one by one. */
function row(value: unknown, name: string, min: number, max = min): readonly unknown[] {
  const isRow = Array.isArray(value) && value.length >= min && value.length <= max;
  return isRow ? value : reject(name, `a list of ${min}${max === min ? "" : ` to ${max}`} values`, value);
}

/** A list of values that `decode` accepts. */
const listOf =
  <T>(decode: Decoder<T>): Decoder<readonly T[]> =>
  (value, name) =>
    row(value, name, 0, Number.POSITIVE_INFINITY).map((each) => decode(each, name));

/** An object, whose values the caller checks one by one. */
const named: Decoder<Readonly<Record<string, unknown>>> = (value, name) =>
  isNamed(value) ? value : reject(name, "named values", value);

const isNamed = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

// Parts of a run.

const decodeEncoding = oneOf("utf-8", "latin-1");

/** JSON omits undefined values. */
const toStored = (run: RunContent & Pick<Run, "host">) => ({
  fleet: run.fleet,
  vm: run.vm === run.host ? undefined : run.vm,
  received_at: run.received_at,
  raw: run.raw,
  raw_encoding: run.raw_encoding === "utf-8" ? undefined : run.raw_encoding,
  parser_version: run.parser_version,
  run: run.client_run ?? undefined,
  facts: Object.keys(run.facts).length > 0 ? run.facts : undefined,
  bonnie: encodeSetup(run.bonnie),
  metrics: METRIC_NAMES.map((name) => encodeMeasurement(run.metrics[name])),
  quality: encodeQuality(run.quality),
  warnings: run.warnings.length > 0 ? run.warnings : undefined,
  sent_by: run.sent_by === null ? undefined : [run.sent_by.token_id, run.sent_by.label],
});

function decodeSentBy(stored: unknown, name: string): SentBy {
  const [token_id, label] = row(stored, name, 2);
  return { token_id: text(token_id, name), label: orNull(text)(label, name) };
}

/** The order of the values in the row of a setup. */
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

const encodeSetup = (setup: BonnieSetup): readonly unknown[] =>
  SETUP_NAMES.map((name) => (name === "files" ? setup.files && encodeFiles(setup.files) : setup[name]));

function decodeSetup(stored: unknown): BonnieSetup {
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
    files: orNull(decodeFiles)(files, "bonnie.files"),
  };
}

const encodeFiles = ({ thousands, max_size, min_size, num_dirs }: FileSpec) =>
  [thousands, max_size, min_size, num_dirs] as const;

function decodeFiles(stored: unknown, name: string): FileSpec {
  const [thousands, max_size, min_size, num_dirs] = row(stored, name, 4);
  return {
    thousands: number(thousands, name),
    max_size: max_size === "link" || max_size === "symlink" ? max_size : orNull(number)(max_size, name),
    min_size: orNull(number)(min_size, name),
    num_dirs: number(num_dirs, name),
  };
}

/** Rate, %CP and latency, followed by the bound if the test was too fast to measure. */
type MeasurementRow = readonly [rate: number | null, cpu: number | null, latency_us: number | null, bound?: number];

function encodeMeasurement(measurement: Measurement | null): MeasurementRow | null {
  if (measurement === null) return null;
  const { rate, cpu, latency_us, lower_bound } = measurement;
  return lower_bound === undefined ? [rate, cpu, latency_us] : [rate, cpu, latency_us, lower_bound];
}

function decodeMetrics(stored: unknown): Measurements {
  // Runs that were stored before a metric was added end without it.
  const rows = row(stored, "metrics", 0, METRIC_NAMES.length);
  return perMetric((name, index) => orNull(decodeMeasurement)(rows[index] ?? null, `metrics.${name}`));
}

function decodeMeasurement(stored: unknown, name: string): Measurement {
  const [rate, cpu, latency_us, bound] = row(stored, name, 3, 4);
  const measured = {
    rate: orNull(number)(rate, name),
    cpu: orNull(number)(cpu, name),
    latency_us: orNull(number)(latency_us, name),
  };
  if (bound === undefined) return { ...measured, censored: false };
  return { ...measured, censored: true, lower_bound: number(bound, name) };
}

const encodeQuality = ({ verdict, reasons, decided_by }: Quality) =>
  reasons.length === 0 && decided_by.length === 0 ? ([verdict] as const) : ([verdict, reasons, decided_by] as const);

function decodeQuality(stored: unknown): Quality {
  const [verdict, reasons = [], decided_by = []] = row(stored, "quality", 1, 3);
  return {
    verdict: decodeVerdict(verdict, "quality.verdict"),
    reasons: listOf(decodeReason)(reasons, "quality.reasons"),
    decided_by: listOf(text)(decided_by, "quality.decided_by"),
  };
}

const decodeVerdict = oneOf("cached", "probably-cached", "suspect", "clean", "not-assessed");
const decodeStrength = oneOf("decisive", "strong", "medium", "weak");

function decodeReason(stored: unknown, name: string): QualityReason {
  const { rule, strength, text: sentence } = named(stored, name);
  return { rule: text(rule, name), strength: decodeStrength(strength, name), text: text(sentence, name) };
}

function decodeFacts(stored: Readonly<Record<string, unknown>>): Facts {
  return Object.fromEntries(
    Object.entries(stored).map(([key, value]) => [
      key,
      typeof value === "boolean" ? value : typeof value === "number" ? number(value, key) : text(value, `facts.${key}`),
    ]),
  );
}

/** Converts the older form, the JSON of the whole run, to the current one. */
function fromOlderForm(run: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const bonnie = named(run["bonnie"], "bonnie");
  const metrics = named(run["metrics"], "metrics");
  const quality = named(run["quality"], "quality");
  return {
    ...run,
    run: run["client_run"],
    bonnie: SETUP_NAMES.map((name) => (name === "files" ? olderFilesRow(bonnie[name]) : bonnie[name])),
    metrics: METRIC_NAMES.map((name) => olderMeasurementRow(metrics[name] ?? null, `metrics.${name}`)),
    quality: [quality["verdict"], quality["reasons"], quality["decided_by"]],
  };
}

function olderFilesRow(files: unknown): unknown {
  if (files === null) return null;
  const { thousands, max_size, min_size, num_dirs } = named(files, "bonnie.files");
  return [thousands, max_size, min_size, num_dirs];
}

function olderMeasurementRow(measurement: unknown, name: string): unknown {
  if (measurement === null) return null;
  const { rate, cpu, latency_us, lower_bound } = named(measurement, name);
  return lower_bound === undefined ? [rate, cpu, latency_us] : [rate, cpu, latency_us, lower_bound];
}
