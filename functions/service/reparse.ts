// Reparsing: every stored run made afresh of its raw line by this version of the parser and the cache rules (design,
// principle 1). In: a fleet. Out: runs that read differently, or whose samples and places in the indexes are not theirs, are
// replaced and their hosts marked, so that aggregation counts them again; all others stay untouched, and so do those whose
// bytes have changed: what they say is not what was measured. It may be stopped and started again at any time, beside uploads
// and aggregation.

import { type NewRun, sampleOf } from "../../shared/cells/sample.ts";
import { reparse } from "../../shared/quality/assess.ts";
import type { Clock } from "../../shared/run/periods.ts";
import type { Run } from "../../shared/run/run.ts";
import type { FleetScan } from "../store/fleet-scan.ts";
import type { Item } from "../store/item.ts";
import { runItem } from "../store/runs.ts";
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

/** Scans the runs of a fleet, and replaces them. */
export interface ReparseDeps {
  readonly scan: Pick<FleetScan, "hosts" | "runItems">;
  /** Replaces a run, and makes its host pending. False, and nothing changes, if it was withdrawn since it was read. */
  replaceRun(before: Run, after: NewRun, at: string): Promise<boolean>;
  readonly clock: Clock;
}

/** Reads all runs of a fleet again. `onProgress` is told of every host. */
export async function reparseFleet(
  { scan, replaceRun, clock }: ReparseDeps,
  fleet: string,
  onProgress: (hosts: number, of: number) => void,
): Promise<Reparsing> {
  const { names, nameless } = await scan.hosts(fleet);
  const unreadable: string[] = [];
  const damaged = nameless.map(({ reason }) => reason);
  let [runs, changed] = [0, 0];
  for (const [index, host] of names.entries()) {
    for await (const item of scan.runItems(fleet, host)) {
      runs += 1;
      const { run: before, isWhole, differences } = auditRun(item);
      if (before === null || !isWhole) {
        damaged.push(...differences.map(({ text = "" }) => text));
        continue;
      }
      const after = reparse(before);
      if (after === null) unreadable.push(before.id);
      else if (isStoredOtherwise(item, after)) {
        const at = new Date(clock()).toISOString();
        if (await replaceRun(before, { run: after, sample: sampleOf(after) }, at)) changed += 1;
      }
    }
    onProgress(index + 1, names.length);
  }
  return { runs, changed, unreadable, damaged };
}

/** Whether a run would be stored in another item than it is. A checksum that it does not have yet is no reason to touch it. */
function isStoredOtherwise(item: Item, run: Run): boolean {
  const derived = Object.entries(runItem(run, sampleOf(run)));
  return derived.some(([name, value]) => name !== "sum" && item[name]?.S !== value.S);
}
