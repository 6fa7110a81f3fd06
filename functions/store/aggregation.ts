// What aggregation reads and writes, over the table.

import type { AggregationStore } from "../../shared/ports.ts";
import { MAX_COHORTS } from "./cohorts.ts";
import { commitSteps } from "./commit.ts";
import { activeGenerations, readGenerations } from "./generations.ts";
import { clearPendingHosts, countPendingHosts, readPendingHost, readPendingHosts } from "./pending-hosts.ts";
import { readSamples } from "./runs.ts";
import { listFleets } from "./status.ts";
import { readSummaries } from "./summaries.ts";
import type { Table } from "./table.ts";

/** `mostCohorts` is the room for cohorts in a period. */
export function makeAggregationStore(table: Table, mostCohorts = MAX_COHORTS): AggregationStore {
  return {
    fleets: () => listFleets(table),
    generations: async (fleet) => activeGenerations(fleet, await readGenerations(table, fleet)),
    marks: (fleet, bucket, limit, after) => readPendingHosts(table, fleet, bucket, limit, after),
    mark: (fleet, host) => readPendingHost(table, fleet, host),
    pendingHostCount: (fleet) => countPendingHosts(table, fleet),
    clear: (marks) => clearPendingHosts(table, marks),
    samples: (group, window, limit) => readSamples(table, group, window, limit),
    summaries: (of, keys) => readSummaries(table, of, keys),
    commit: (of, bucket, steps, at) => commitSteps({ table, of, bucket, at, mostCohorts }, steps),
  };
}
