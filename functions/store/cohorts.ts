// Cohorts of a period: which there are, which satisfy filters, and which a host is counted in. Every cohort costs cells of
// its own and a read in every filtered answer, so a period has room for so many; hosts of further ones are counted together
// in `other`. Where a host is counted stands in its stored summary, so nobody ever has to find out again why.

import { COHORT_KEYS, type Cohort, OTHER_COHORT } from "../../shared/model/cohort.ts";
import type { CellQuestion, FleetGeneration, SummaryStep } from "../../shared/ports.ts";
import { textOf } from "./item.ts";
import { cohortHash, cohortKey, cohortPartition, idOf } from "./keys.ts";
import { getItems, partition, queryAll, queryItems, type Table } from "./table.ts";

/** Cohorts of a period. Workers that add cohorts at the same moment may each add one more. */
export const MOST_COHORTS = 2_000;

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
function cohortMatches(cohort: Cohort, filters: CellQuestion["filters"]): boolean {
  return COHORT_KEYS.every((key) => {
    const wanted = filters[key];
    const value = cohort[key];
    return wanted === undefined || (value !== undefined && wanted.includes(value));
  });
}

/** The hashes of the cohorts that satisfy the filters, of how many, and whether hosts may be missing because they are in `other`. */
export async function matchingCohorts(
  table: Table,
  of: FleetGeneration,
  filters: CellQuestion["filters"],
  period: string,
): Promise<{ cohorts: string[]; listed: number; isCapped: boolean }> {
  const { cohorts, isCapped } = await readListed(table, of, period);
  const matching = cohorts.filter((cohort) => cohortMatches(cohort, filters)).map(cohortHash);
  return { cohorts: matching, listed: cohorts.length, isCapped };
}

/**
 * The steps with the cohorts that their hosts are to be counted in: their own where it is listed or the period has room,
 * else `other`. A host that stays in its cohort is not looked up; once a period is full, nothing is counted any more.
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
  const keys = entering.flatMap((step) => [keyOf(step), cohortKey(of, step.period, OTHER_COHORT)]);
  const listed = new Set((await getItems(table, [...new Map(keys.map((key) => [idOf(key), key])).values()])).keys());
  const rooms = new Map<string, number>();
  const done: SummaryStep[] = [];
  for (const step of steps) {
    const own = idOf(keyOf(step));
    if (!enters(step) || listed.has(own)) {
      done.push(step);
      continue;
    }
    const isFull = listed.has(idOf(cohortKey(of, step.period, OTHER_COHORT)));
    const room = isFull ? 0 : (rooms.get(step.period) ?? most - (await countCohorts(table, of, step.period)));
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
    (before.version === null || cohortHash(before.cohort) !== cohortHash(after.cohort))
  );
}

async function countCohorts(table: Table, of: FleetGeneration, period: string): Promise<number> {
  let count = 0;
  const keys = { ...partition(cohortPartition(of, period)), ProjectionExpression: "sk", ConsistentRead: true };
  for await (const _ of queryItems(table, keys)) count += 1;
  return count;
}
