// Reparsing: parses the raw line of every stored run again with this version of the parser and the cache rules. In: a fleet.
// Out: a run that differs now, or whose sample or index keys do, is replaced and its host becomes pending, so that aggregation
// counts it again. All other runs stay untouched, and so do damaged ones, whose bytes are not what was measured. It may be
// interrupted and repeated at any time, concurrently with uploads and aggregation.

import { type NewRun, toSample } from "../../shared/cells/sample.ts";
import { reparse } from "../../shared/quality/assess.ts";
import type { Clock } from "../../shared/run/periods.ts";
import type { Run } from "../../shared/run/run.ts";
import type { FleetScan } from "../store/fleet-scan.ts";
import type { Item } from "../store/item.ts";
import { runItem } from "../store/runs.ts";
import { auditRun } from "./audit-runs.ts";

/** The result of reparsing. */
export interface Reparsing {
  readonly runs: number;
  /** Runs that were replaced. */
  readonly changed: number;
  /** Ids of runs whose raw line is not a result to this version; they stay as they were. */
  readonly unreadable: readonly string[];
  /** Why runs are damaged, one sentence each; they stay as they are. */
  readonly damaged: readonly string[];
}

/** Scans the runs of a fleet, and replaces them. */
export interface ReparseDeps {
  readonly scan: Pick<FleetScan, "hosts" | "runItems">;
  /** Replaces a run, and makes its host pending. False, and nothing changes, if it was withdrawn since it was read. */
  replaceRun(before: Run, after: NewRun, at: string): Promise<boolean>;
  readonly clock: Clock;
}

/** Reparses all runs of a fleet. `onProgress` is called after every host. */
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
      const { run: before, isIntact, differences } = auditRun(item);
      if (before === null || !isIntact) {
        damaged.push(...differences.map(({ text = "" }) => text));
        continue;
      }
      const after = reparse(before);
      if (after === null) unreadable.push(before.id);
      else if (isOutdated(item, after)) {
        const at = new Date(clock()).toISOString();
        if (await replaceRun(before, { run: after, sample: toSample(after) }, at)) changed += 1;
      }
    }
    onProgress(index + 1, names.length);
  }
  return { runs, changed, unreadable, damaged };
}

/** Whether the run would be stored as a different item. A missing checksum alone is no reason to replace a run. */
function isOutdated(item: Item, run: Run): boolean {
  const derived = Object.entries(runItem(run, toSample(run)));
  return derived.some(([name, value]) => name !== "sum" && item[name]?.S !== value.S);
}
