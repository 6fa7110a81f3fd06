// Agreement: whether a CSV line says all that a text table says, so that the table adds nothing; and whether a CSV line
// that cannot be read is the one that belongs to a table.

import type { BonnieSetup, FileSpec, Measurement } from "../model/measurement.ts";
import { METRIC_NAMES } from "../run/metrics.ts";
import { V1, V2_48 } from "./layouts.ts";
import type { BonnieResult } from "./types.ts";
import { scanFileSize } from "./sizes.ts";
import type { Table } from "./table.ts";
import { BLANKS } from "./table-lines.ts";

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
