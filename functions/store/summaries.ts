// Host summaries in the table: what each host has contributed to the cells of a period, and in which cohort. A summary
// without groups stays there with its version: were it deleted, a worker that read "none" long ago could not be told from
// one that is up to date.

import type { TransactWriteItem } from "@aws-sdk/client-dynamodb";
import type { FleetGeneration, StoredSummary, SummaryStep } from "../../shared/ports.ts";
import { decodeSummary, encodeSummary } from "../../shared/cells/summary-codec.ts";
import { type Item, textOf } from "./item.ts";
import { idOf, summaryKey } from "./keys.ts";
import { getItems, type Table } from "./table.ts";
import { putVersion } from "./versioned.ts";

/** The stored summaries in the order of the keys; empty ones with version null where there are none. */
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
    const item = items.get(idOf(key));
    return item === undefined ? { summary: { host, groups: [] }, cohort: {}, version: null } : summaryOf(item);
  });
}

/** The summary of an item. */
export function summaryOf(item: Item): StoredSummary {
  return {
    summary: decodeSummary(textOf(item, "summary")),
    cohort: JSON.parse(textOf(item, "cohort")),
    version: textOf(item, "ver"),
  };
}

/** The write that takes a host's summary from one version to the next. */
export function summaryWrite(
  table: Table,
  of: FleetGeneration,
  { period, before, after }: SummaryStep,
  version: string,
): TransactWriteItem {
  const item = { summary: { S: encodeSummary(after.summary) }, cohort: { S: JSON.stringify(after.cohort) } };
  return putVersion(table, summaryKey(of, period, after.summary.host), item, {
    before: before.version,
    after: version,
  });
}
