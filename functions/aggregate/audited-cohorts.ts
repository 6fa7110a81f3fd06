// The lists of cohorts of an audit: each cohort that has hosts is listed, with the number of shards in which it has any, and no
// other is. What has hosts is taken from the cells, which the audit checks against the runs.

import { SCOPE_ALL } from "../../shared/cells/cell.ts";
import { FLEET_NAME } from "../../shared/cells/contribution.ts";
import { BUCKETS } from "../../shared/deployment.ts";
import type { FleetGeneration } from "../../shared/ports.ts";
import { type Item, textOf } from "../store/item.ts";
import { cellKey, cohortHash, cohortKey, cohortPartition, EVERY_COHORT, idOf } from "../store/keys.ts";
import { getItems, partition, queryItems, type Table } from "../store/table.ts";
import type { Difference } from "./audit-difference.ts";

/** The number of shards in which each cohort of a period has hosts, by its hash. */
export type Shards = Map<string, number>;

/** Counts a stored cell, if it is the one that a cohort has in each shard with hosts. */
export function countShard(shards: Shards, cell: Item): void {
  const [cohort = "", kind, name, scope] = textOf(cell, "sk").split("#");
  if (cohort === EVERY_COHORT || kind !== "fleet" || name !== FLEET_NAME || scope !== SCOPE_ALL) return;
  shards.set(cohort, (shards.get(cohort) ?? 0) + 1);
}

/** Compares the list of a period with the cells; what changed while it was compared is counted in `moving`. */
export async function wrongListings(
  table: Table,
  of: FleetGeneration,
  period: string,
  shards: Shards,
): Promise<{ differences: Difference[]; moving: number }> {
  const suspects = new Set<string>();
  const unlisted = new Set(shards.keys());
  for await (const item of queryItems(table, { ...partition(cohortPartition(of, period)), ConsistentRead: true })) {
    const cohort = textOf(item, "sk");
    unlisted.delete(cohort);
    if (faultOf(period, cohort, item, shards.get(cohort) ?? 0) !== null) suspects.add(cohort);
  }
  const differences: Difference[] = [];
  let moving = 0;
  for (const cohort of new Set([...suspects, ...unlisted])) {
    // A host may have come or gone since the cells were read: item and cells are looked at together, twice.
    const first = await listingNow(table, of, period, cohort);
    const again = await listingNow(table, of, period, cohort);
    const fault = faultOf(period, cohort, again.item, again.shards);
    if (first.text !== again.text) moving += 1;
    else if (fault !== null) differences.push({ key: idOf(cohortKey(of, period, cohort)), ...fault });
  }
  return { differences, moving };
}

/** What is listed of a cohort and the shards in which it has hosts, as of now, and a text that changes with any of them. */
async function listingNow(table: Table, of: FleetGeneration, period: string, cohort: string) {
  const listed = cohortKey(of, period, cohort);
  const cells = Array.from({ length: BUCKETS }, (_, shard) =>
    cellKey(of, period, { cohort, kind: "fleet", name: FLEET_NAME, scope: SCOPE_ALL, shard }),
  );
  const found = await getItems(table, [listed, ...cells]);
  const item = found.get(idOf(listed));
  const versions = cells.map((key) => found.get(idOf(key))?.["ver"]?.S ?? null);
  // Attributes come in any order.
  const text = JSON.stringify([item?.["cohort"], item?.["shards"], versions]);
  return { item, shards: versions.filter((version) => version !== null).length, text };
}

function faultOf(
  period: string,
  cohort: string,
  item: Item | undefined,
  shards: number,
): Pick<Difference, "kind" | "text"> | null {
  const named = `cohort ${cohort} of ${period}`;
  if (item === undefined)
    return shards === 0 ? null : { kind: "missing", text: `${named} has hosts and is not listed` };
  const hash = hashOf(item);
  if (hash === null) return { kind: "unreadable", text: `${named} is listed without saying what it is` };
  if (hash !== cohort) return { kind: "different", text: `${named} is listed as cohort ${hash}` };
  // A list that an earlier version has written says of no shards, and keeps what is in it until a rebuild.
  const counted = item["shards"]?.N;
  if (counted === undefined || Number(counted) === shards) return null;
  if (shards === 0) return { kind: "unexpected", text: `${named} is listed and has no hosts` };
  return { kind: "different", text: `${named} is listed with hosts in ${counted} shards; it has some in ${shards}` };
}

/** The hash of what a listed cohort says it is; null when that cannot be read. */
function hashOf(item: Item): string | null {
  try {
    return cohortHash(JSON.parse(textOf(item, "cohort")));
  } catch {
    return null;
  }
}
