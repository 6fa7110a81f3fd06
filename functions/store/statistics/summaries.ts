// Host summaries in the table: what each host has contributed to the cells of a period, and in which cohort. Those of period
// `all` are the hosts of the fleet; their items also have what lists of hosts are ordered and filtered by (listed-hosts.ts).
//
// A summary without groups stays in the table with its version: if it were deleted, a worker that read "no summary" long ago
// would look like one that is up to date.

import type { TransactWriteItem } from "@aws-sdk/client-dynamodb";
import { computeCountedCohort } from "../../../shared/cells/host-values.ts";
import {
  type CountedSummary,
  decodeSummary,
  encodeSummary,
  type FleetGeneration,
  type StoredSummary,
  type SummaryStep,
} from "../../../shared/cells/stored-summary.ts";
import { PERIOD_ALL } from "../../../shared/run/periods.ts";
import { packedForm } from "../table/format.ts";
import { type Item, itemText, optionalText } from "../table/item.ts";
import { keyText, summaryKey } from "../table/keys.ts";
import { packedText, packText } from "../table/packed.ts";
import { getItems, putVersion, type Table } from "../table/table.ts";
import { listedAttributes } from "./listed-hosts.ts";

/** The stored summaries in the order of the keys; an empty one with version null where nothing is stored. */
export async function readSummaries(
  table: Table,
  of: FleetGeneration,
  keys: readonly { period: string; host: string }[],
): Promise<StoredSummary[]> {
  const wanted = keys.map(({ period, host }) => ({ host, key: summaryKey(of, period, host) }));
  const items = await getItems(
    table,
    wanted.map(({ key }) => key),
  );
  return wanted.map(({ host, key }) => {
    const item = items.get(keyText(key));
    return item === undefined ? { summary: { host, groups: [] }, cohort: {}, version: null } : parseSummary(item);
  });
}

/** The summary of an item. Throws for a damaged item. */
export function parseSummary(item: Item): StoredSummary {
  const summary = decodeSummary(packedText(item, "summary"));
  const cohort = optionalText(item, "cohort");
  return {
    summary,
    cohort: cohort === null ? computeCountedCohort(summary) : JSON.parse(cohort),
    version: itemText(item, "ver"),
  };
}

/** The attributes of a summary of a period, without its key and version. */
export function summaryItem(period: string, { summary, cohort }: CountedSummary, form: number): Item {
  const counted = JSON.stringify(cohort);
  return {
    summary: { B: packText(form, "summary", encodeSummary(summary)) },
    // Nearly every host is counted in the cohort that its summary gives.
    ...(counted === JSON.stringify(computeCountedCohort(summary)) ? {} : { cohort: { S: counted } }),
    ...(period === PERIOD_ALL ? listedAttributes(summary) : {}),
  };
}

/** The write that takes a host's summary from one version to the next. */
export function summaryWrite(
  table: Table,
  of: FleetGeneration,
  { period, before, after }: SummaryStep,
  version: string,
): TransactWriteItem {
  return putVersion(table, summaryKey(of, period, after.summary.host), summaryItem(period, after, packedForm(table)), {
    before: before.version,
    after: version,
  });
}
