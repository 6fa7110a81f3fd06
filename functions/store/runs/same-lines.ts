// Lines that a host already has under another backend. Mostly somebody has sent a file again with another backend, and then one
// measurement counts as two. In: new runs of one host. Out: for some of them another run with the same line. An id has the
// hash of its line after that of its host, so the runs with one line are one short range, and ids are enough to compare.

import type { NewRun } from "../../../shared/cells/sample.ts";
import { isBackend } from "../../../shared/run/backends.ts";
import type { Run } from "../../../shared/run/run.ts";
import { itemText, optionalText } from "../table/item.ts";
import { runsOfHost, samplesOfHost } from "../table/keys.ts";
import { partition, queryPage, type Table } from "../table/table.ts";
import { parseEntryPlace } from "./samples.ts";

/** Lines that are searched by their ranges; for more, the entries of the host are read. */
const MAX_RANGES = 1;

/** Runs with one line that are read. */
const MAX_OF_LINE = 10;

/** Entries that are read: about 100 kB. */
const MAX_ENTRIES = 500;

/** A run as another one names it. */
export type SameLine = Pick<Run, "id" | "host" | "backend">;

/** The part of an id that the ids of all runs of a host with one line begin with. */
const lineOfId = (id: string): string => id.slice(0, 32);

/**
 * For each new run, by its id, another run of the host with the same line and another backend. Withdrawn runs do not count:
 * withdrawing the wrong run is the remedy. One query: for a single line a small one; for more lines one that finds other
 * runs among 500 of the host's.
 */
export async function findSameLines(table: Table, runs: readonly NewRun[]): Promise<ReadonlyMap<string, SameLine>> {
  const [first] = runs;
  const found = new Map<string, SameLine>();
  if (first === undefined) return found;
  const lines = [...new Set(runs.map(({ run }) => lineOfId(run.id)))];
  const others =
    lines.length > MAX_RANGES
      ? await readEntries(table, first.run)
      : (await Promise.all(lines.map((line) => readRange(table, first.run, line)))).flat();
  for (const { run } of runs) {
    const other = others.find(({ id, backend }) => lineOfId(id) === lineOfId(run.id) && backend !== run.backend);
    if (other !== undefined) found.set(run.id, other);
  }
  return found;
}

/** The runs of a host that count and have one line. */
async function readRange(table: Table, { fleet, host }: Run, line: string): Promise<SameLine[]> {
  const { items } = await queryPage(table, {
    ...partition(runsOfHost(fleet, host), line),
    ProjectionExpression: "sk, tsk, withdrawn",
    Limit: MAX_OF_LINE,
  });
  return items.flatMap((item) => {
    const backend = itemText(item, "tsk").split("#")[2] ?? "";
    const isCounted = optionalText(item, "withdrawn") === null && isBackend(backend);
    return isCounted ? [{ id: itemText(item, "sk"), host, backend }] : [];
  });
}

/** The runs of a host that count, up to 500 of them. */
async function readEntries(table: Table, { fleet, host }: Run): Promise<SameLine[]> {
  const { items } = await queryPage(table, {
    KeyConditionExpression: "pk = :pk AND sk < :withdrawn",
    ExpressionAttributeValues: { ":pk": { S: samplesOfHost(fleet, host) }, ":withdrawn": { S: "~" } },
    ProjectionExpression: "sk",
    Limit: MAX_ENTRIES,
  });
  return items.map(parseEntryPlace).map(({ id, backend }) => ({ id, host, backend }));
}
