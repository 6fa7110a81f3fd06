// Contradictions: numbers that are well formed but cannot have been measured together. They mean a damaged line, or a
// clock that was set during the run. Limits are chosen so that no honest line meets them.

import { knownWork, upperLimit } from "../run/bound.ts";
import { METRIC_NAMES, type MetricName } from "../run/metrics.ts";
import type { BonnieSetup, FileSpec, Measurement } from "../run/run.ts";
import { V1, V2_48 } from "./layouts.ts";
import { scanFileSize } from "./sizes.ts";
import { BLANKS, type Table } from "./table.ts";
import type { BonnieResult } from "./types.ts";

// Agreement: whether a CSV line says all that a text table says, so that the table adds nothing; and whether a CSV line
// that cannot be read is the one that belongs to a table.

/** A CSV result with its machine name made ready for comparison. */
export interface Candidate {
  readonly result: BonnieResult;
  readonly name: string;
}

/** Prepares a CSV result for comparison with tables. */
export function candidateOf(result: BonnieResult): Candidate {
  return { result, name: collapsed(result.setup.machine) };
}

/**
 * Whether one of the CSV results agrees with every value of the table: rates to within the table's last digit, the
 * machine name as `mayBeNamed` says. What the table does not print is not compared.
 */
export function isRepeated({ result, resolution }: Table, candidates: readonly Candidate[]): boolean {
  const name = collapsed(result.setup.machine);
  return candidates.some(
    (csv) =>
      mayBeNamed(csv.name, name) &&
      haveSameSetup(result.setup, csv.result.setup) &&
      METRIC_NAMES.every((metric) =>
        isSameValue(result.metrics[metric], csv.result.metrics[metric], resolution[metric]),
      ),
  );
}

/** Whether a rejected line names the machine and the file size of the table: it is that run's own CSV line, damaged. */
export function isOwnLine({ result: { setup } }: Table, line: string): boolean {
  const { machine, fileSize } = setup.format === "v1" ? V1 : V2_48;
  const fields = line.trim().split(",", fileSize + 1);
  const [name, size] = [fields[machine], fields[fileSize]?.split(":", 1)[0]];
  if (name === undefined || size === undefined) return false;
  const kib = size === "" ? null : scanFileSize(size, 0, size.length);
  return kib === setup.file_size_kib && mayBeNamed(collapsed(name), collapsed(setup.machine));
}

function haveSameSetup(table: BonnieSetup, csv: BonnieSetup): boolean {
  return (
    table.format === csv.format &&
    (table.file_size_kib === null || table.file_size_kib === csv.file_size_kib) &&
    (table.files === null || haveSameFiles(table.files, csv.files)) &&
    mayBeSame(table.bonnie_version, csv.bonnie_version) &&
    mayBeSame(table.chunk_size_bytes, csv.chunk_size_bytes) &&
    mayBeSame(table.concurrency, csv.concurrency) &&
    mayBeSame(table.seek_count, csv.seek_count)
  );
}

function mayBeSame<T>(a: T | null, b: T | null): boolean {
  return a === null || b === null || a === b;
}

function haveSameFiles(a: FileSpec, b: FileSpec | null): boolean {
  return (
    a.thousands === b?.thousands && a.max_size === b.max_size && a.min_size === b.min_size && a.num_dirs === b.num_dirs
  );
}

function isSameValue(table: Measurement | null, csv: Measurement | null, resolution: number): boolean {
  if (table === null) return true;
  if (csv === null || table.censored !== csv.censored || table.cpu !== csv.cpu) return false;
  if (table.latency_us !== null && table.latency_us !== csv.latency_us) return false;
  return table.rate === null || csv.rate === null || Math.abs(table.rate - csv.rate) < resolution;
}

/** Whether both may be names of one machine: tables cut theirs at the end, and people take a line's name out before they show it. */
function mayBeNamed(line: string, table: string): boolean {
  return line === "" || line.startsWith(table);
}

/** A name as a web page shows it. */
function collapsed(name: string): string {
  return name.trim().replace(BLANKS, " ");
}

// Warnings: values that are as printed and yet deserve a look. They travel with the result and stop nothing. A reader asks
// for those of the setup first, then for those of each test in registry order.

/** The code words that warnings of a result open with; other warnings of a run are about what was said of it. */
const WARNING_CODES = [
  "size_overflow",
  "zero_rate",
  "impossible_cpu",
  "no_latency",
  "rounded_rates",
  "unknown_file_rates",
] as const;

/** Whether a warning of a run is one about its line. */
export const isOfLine = (warning: string): boolean => WARNING_CODES.some((code) => warning.startsWith(`${code}:`));

/** From 2 TiB on the work of v2, kept in 32 bits, does not fit (bonnie-formats.md, section 8). */
const OVERFLOWING_KIB = 2 ** 31;

/** Adds the warning of a setup. `size_overflow`: the block rates of so large a file may be a fraction of the true ones. */
export function warnOfSetup(warnings: string[], { format, file_size_kib: kib }: BonnieSetup): void {
  if (format === "v2" && kib !== null && kib >= OVERFLOWING_KIB) {
    warnings.push("size_overflow: Bonnie++ counts wrongly where a file has 2 TiB or more; rates may be too low.");
  }
}

/** One thread uses 100 %; the rest is for coarse clocks (101 was seen). */
const CPU_OF_ONE_THREAD = 110;
/** v1 forks three seekers. */
const V1_SEEKERS = 3;
/** The default of v2, where a line does not say. */
const V2_SEEKERS = 5;

/**
 * The largest believable %CP: 110, times 3 for the seeks of v1, times the square of the seekers for those of v2, where each
 * seeker counts all of them (bonnie-formats.md, section 7).
 */
function cpuLimit(metric: MetricName, setup: BonnieSetup): number {
  if (metric !== "seeks") return CPU_OF_ONE_THREAD;
  if (setup.format === "v1") return CPU_OF_ONE_THREAD * V1_SEEKERS;
  return CPU_OF_ONE_THREAD * (setup.seek_procs ?? V2_SEEKERS) ** 2;
}

/**
 * Adds the warnings of a test.
 * - `zero_rate`: a rate of 0 has no logarithm and is left out of statistics.
 * - `impossible_cpu`: the wall clock was set back during the test, which guests of Xen do see, or the line is damaged. The
 *   %CP is kept as read: the rate had the same wrong time, so that CPU time for each unit of work is right all the same.
 * - `no_latency`, where the output `printsLatencies`: the latency was exactly 0, or is lost.
 */
export function warnOfTest(
  warnings: string[],
  metric: MetricName,
  setup: BonnieSetup,
  { rate, cpu, latency_us: latency }: Measurement,
  printsLatencies: boolean,
): void {
  if (rate === 0) warnings.push(`zero_rate: ${metric} is 0, less than one unit a second.`);
  if (cpu !== null && cpu > CPU_OF_ONE_THREAD && cpu > cpuLimit(metric, setup)) {
    const limit = cpuLimit(metric, setup);
    warnings.push(
      `impossible_cpu: ${metric} has a %CP of ${cpu}, expected at most ${limit}; was the clock set meanwhile?`,
    );
  }
  if (printsLatencies && latency === null) warnings.push(`no_latency: ${metric} was run but has no latency.`);
}

/** What contradicts what; `part` is the number to point at. */
export interface Contradiction {
  readonly part: "rate" | "latency";
  readonly code: "above_bound" | "latency_above_elapsed";
  readonly text: string;
}

/** A test is too fast to measure below this, so its longest operation is shorter too. */
const CENSORED_BELOW_US = 500_000;

/** The unit a latency was printed in, which is how much truncation may have taken away. */
function latencyUnit(latencyUs: number): number {
  if (latencyUs > 99_999_999) return 1_000_000;
  return latencyUs > 99_999 ? 1_000 : 1;
}

/**
 * The first contradiction within one measurement, or null. `slack` is how far the printed rate may be above the true one:
 * 0 for a CSV line, which truncates; the last printed digit for a rounded rate of a table.
 * - A rate is at most twice the known work per second (bonnie-formats.md, section 5).
 * - A latency is at most the time the test took, work / rate, with one unit of each for rounding (bonnie-formats.md, section 3.3).
 * A %CP that no machine reaches is a warning only: see `warnings.ts`.
 */
export function contradiction(
  metric: MetricName,
  setup: BonnieSetup,
  { rate, latency_us: latency, censored }: Measurement,
  slack = 0,
): Contradiction | null {
  if (rate !== null) {
    const limit = upperLimit(metric, setup);
    if (limit !== null && rate - slack > limit) {
      const text = `expected at most ${limit}, since a faster test prints +++++, found ${rate}`;
      return { part: "rate", code: "above_bound", text };
    }
  }
  if (latency === null) return null;
  if (censored && latency >= CENSORED_BELOW_US) {
    const text = `expected a latency below 500 ms beside +++++, which means under 0.5 s in all, found ${latency} us`;
    return { part: "latency", code: "latency_above_elapsed", text };
  }
  const work = rate === null ? null : knownWork(metric, setup);
  if (rate === null || work === null) return null;
  const leastRate = rate - Math.max(slack, 1);
  if (leastRate > 0 && (latency - latencyUnit(latency)) * leastRate > work * 1_000_000) {
    const elapsed = Math.ceil((work / leastRate) * 1_000_000);
    const text = `expected a latency of at most ${elapsed} us, the time of the whole test, found ${latency} us`;
    return { part: "latency", code: "latency_above_elapsed", text };
  }
  return null;
}
