// Runs as comma-separated values: one record for each run, with the same columns in every export. Columns may be added
// before `facts`; programs go by their names.

import type { Measurement } from "../model/measurement.ts";
import { METRIC_NAMES } from "../model/metrics.ts";
import type { Run } from "../model/run.ts";
import { csvRecord, harmlessField } from "./csv.ts";

/** What is told of each metric; a field is empty where it is not known. */
const MEASURES = ["rate", "cpu", "latency_us", "lower_bound"] as const satisfies readonly (keyof Measurement)[];

/** The names of the columns. */
const COLUMNS: readonly string[] = [
  "id",
  "fleet",
  "host",
  "vm",
  "backend",
  "stratum",
  "finished_at",
  "received_at",
  "withdrawn_at",
  "client_run",
  "verdict",
  "decided_by",
  ...METRIC_NAMES.flatMap((metric) => MEASURES.map((measure) => `${metric}_${measure}`)),
  "facts",
  "raw_encoding",
  "raw",
];

/** The record that names the columns. */
export const RUNS_CSV_HEAD = csvRecord(COLUMNS);

/**
 * The record of one run. `facts` is a JSON object, and `raw` a JSON string, so that it begins with a quote whatever
 * Bonnie++ printed and every character of it comes back when it is read.
 */
export function runCsv(run: Run): string {
  const named = [run.id, run.fleet, run.host, run.vm, run.backend, run.stratum, run.finished_at, run.received_at];
  const { verdict, decided_by } = run.quality;
  return csvRecord([
    ...named.map(harmlessField),
    run.withdrawn_at ?? "",
    harmlessField(run.client_run ?? ""),
    verdict,
    decided_by.join(" "),
    ...METRIC_NAMES.flatMap((metric) => MEASURES.map((measure) => String(run.metrics[metric]?.[measure] ?? ""))),
    JSON.stringify(run.facts),
    run.raw_encoding,
    JSON.stringify(run.raw),
  ]);
}
