// Reparsing: every stored run made afresh of its raw line by this version of the parser and the cache rules (design,
// principle 1). In: a fleet. Out: runs that read differently, or whose samples and places in the indexes are not theirs, are
// replaced and their hosts marked, so that aggregation counts them again; all others stay untouched, and so do those whose
// bytes have changed: what they say is not what was measured. It may be stopped and started again at any time, beside uploads
// and aggregation.

import { toSample } from "../../shared/cells/sample.ts";
import type { Clock } from "../../shared/ports.ts";
import { reparse } from "../../shared/quality/assess.ts";
import type { Run } from "../../shared/run/run.ts";
import { hostsOfFleet, runItemsOf } from "../store/fleet-scan.ts";
import type { Item } from "../store/item.ts";
import { replaceRun, runItem } from "../store/runs.ts";
import type { Table } from "../store/table.ts";
import { auditRun } from "./audit.ts";

/** What rereading found. */
export interface Reparsing {
  readonly runs: number;
  /** Runs that read differently now, and were replaced. */
  readonly changed: number;
  /** Ids of runs whose raw line is no result to this version; they stay as they were. */
  readonly unreadable: readonly string[];
  /** What is wrong with runs whose bytes have changed, a sentence each; they stay as they are. */
  readonly damaged: readonly string[];
}

/** Reads all runs of a fleet again. `onProgress` is told of every host. */
export async function reparseFleet(
  table: Table,
  fleet: string,
  clock: Clock,
  onProgress: (hosts: number, of: number) => void,
): Promise<Reparsing> {
  const { names, nameless } = await hostsOfFleet(table, fleet);
  const unreadable: string[] = [];
  const damaged = nameless.map(({ reason }) => reason);
  let [runs, changed] = [0, 0];
  for (const [index, host] of names.entries()) {
    for await (const item of runItemsOf(table, fleet, host)) {
      runs += 1;
      const { run: before, isWhole, differences } = auditRun(item);
      if (before === null || !isWhole) {
        damaged.push(...differences.map(({ text = "" }) => text));
        continue;
      }
      const after = reparse(before);
      if (after === null) unreadable.push(before.id);
      else if (isStoredOtherwise(item, after) && (await replace(table, before, after, clock))) changed += 1;
    }
    onProgress(index + 1, names.length);
  }
  return { runs, changed, unreadable, damaged };
}

/** Whether a run would be stored in another item than it is. A checksum that it does not have yet is no reason to touch it. */
function isStoredOtherwise(item: Item, run: Run): boolean {
  const derived = Object.entries(runItem(run, toSample(run)));
  return derived.some(([name, value]) => name !== "sum" && item[name]?.S !== value.S);
}

function replace(table: Table, before: Run, after: Run, clock: Clock): Promise<boolean> {
  return replaceRun(table, before, { run: after, sample: toSample(after) }, new Date(clock()).toISOString());
}
