// Duplicates: a log often contains a run twice, as a text table and as a CSV line. In: the entries of an upload and the
// tables among them. Out: the entries without the tables that a CSV line repeats, and with an issue in place of a table
// whose own CSV line is damaged. What a table does not print is not compared.

import { METRIC_NAMES } from "../run/metrics.ts";
import type { BonnieSetup, FileSpec, Issue, Measurement } from "../run/run.ts";
import { V1, V2_48 } from "./layouts.ts";
import { scanFileSize } from "./sizes.ts";
import { SPACES, type Table } from "./table.ts";
import type { BonnieResult, Entry, Ignored } from "./types.ts";

/**
 * The tables among the entries, with the number of lines of each. They are settled at the end of the upload, because the
 * CSV line of a table may come after it.
 */
export type Tables = Map<Entry, { readonly table: Table; readonly lineCount: number }>;

/**
 * Removes the tables that a CSV result of the upload repeats, and counts their lines in `ignored.table`. A table whose own
 * CSV line comes next and is damaged becomes an issue: the whole line, sent later, would be a second run.
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
    if (found !== undefined && isRepeated(found.table, candidates)) ignored.table += found.lineCount;
    else if (found !== undefined && next?.kind === "issue" && isOwnLine(found.table, next.issue.raw)) {
      settled.push({ kind: "issue", issue: damagedLineIssue(found.table.result, next.issue) });
    } else settled.push(entry);
    if (entry.kind !== "directive") next = entry;
  }
  return settled.toReversed();
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
  if (csv === null || table.censored !== csv.censored || table.cpu !== csv.cpu) return false;
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
