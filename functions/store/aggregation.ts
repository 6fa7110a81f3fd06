// What aggregation reads and writes, over the table.

import type { AggregationStore } from "../../shared/ports.ts";
import { MOST_COHORTS } from "./cohorts.ts";
import { commitSteps } from "./commit.ts";
import { textOf } from "./item.ts";
import { FLEETS_PARTITION } from "./keys.ts";
import { clearMark, readMark, readMarks } from "./marks.ts";
import { readSamples } from "./runs.ts";
import { readSummaries } from "./summaries.ts";
import { partition, queryAll, type Table } from "./table.ts";

/** `mostCohorts` is the room for cohorts in a period. */
export function makeAggregationStore(table: Table, mostCohorts = MOST_COHORTS): AggregationStore {
  return {
    fleets: async () => (await queryAll(table, partition(FLEETS_PARTITION))).map((item) => textOf(item, "sk")),
    marks: (fleet, bucket, limit, after) => readMarks(table, fleet, bucket, limit, after),
    mark: (fleet, host) => readMark(table, fleet, host),
    clear: (mark) => clearMark(table, mark),
    samples: (group, window, limit) => readSamples(table, group, window, limit),
    summaries: (fleet, keys) => readSummaries(table, fleet, keys),
    commit: (fleet, bucket, steps, at) => commitSteps({ table, fleet, bucket, at, mostCohorts }, steps),
  };
}
