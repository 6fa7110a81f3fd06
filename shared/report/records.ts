// Records: what a program is told, one rectangular table for each answer. Numbers are those of the answer, not rounded.

import { METRIC_NAMES } from "../run/metrics.ts";
import type { Facts, Measurement, Run } from "../run/run.ts";
import type { UnreadableEntry } from "./model.ts";

/** A field; null and an absent one are empty. */
export type Value = string | number | boolean | null | undefined;

/** A column by its name, and its value in an item. Names are stable; columns may be added at the end. */
export type Field<T> = readonly [name: string, read: (item: T) => Value];

export interface Records {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Value[])[];
}

/** A table with a row for each item. */
export function recordsOf<T>(fields: readonly Field<T>[], items: readonly T[]): Records {
  return {
    columns: fields.map(([name]) => name),
    rows: items.map((item) => fields.map(([, read]) => read(item))),
  };
}

// Runs for programs: a row for each, with the same columns in every export. `facts` is a JSON object, and `raw` a JSON
// string, so that it begins with a quote whatever Bonnie++ printed and every character of it comes back when it is read. A
// semicolon in them is escaped, so that no spreadsheet splits there and no program finds an apostrophe that is not theirs.

/** What is told of each metric; a field is empty where it is not known. */
const MEASURES = ["rate", "cpu", "latency_us", "lower_bound"] as const satisfies readonly (keyof Measurement)[];

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
    MEASURES.map((measure): Field<Run> => [`${metric}_${measure}`, ({ metrics }) => metrics[metric]?.[measure]]),
  ),
  ["facts", ({ facts }) => json(facts)],
  ["raw_encoding", ({ raw_encoding }) => raw_encoding],
  ["raw", ({ raw }) => json(raw)],
];

/** JSON with `\\u003b` for a semicolon, which stands in its texts only. */
const json = (value: string | Facts): string => JSON.stringify(value).replaceAll(";", "\\u003b");

/**
 * The records of runs that cannot be read, in the same columns: id, fleet and host as far as they are known, and `unreadable`
 * in place of the verdict. No number of theirs is there to be counted.
 */
export function unreadableRecords(fleet: string, runs: readonly UnreadableEntry[]): Records {
  const known: Readonly<Record<string, (run: UnreadableEntry) => Value>> = {
    id: ({ id }) => id,
    fleet: () => fleet,
    host: ({ host }) => host,
    verdict: () => "unreadable",
  };
  const fields = FIELDS.map(([name]): Field<UnreadableEntry> => [name, known[name] ?? (() => null)]);
  return recordsOf(fields, runs);
}

/** The records of some runs. */
export function runRecords(runs: readonly Run[]): Records {
  return recordsOf(FIELDS, runs);
}
