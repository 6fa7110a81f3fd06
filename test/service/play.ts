// Plays a history of a fleet on a real table.

import { aggregateFleet, aggregatePendingHosts } from "../../functions/service/aggregate.ts";
import { makeChangeableRuns } from "../../functions/store/runs/run-changes.ts";
import { makeAggregationStores } from "../../functions/store/statistics/commit.ts";
import { makeRebuildScan } from "../../functions/store/statistics/fleet-scan.ts";
import { makeGenerationStore } from "../../functions/store/statistics/generations.ts";
import { computeShard } from "../../functions/store/table/keys.ts";
import type { Table } from "../../functions/store/table/table.ts";
import { SHARDS } from "../../shared/deployment.ts";
import { AppError } from "../../shared/errors.ts";
import type { PendingHost } from "../../shared/run/pending-host.ts";
import { interfering, stoppingBefore } from "../support/faulty-table.ts";
import { newRun } from "../support/runs.ts";
import type { Operation } from "./histories.ts";

const NOW = "2026-11-22T10:00:00.000Z";

/** Like the error of an unreachable store: the aggregation ends at once, without looking for the host that caused it. */
class Died extends AppError {
  constructor() {
    super("unavailable", "died");
  }
}

/** Dependencies of aggregation over a table; the back-off is a few turns of the event loop. */
export const aggregateOver = (table: Table) => ({
  ...makeAggregationStores(table),
  clock: () => Date.parse(NOW),
  backOff: async (attempt: number) => {
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 2 ** Math.min(attempt, 5)));
  },
});

/** Dependencies of a rebuild over a table. */
export const rebuildOver = (table: Table) => ({
  ...aggregateOver(table),
  scan: makeRebuildScan(table),
  generations: makeGenerationStore(table),
});

/** Plays the operations in order, and then aggregates until no host is pending. */
export async function play(table: Table, fleet: string, operations: readonly Operation[]): Promise<void> {
  const runs = makeChangeableRuns(table);
  const workers = aggregateOver(table);
  const ids: string[] = [];
  const marksSeen: PendingHost[] = [];

  async function perform(operation: Operation): Promise<void> {
    switch (operation.kind) {
      case "upload": {
        const uploaded = operation.runs.map((run) => newRun({ ...run, fleet }));
        await runs.add(uploaded);
        ids.push(...uploaded.map(({ run }) => run.id));
        const mark = await workers.pendingHosts.get(fleet, uploaded[0]?.run.host ?? "");
        if (mark !== null) marksSeen.push(mark);
        return;
      }
      case "withdraw": {
        const id = ids[ids.length - 1 - (operation.pick % ids.length)];
        if (id !== undefined) await runs.withdraw(fleet, id, NOW);
        return;
      }
      case "aggregate":
        await Promise.all(Array.from({ length: operation.workers }, () => aggregateFleet(workers, fleet)));
        return;
      case "die": {
        const dying = interfering(table, async ({ name, count }, pass) => {
          if (name !== "TransactWriteItems" || count < operation.write) return pass();
          if (operation.after && count === operation.write) await pass();
          throw new Died();
        });
        await aggregateFleet(aggregateOver(dying), fleet).catch((error) => {
          if (!(error instanceof Died)) throw error;
        });
        return;
      }
      case "overtake": {
        await perform(operation.first);
        const { slow, stopped, goOn } = stoppingBefore(table, operation.request, operation.count);
        const worker = aggregateFleet(aggregateOver(slow), fleet);
        await Promise.race([stopped, worker]);
        await perform(operation.meanwhile);
        await aggregateFleet(workers, fleet);
        goOn();
        await worker;
        return;
      }
      case "replay": {
        const mark = marksSeen[operation.pick % marksSeen.length];
        if (mark !== undefined) await aggregatePendingHosts(workers, fleet, computeShard(fleet, mark.host), [mark]);
      }
    }
  }

  for (const operation of operations) await perform(operation);
  await aggregateAll(table, fleet);
}

/** Aggregates until no host of the fleet is pending; throws when that does not end. */
export async function aggregateAll(table: Table, fleet: string): Promise<void> {
  const deps = aggregateOver(table);
  for (let pass = 0; pass < 10; pass += 1) {
    await aggregateFleet(deps, fleet);
    const open = await Promise.all(
      Array.from({ length: SHARDS }, (_, bucket) => deps.pendingHosts.list(fleet, bucket, 1)),
    );
    if (open.flat().length === 0) return;
  }
  throw new Error("marks are still open after ten passes");
}
