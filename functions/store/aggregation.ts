// What aggregation reads and writes, over the table.

import type { AggregationStore } from "../../shared/ports.ts";
import { MOST_COHORTS } from "./cohorts.ts";
import { commitSteps } from "./commit.ts";
import { keptUpToDate, readGenerations } from "./generations.ts";
import { clearMarks, countMarks, readMark, readMarks } from "./pending-hosts.ts";
import { readSamples } from "./runs.ts";
import { listFleets } from "./status.ts";
import { readSummaries } from "./summaries.ts";
import type { Table } from "./table.ts";

/** `mostCohorts` is the room for cohorts in a period. */
export function makeAggregationStore(table: Table, mostCohorts = MOST_COHORTS): AggregationStore {
  return {
    fleets: () => listFleets(table),
    generations: async (fleet) => keptUpToDate(fleet, await readGenerations(table, fleet)),
    marks: (fleet, bucket, limit, after) => readMarks(table, fleet, bucket, limit, after),
    mark: (fleet, host) => readMark(table, fleet, host),
    openMarks: (fleet) => countMarks(table, fleet),
    clear: (marks) => clearMarks(table, marks),
    samples: (group, window, limit) => readSamples(table, group, window, limit),
    summaries: (of, keys) => readSummaries(table, of, keys),
    commit: (of, bucket, steps, at) => commitSteps({ table, of, bucket, at, mostCohorts }, steps),
  };
}
