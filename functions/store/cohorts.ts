// Cohorts of a period: which there are, which satisfy filters, and which a host is counted in. Every cohort costs cells of
// its own and a read in every filtered answer, so a period has room for so many; hosts of further ones are counted together
// in `other`. Where a host is counted stands in its stored summary, so nobody ever has to find out again why.
//
// A cohort is listed for as long as it has hosts. Its item says in how many shards it has any; that a shard gets its first
// host or loses its last one shows in a cell of the shard, and both change in one transaction.

import type { TransactWriteItem } from "@aws-sdk/client-dynamodb";
import type { FleetGeneration, SummaryStep } from "../../shared/cells/stored-summary.ts";
import type { CellQuery } from "../../shared/compare/cell-reading.ts";
import { COHORT_KEYS, type Cohort, type CountedCohort, OTHER_COHORT } from "../../shared/run/cohort.ts";
import { type Item, keyItem, textOf } from "./item.ts";
import { cohortHash, cohortKey, cohortPartition, idOf, type Key } from "./keys.ts";
import { getItems, partition, queryAll, queryItems, type Table } from "./table.ts";

/** Cohorts of a period. Workers that add cohorts at the same moment may each add one more. */
export const MAX_COHORTS = 2_000;

/** The cohorts of a period that filters can find. */
export async function readCohorts(table: Table, of: FleetGeneration, period: string): Promise<Cohort[]> {
  return (await readListed(table, of, period)).cohorts;
}

async function readListed(
  table: Table,
  of: FleetGeneration,
  period: string,
): Promise<{ cohorts: Cohort[]; isCapped: boolean }> {
  const items = await queryAll(table, partition(cohortPartition(of, period)));
  const own = items.filter((item) => textOf(item, "sk") !== OTHER_COHORT);
  return { cohorts: own.map((item) => JSON.parse(textOf(item, "cohort"))), isCapped: own.length < items.length };
}

/** Whether a cohort satisfies every filter: each key must have one of the values asked for. */
function cohortMatches(cohort: Cohort, filters: CellQuery["filters"]): boolean {
  return COHORT_KEYS.every((key) => {
    const wanted = filters[key];
    const value = cohort[key];
    // Earlier versions stored what was sent, in NFC or not; filters are.
    return wanted === undefined || (value !== undefined && wanted.includes(value.normalize("NFC")));
  });
}

/** The hashes of the cohorts that satisfy the filters, of how many, and whether hosts may be missing because they are in `other`. */
export async function matchingCohorts(
  table: Table,
  of: FleetGeneration,
  filters: CellQuery["filters"],
  period: string,
): Promise<{ cohorts: string[]; listed: number; isCapped: boolean }> {
  const { cohorts, isCapped } = await readListed(table, of, period);
  const matching = cohorts.filter((cohort) => cohortMatches(cohort, filters)).map(cohortHash);
  return { cohorts: matching, listed: cohorts.length, isCapped };
}

/**
 * The write that lists a cohort, or no longer does, when a shard of it got its first host (`added` 1) or lost its last one
 * (-1). A list that an earlier version has written says of no shards, and keeps its cohorts until a rebuild.
 */
export function listingWrite(
  table: Table,
  key: Key,
  cohort: CountedCohort,
  stored: Item | undefined,
  added: 1 | -1,
): TransactWriteItem[] {
  if (stored !== undefined && stored["shards"] === undefined) return [];
  const place = { TableName: table.name, Key: keyItem(key) };
  const one = { ":one": { N: "1" } };
  if (added === 1) {
    return [
      {
        Update: {
          ...place,
          UpdateExpression: "SET cohort = :cohort ADD shards :one",
          ExpressionAttributeValues: { ...one, ":cohort": { S: JSON.stringify(cohort) } },
        },
      },
    ];
  }
  // Whether it is the last shard is as it was read, or the transaction fails.
  if (Number(stored?.["shards"]?.N) === 1) {
    return [{ Delete: { ...place, ConditionExpression: "shards = :one", ExpressionAttributeValues: one } }];
  }
  return [
    {
      Update: {
        ...place,
        UpdateExpression: "ADD shards :less",
        ConditionExpression: "shards > :one",
        ExpressionAttributeValues: { ...one, ":less": { N: "-1" } },
      },
    },
  ];
}

/**
 * The steps with the cohorts that their hosts are to be counted in: their own where it is listed or the period has room,
 * else `other`. A host that stays in its cohort is not looked up.
 */
export async function placed(
  table: Table,
  of: FleetGeneration,
  steps: readonly SummaryStep[],
  most: number,
): Promise<SummaryStep[]> {
  const keyOf = ({ period, after }: SummaryStep) => cohortKey(of, period, cohortHash(after.cohort));
  const entering = steps.filter(enters);
  if (entering.length === 0) return [...steps];
  const keys = new Map(entering.map((step) => [idOf(keyOf(step)), keyOf(step)]));
  const listed = new Set((await getItems(table, [...keys.values()])).keys());
  const rooms = new Map<string, number>();
  const done: SummaryStep[] = [];
  for (const step of steps) {
    const own = idOf(keyOf(step));
    if (!enters(step) || step.after.cohort === OTHER_COHORT || listed.has(own)) {
      done.push(step);
      continue;
    }
    const room = rooms.get(step.period) ?? most - (await countCohorts(table, of, step.period));
    rooms.set(step.period, Math.max(0, room - 1));
    if (room > 0) listed.add(own);
    done.push(room > 0 ? step : { ...step, after: { ...step.after, cohort: OTHER_COHORT } });
  }
  return done;
}

/** Whether a step takes a host into a cohort that it has not been counted in. */
export function enters({ before, after }: SummaryStep): boolean {
  return (
    after.summary.groups.length > 0 &&
    (before.summary.groups.length === 0 || cohortHash(before.cohort) !== cohortHash(after.cohort))
  );
}

/** Whether a step takes a host out of a cohort that it has been counted in. */
export function leaves({ before, after }: SummaryStep): boolean {
  return (
    before.summary.groups.length > 0 &&
    (after.summary.groups.length === 0 || cohortHash(before.cohort) !== cohortHash(after.cohort))
  );
}

/** Cohorts that take room: `other` takes none. */
async function countCohorts(table: Table, of: FleetGeneration, period: string): Promise<number> {
  let count = 0;
  const keys = { ...partition(cohortPartition(of, period)), ProjectionExpression: "sk", ConsistentRead: true };
  for await (const item of queryItems(table, keys)) if (textOf(item, "sk") !== OTHER_COHORT) count += 1;
  return count;
}
