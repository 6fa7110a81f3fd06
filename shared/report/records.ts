// Records: an answer for programs, as one rectangular table with stable column names. Numbers are the answer's own, not
// rounded. The columns of runs are here; shared/summaries has the columns of the other answers.

import { METRIC_NAMES } from "../run/metrics.ts";
import type { Facts, Measurement, Run } from "../run/run.ts";
import type { UnreadableEntry } from "./model.ts";

/** The value of a field; null and undefined are written as empty. */
export type Value = string | number | boolean | null | undefined;

/** A column by its name, and its value in an item. Names are stable; columns may be added at the end. */
export type Field<T> = readonly [name: string, read: (item: T) => Value];

export interface Records {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Value[])[];
}

/** Builds a table with a row for each item. */
export function buildRecords<T>(fields: readonly Field<T>[], items: readonly T[]): Records {
  return {
    columns: fields.map(([name]) => name),
    rows: items.map((item) => fields.map(([, read]) => read(item))),
  };
}

// Runs: a row for each, with the same columns in every export. `facts` is a JSON object, and `raw` a JSON string, so that
// it begins with a quote for any output of Bonnie++, and a reader gets every character back. A semicolon in them is escaped,
// so that no spreadsheet splits the field there and no apostrophe is inserted.

/** The columns of each metric; a field is empty where its value is not known. */
const PER_METRIC = ["rate", "cpu", "latency_us", "lower_bound"] as const satisfies readonly (keyof Measurement)[];

/** Columns may be added before `facts`; programs go by their names. */
const FIELDS: readonly Field<Run>[] = [
  ["id", ({ id }) => id],
  ["fleet", ({ fleet }) => fleet],
  ["host", ({ host }) => host],
  ["vm", ({ vm }) => vm],
  ["backend", ({ backend }) => backend],
  ["stratum", ({ stratum }) => stratum],
  ["finished_at", ({ finished_at }) => finished_at],
  ["received_at", ({ received_at }) => received_at],
  ["withdrawn_at", ({ withdrawn_at }) => withdrawn_at],
  ["client_run", ({ client_run }) => client_run],
  ["verdict", ({ quality }) => quality.verdict],
  ["decided_by", ({ quality }) => quality.decided_by.join(" ")],
  ...METRIC_NAMES.flatMap((metric) =>
    PER_METRIC.map((key): Field<Run> => [`${metric}_${key}`, ({ metrics }) => metrics[metric]?.[key]]),
  ),
  ["withdrawn_reason", ({ withdrawn_reason }) => withdrawn_reason],
  ["relabeled_from", ({ relabeled_from }) => relabeled_from],
  ["sent_by_token_id", ({ sent_by }) => sent_by?.token_id],
  ["sent_by_label", ({ sent_by }) => sent_by?.label],
  ["facts", ({ facts }) => json(facts)],
  ["raw_encoding", ({ raw_encoding }) => raw_encoding],
  ["raw", ({ raw }) => json(raw)],
];

/** JSON with `\\u003b` for a semicolon, which JSON has in its strings only. */
const json = (value: string | Facts): string => JSON.stringify(value).replaceAll(";", "\\u003b");

/**
 * The records of runs that cannot be read, in the same columns: id, fleet and host as far as they are known, and `unreadable`
 * instead of the verdict. All their numbers are empty.
 */
export function unreadableRecords(fleet: string, runs: readonly UnreadableEntry[]): Records {
  const known: Readonly<Record<string, (run: UnreadableEntry) => Value>> = {
    id: ({ id }) => id,
    fleet: () => fleet,
    host: ({ host }) => host,
    verdict: () => "unreadable",
  };
  const fields = FIELDS.map(([name]): Field<UnreadableEntry> => [name, known[name] ?? (() => null)]);
  return buildRecords(fields, runs);
}

/** The records of some runs. */
export function runRecords(runs: readonly Run[]): Records {
  return buildRecords(FIELDS, runs);
}
