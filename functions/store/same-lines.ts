// Lines that a host already has under another backend. Mostly somebody has sent a file again with another backend, and then one
// measurement counts as two. In: new runs of one host. Out: for some of them the older run with the same line.
//
// The order index of a host has no lines, but samples, which begin with the measured values: equal lines have equal values. One
// query lets the store search the newest entries for them, and returns only matches, whose lines are then compared.

import type { NewRun } from "../../shared/cells/sample.ts";
import { encodeSample } from "../../shared/cells/sample.ts";
import { TABLE } from "../../shared/deployment.ts";
import type { Run } from "../../shared/run/run.ts";
import { itemText } from "./item.ts";
import { runKey, runsOfHost } from "./keys.ts";
import { isWithdrawn, parseRuns } from "./runs.ts";
import { getItem, queryPage, type Table } from "./table.ts";

/** Entries of the order index that are searched: about 100 kB. */
const SEARCHED = 500;

/** Matches whose lines are compared. */
const MAX_COMPARED = 10;

/** A run as another one names it. */
export type SameLine = Pick<Run, "id" | "host" | "backend">;

/**
 * For each new run, by its id, an older run of the host with the same line and another backend. Withdrawn runs do not count:
 * withdrawing the wrong run is the remedy. At most 100 runs. One query, and a read for each match. `identify` reads a stored text; it is a parameter so that functions that
 * read no uploads need not contain the reader.
 */
export async function findSameLines(
  table: Table,
  runs: readonly NewRun[],
  identify: (raw: string) => string,
): Promise<ReadonlyMap<string, SameLine>> {
  const [first] = runs;
  const found = new Map<string, SameLine>();
  if (first === undefined) return found;
  const { fleet, host } = first.run;
  const beginnings = [...new Set(runs.map(({ sample }) => valuesOf(sample)))];
  const { items } = await queryPage(table, {
    IndexName: TABLE.orderIndex.name,
    KeyConditionExpression: "pk = :pk",
    FilterExpression: beginnings.map((_, index) => `begins_with(#sample, :v${index})`).join(" OR "),
    ProjectionExpression: "pk, sk, ord",
    ExpressionAttributeNames: { "#sample": "sample" },
    ExpressionAttributeValues: {
      ":pk": { S: runsOfHost(fleet, host) },
      ...Object.fromEntries(beginnings.map((text, index) => [`:v${index}`, { S: text }])),
    },
    Limit: SEARCHED,
  });
  const ids = new Set(runs.map(({ run }) => run.id));
  const others = items.filter((item) => !isWithdrawn(item)).map((item) => itemText(item, "sk"));
  // Copies from a log, a mail and from curl differ in `raw`. Only matches are read again.
  const known = new Map<string, string>();
  const lineOf = (raw: string): string => {
    const line = known.get(raw) ?? identify(raw);
    known.set(raw, line);
    return line;
  };
  for (const id of others.filter((other) => !ids.has(other)).slice(0, MAX_COMPARED)) {
    const item = await getItem(table, runKey(fleet, id));
    const [other] = item === null ? [] : parseRuns([item]).runs;
    if (other === undefined) continue;
    for (const { run } of runs) {
      const mayBeSame = run.raw_encoding === other.raw_encoding && run.backend !== other.backend && !found.has(run.id);
      if (mayBeSame && lineOf(run.raw) === lineOf(other.raw)) found.set(run.id, other);
    }
  }
  return found;
}

/** The beginning of an encoded sample: the measured values of its line. */
function valuesOf(sample: NewRun["sample"]): string {
  const { values } = sample;
  const text = encodeSample({ values, cached: [], small_file: false, bound_mismatch: false, cohort: {} });
  return text.slice(0, -1);
}
