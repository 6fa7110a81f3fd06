// Cohorts of a period: which ones exist, which ones match filters, and which one a host is counted in. Every cohort costs
// cells of its own, and a read in every filtered query, so a period has room for a limited number; hosts of further cohorts
// are counted together in `other`. The stored summary of a host says which cohort it is counted in, so that this is decided
// only once.
//
// A cohort is listed for as long as it has hosts. Its item has the number of shards with hosts of it. When a shard gets its
// first host or loses its last one, a cell of the shard appears or disappears; both change in one transaction.

import type { TransactWriteItem } from "@aws-sdk/client-dynamodb";
import type { FleetGeneration, SummaryStep } from "../../../shared/cells/stored-summary.ts";
import type { CellQuery } from "../../../shared/compare/merged-cells.ts";
import { COHORT_KEYS, type Cohort, type CountedCohort, OTHER_COHORT } from "../../../shared/run/cohort.ts";
import { type Item, itemText, keyItem } from "../table/item.ts";
import { cohortHash, cohortKey, cohortPartitions, type Key, keyText } from "../table/keys.ts";
import { getItems, partition, queryAll, queryItems, type Table } from "../table/table.ts";

/** Cohorts that a period has room for. Workers that add cohorts at the same moment may each exceed it by one. */
export const MAX_COHORTS = 2_000;

/** The cohorts of a period that filters can match. */
export async function readCohorts(table: Table, of: FleetGeneration, period: string): Promise<Cohort[]> {
  return (await readListed(table, of, period)).cohorts;
}

async function readListed(
  table: Table,
  of: FleetGeneration,
  period: string,
): Promise<{ cohorts: Cohort[]; isCapped: boolean }> {
  // Consistently: what follows from it is cached under a version that was read before.
  const parts = cohortPartitions(of, period).map((pk) => queryAll(table, { ...partition(pk), ConsistentRead: true }));
  const items = (await Promise.all(parts)).flat();
  const own = items.filter((item) => itemText(item, "sk") !== OTHER_COHORT);
  return { cohorts: own.map((item) => JSON.parse(itemText(item, "cohort"))), isCapped: own.length < items.length };
}

/** Whether a cohort matches every filter: each key must have one of the values of its filter. */
function cohortMatches(cohort: Cohort, filters: CellQuery["filters"]): boolean {
  return COHORT_KEYS.every((key) => {
    const wanted = filters[key];
    const value = cohort[key];
    // Filters are in NFC. Earlier versions stored values as they were sent, in NFC or not.
    return wanted === undefined || (value !== undefined && wanted.includes(value.normalize("NFC")));
  });
}

/**
 * The hashes of the cohorts that match the filters, out of how many (`listed`), and whether hosts may be missing because they
 * are counted in `other`.
 */
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
 * The write that lists a cohort, or removes it from the list, when a shard got its first host of it (`added` 1) or lost its
 * last one (-1). No write for an item of an earlier version, which has no number of shards and stays until a rebuild.
 */
export function listingWrite(
  table: Table,
  key: Key,
  cohort: CountedCohort,
  stored: Item | undefined,
  added: 1 | -1,
): TransactWriteItem[] {
  if (stored !== undefined && stored["shards"] === undefined) return [];
  const target = { TableName: table.name, Key: keyItem(key) };
  const one = { ":one": { N: "1" } };
  if (added === 1) {
    return [
      {
        Update: {
          ...target,
          UpdateExpression: "SET cohort = :cohort ADD shards :one",
          ExpressionAttributeValues: { ...one, ":cohort": { S: JSON.stringify(cohort) } },
        },
      },
    ];
  }
  // Only if it still is the last shard: otherwise the transaction fails.
  if (Number(stored?.["shards"]?.N) === 1) {
    return [{ Delete: { ...target, ConditionExpression: "shards = :one", ExpressionAttributeValues: one } }];
  }
  return [
    {
      Update: {
        ...target,
        UpdateExpression: "ADD shards :less",
        ConditionExpression: "shards > :one",
        ExpressionAttributeValues: { ...one, ":less": { N: "-1" } },
      },
    },
  ];
}

/**
 * The steps with the cohorts that their hosts are counted in: their own cohort if it is listed or the period has room for it,
 * else `other`. Nothing is read for a host that stays in its cohort.
 */
export async function assignCohorts(
  table: Table,
  of: FleetGeneration,
  steps: readonly SummaryStep[],
  maxCohorts: number,
): Promise<SummaryStep[]> {
  const stepKey = ({ period, after }: SummaryStep) => cohortKey(of, period, cohortHash(after.cohort));
  const entering = steps.filter(entersCohort);
  if (entering.length === 0) return [...steps];
  const keys = new Map(entering.map((step) => [keyText(stepKey(step)), stepKey(step)]));
  const listed = new Set((await getItems(table, [...keys.values()])).keys());
  const rooms = new Map<string, number>();
  const assigned: SummaryStep[] = [];
  for (const step of steps) {
    const own = keyText(stepKey(step));
    if (!entersCohort(step) || step.after.cohort === OTHER_COHORT || listed.has(own)) {
      assigned.push(step);
      continue;
    }
    const room = rooms.get(step.period) ?? maxCohorts - (await countCohorts(table, of, step.period));
    rooms.set(step.period, Math.max(0, room - 1));
    if (room > 0) listed.add(own);
    assigned.push(room > 0 ? step : { ...step, after: { ...step.after, cohort: OTHER_COHORT } });
  }
  return assigned;
}

/** Whether a step counts a host in a cohort that it was not counted in before. */
export function entersCohort({ before, after }: SummaryStep): boolean {
  return (
    after.summary.groups.length > 0 &&
    (before.summary.groups.length === 0 || cohortHash(before.cohort) !== cohortHash(after.cohort))
  );
}

/** Whether a step no longer counts a host in the cohort that it was counted in before. */
export function leavesCohort({ before, after }: SummaryStep): boolean {
  return (
    before.summary.groups.length > 0 &&
    (after.summary.groups.length === 0 || cohortHash(before.cohort) !== cohortHash(after.cohort))
  );
}

/** The number of cohorts that take room, which `other` does not. */
async function countCohorts(table: Table, of: FleetGeneration, period: string): Promise<number> {
  const counts = await Promise.all(
    cohortPartitions(of, period).map(async (pk) => {
      let count = 0;
      const keys = { ...partition(pk), ProjectionExpression: "sk", ConsistentRead: true };
      for await (const item of queryItems(table, keys)) if (itemText(item, "sk") !== OTHER_COHORT) count += 1;
      return count;
    }),
  );
  return counts.reduce((sum, count) => sum + count, 0);
}
