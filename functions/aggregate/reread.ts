// Rereading: every stored run made afresh of its raw line by this version of the parser and the cache rules (design,
// principle 1). In: a fleet. Out: runs that read differently are replaced and their hosts marked, so that aggregation counts
// them again; all others stay untouched. It may be stopped and started again at any time, beside uploads and aggregation.

import { isDeepStrictEqual } from "node:util";
import type { Run } from "../../shared/model/run.ts";
import type { Clock } from "../../shared/ports.ts";
import { reread } from "../../shared/quality/reread.ts";
import { sampleOf } from "../../shared/summary/sample.ts";
import { hostsOfFleet, runsOf } from "../store/fleet-runs.ts";
import { replaceRun } from "../store/runs.ts";
import type { Table } from "../store/table.ts";

/** What rereading found. */
export interface Rereading {
  readonly runs: number;
  /** Runs that read differently now, and were replaced. */
  readonly changed: number;
  /** Ids of runs whose raw line is no result to this version; they stay as they were. */
  readonly unreadable: readonly string[];
}

/** Reads all runs of a fleet again. `onProgress` is told of every host. */
export async function rereadFleet(
  table: Table,
  fleet: string,
  clock: Clock,
  onProgress: (hosts: number, of: number) => void,
): Promise<Rereading> {
  const hosts = await hostsOfFleet(table, fleet);
  const unreadable: string[] = [];
  let [runs, changed] = [0, 0];
  for (const [index, host] of hosts.entries()) {
    for await (const before of runsOf(table, fleet, host)) {
      runs += 1;
      const after = reread(before);
      if (after === null) unreadable.push(before.id);
      else if (!isDeepStrictEqual(plain(before), plain(after)) && (await replace(table, before, after, clock)))
        changed += 1;
    }
    onProgress(index + 1, hosts.length);
  }
  return { runs, changed, unreadable };
}

/** A run as it is stored: JSON knows no undefined. */
const plain = (run: Run): unknown => JSON.parse(JSON.stringify(run));

function replace(table: Table, before: Run, after: Run, clock: Clock): Promise<boolean> {
  return replaceRun(table, before, { run: after, sample: sampleOf(after) }, new Date(clock()).toISOString());
}
