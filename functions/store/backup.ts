// A backup: every item of the table that does not follow from others, read while the service goes on. All that was
// acknowledged before it began is in it. What comes meanwhile may be in it, but never half: an item is read whole, and of
// things that are several items only those are taken that were whole before.

import { ScanCommand } from "@aws-sdk/client-dynamodb";
import { TABLE } from "../../shared/deployment.ts";
import { translated } from "./errors.ts";
import { type Item, optionalTextOf, textOf } from "./item.ts";
import { DERIVED_PARTITIONS, shareOfPartition } from "./keys.ts";
import { shareIds } from "./shares.ts";
import { listFleets } from "./status.ts";
import type { Table } from "./table.ts";

// Whether everything in the table can be read: for a machine that has no tool to look at the file itself.

/** Reads every item of the table and of its indexes. False when there was no time for all; throws what a page cannot be read with. */
export async function readEverything(table: Table, withinMs: number): Promise<boolean> {
  const until = performance.now() + withinMs;
  for (const index of [{}, { IndexName: TABLE.orderIndex.name }, { IndexName: TABLE.timeIndex.name }]) {
    let start: Item | undefined;
    do {
      if (performance.now() > until) return false;
      const from = start === undefined ? {} : { ExclusiveStartKey: start };
      try {
        const page = await table.client.send(
          new ScanCommand({ TableName: table.name, ...index, ...from, Select: "COUNT" }),
        );
        start = page.LastEvaluatedKey;
      } catch (error) {
        throw translated(error);
      }
    } while (start !== undefined);
  }
  return true;
}

/** Items that are looked at in one request: what others ask for meanwhile waits for no more than that. */
const ITEMS_AT_ONCE = 500;

/**
 * The items of a backup, page by page. Between pages it waits as long as the last one took, and so takes at most half of
 * what one client can have of the store.
 */
export async function* itemsToKeep(
  table: Table,
  wait: (milliseconds: number) => Promise<void>,
): AsyncGenerator<readonly Item[], void> {
  const shares = wholeShares(await knownShares(table));
  let start: Item | undefined;
  do {
    const asked = performance.now();
    const page = await scan(table, start);
    yield (page.Items ?? []).flatMap((item) => {
      const share = shareOfPartition(textOf(item, "pk"));
      return share === null ? [item] : shares(share, item);
    });
    start = page.LastEvaluatedKey;
    if (start !== undefined) await wait(performance.now() - asked);
  } while (start !== undefined);
}

async function scan(table: Table, start: Item | undefined) {
  const values = DERIVED_PARTITIONS.map((prefix, index) => [`:p${index}`, { S: prefix }] as const);
  try {
    return await table.client.send(
      new ScanCommand({
        TableName: table.name,
        FilterExpression: values.map(([name]) => `NOT begins_with(pk, ${name})`).join(" AND "),
        ExpressionAttributeValues: Object.fromEntries(values),
        ConsistentRead: true,
        Limit: ITEMS_AT_ONCE,
        ...(start === undefined ? {} : { ExclusiveStartKey: start }),
      }),
    );
  } catch (error) {
    throw translated(error);
  }
}

/** The ids of all shares that there are and have not ended. */
async function knownShares(table: Table): Promise<ReadonlySet<string>> {
  const known = new Set<string>();
  for (const fleet of await listFleets(table)) for await (const id of shareIds(table, fleet)) known.add(id);
  return known;
}

/**
 * Takes the items of shares, in the order of their keys, and gives those to keep. A share that was made meanwhile is left
 * out, since its documents may have been missed; so is a document of which a piece was. An ended share is one item.
 */
function wholeShares(known: ReadonlySet<string>): (id: string, item: Item) => readonly Item[] {
  let document = "";
  let pieces: Item[] = [];
  return (id, item) => {
    const count = optionalTextOf(item, "pieces");
    if (count === null) return known.has(id) || item["revoked_at"] !== undefined ? [item] : [];
    if (!known.has(id)) return [];
    const name = `${id}#${textOf(item, "sk").replace(/#[^#]*$/, "")}`;
    pieces = name === document ? [...pieces, item] : [item];
    document = name;
    return pieces.length === Number(count) ? pieces : [];
  };
}
