// Duplicates: a log often contains a run twice, as a text table and as a CSV line. In: the entries of an upload and the
// tables among them. Out: the entries without the tables that a CSV line repeats, and with an issue in place of a table
// whose own CSV line is damaged. What a table does not print is not compared.

import { METRIC_NAMES } from "../run/metrics.ts";
import type { BonnieSetup, FileSpec, Issue, Measurement } from "../run/run.ts";
import { V1, V2_48 } from "./layouts.ts";
import { scanFileSize } from "./sizes.ts";
import type { Table, TableRun, UnreadTable } from "./table.ts";
import { SPACES } from "./table-lines.ts";
import type { BonnieResult, Entry, Ignored } from "./types.ts";

/**
 * The tables among the entries: runs, and issues with tables that were not read; with the number of lines of each. They are
 * settled at the end of the upload, because the CSV line of a table may come after it.
 */
export type Tables = Map<Entry, { readonly table: TableRun | UnreadTable; readonly lineCount: number }>;

/**
 * Removes the tables that CSV results of the upload repeat, and counts their lines in `ignored.table`.
 * - A table with an unreadable value is removed too if a CSV result agrees with all others: it adds nothing.
 * - A heading without a row is removed if a CSV result of its version comes next: `grep` takes such lines out of a log.
 * - A table whose own CSV line comes next and is damaged becomes an issue: the whole line, sent later, would be a second run.
 */
export function settleTables(entries: readonly Entry[], tables: Tables, ignored: Ignored): readonly Entry[] {
  if (tables.size === 0) return entries;
  const candidates: Candidate[] = [];
  for (const entry of entries) {
    if (entry.kind === "result" && !tables.has(entry)) candidates.push(toCandidate(entry.result));
  }
  const settled: Entry[] = [];
  let next: Entry | null = null;
  for (const entry of entries.toReversed()) {
    const found = tables.get(entry);
    if (found !== undefined && isNeedless(found.table, next, candidates)) ignored.table += found.lineCount;
    else if (found !== undefined && "table" in found.table && next?.kind === "issue" && !tables.has(next)) {
      const { table } = found.table;
      const isDamaged = isOwnLine(table, next.issue.raw);
      settled.push(isDamaged ? { kind: "issue", issue: damagedLineIssue(table.result, next.issue) } : entry);
    } else settled.push(entry);
    if (entry.kind !== "directive") next = entry;
  }
  return settled.toReversed();
}

/** Whether the CSV results of the upload contain everything that is in a table. */
function isNeedless(table: TableRun | UnreadTable, next: Entry | null, candidates: readonly Candidate[]): boolean {
  if ("table" in table) return table.halves.every((half) => isRepeated(half, candidates));
  const { runs, heading } = table;
  if (heading !== null) return next?.kind === "result" && isOfVersion(next.result, heading.version);
  return runs.length > 0 && runs.every((readings) => readings.some((reading) => isRepeated(reading, candidates)));
}

/** Whether a result is a CSV line of the version in a heading; a heading may have lost its version. */
function isOfVersion({ setup }: BonnieResult, version: string | null): boolean {
  if (setup.source !== "csv" || version === null) return setup.source === "csv";
  return setup.format === "v1" ? version.startsWith("1.0") : setup.bonnie_version === version;
}

function damagedLineIssue({ line, raw }: BonnieResult, { line: damaged, code }: Issue): Issue {
  const text = `expected the CSV line of this table to be whole, found it damaged at line ${damaged} (${code}); the table is ignored so that resending the line does not count the run twice`;
  return { line, column: 1, field: null, code: "csv_line_damaged", text, raw };
}

/** A CSV result, and its machine name prepared for comparison. */
interface Candidate {
  readonly result: BonnieResult;
  readonly name: string;
}

function toCandidate(result: BonnieResult): Candidate {
  return { result, name: collapseSpaces(result.setup.machine) };
}

/** Whether one of the CSV results agrees with every value of the table: rates to within the table's last digit. */
function isRepeated({ result, resolution }: Table, candidates: readonly Candidate[]): boolean {
  const name = collapseSpaces(result.setup.machine);
  return candidates.some(
    (csv) =>
      mayBeNamed(csv.name, name) &&
      haveSameSetup(result.setup, csv.result.setup) &&
      METRIC_NAMES.every((metric) =>
        isSameValue(result.metrics[metric], csv.result.metrics[metric], resolution[metric]),
      ),
  );
}

/** Whether a rejected line has the machine name and the file size of the table: it is the CSV line of the same run. */
function isOwnLine({ result: { setup } }: Table, line: string): boolean {
  const { machine, fileSize } = setup.format === "v1" ? V1 : V2_48;
  const fields = line.trim().split(",", fileSize + 1);
  const [name, size] = [fields[machine], fields[fileSize]?.split(":", 1)[0]];
  if (name === undefined || size === undefined) return false;
  const kib = size === "" ? null : scanFileSize(size, 0, size.length);
  return kib === setup.file_size_kib && mayBeNamed(collapseSpaces(name), collapseSpaces(setup.machine));
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
  if (csv === null) return false;
  // Neither measured nor censored: the table prints no true rate, or an unreadable one.
  const isUnknown = table.rate === null && !table.censored;
  if (!isUnknown && table.censored !== csv.censored) return false;
  if (table.cpu !== null && table.cpu !== csv.cpu) return false;
  if (table.latency_us !== null && table.latency_us !== csv.latency_us) return false;
  return table.rate === null || csv.rate === null || Math.abs(table.rate - csv.rate) < resolution;
}

/** Whether both names may mean one machine: tables truncate the name, and people remove it from a line they publish. */
function mayBeNamed(line: string, table: string): boolean {
  return line === "" || line.startsWith(table);
}

/** A name as a web page shows it: trimmed, runs of spaces as one. */
function collapseSpaces(name: string): string {
  return name.trim().replace(SPACES, " ");
}
