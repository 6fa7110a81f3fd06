// Deletes items that are past their time, for the embedded engine, which does not do so itself. Readers ignore such items
// (item.ts), so nothing depends on when they are deleted.

import { DeleteItemCommand, ScanCommand } from "@aws-sdk/client-dynamodb";
import { TABLE } from "../../shared/deployment.ts";
import { translateError } from "./table/errors.ts";
import { type Item, itemText, keyItem } from "./table/item.ts";
import type { Table } from "./table/table.ts";

/** Items that one request examines: requests of others wait no longer than for these. */
const ITEMS_AT_ONCE = 500;

/** How many times longer than a page took the pass then waits: it uses a tenth of the time of the store. */
const REST = 9;

export interface ExpiryPass {
  readonly clock: () => number;
  readonly wait: (milliseconds: number) => Promise<void>;
  /** Ends the pass after the current page; the next pass starts over. */
  readonly isStopping: () => boolean;
}

/** Examines the whole table once, and deletes what has expired; gives the number of deleted items. */
export async function deleteExpired(table: Table, { clock, wait, isStopping }: ExpiryPass): Promise<number> {
  let deleted = 0;
  let start: Item | undefined;
  do {
    const started = performance.now();
    const now = String(Math.floor(clock() / 1000));
    const page = await scanExpired(table, now, start);
    for (const item of page.items) if (await deleteIfExpired(table, item, now)) deleted += 1;
    start = page.next;
    if (start !== undefined) await wait(REST * (performance.now() - started));
  } while (start !== undefined && !isStopping());
  return deleted;
}

const NAMES = { "#ttl": TABLE.timeToLive };

async function scanExpired(table: Table, now: string, start: Item | undefined) {
  try {
    const { Items = [], LastEvaluatedKey } = await table.client.send(
      new ScanCommand({
        TableName: table.name,
        FilterExpression: "#ttl <= :now",
        ProjectionExpression: "pk, sk",
        ExpressionAttributeNames: NAMES,
        ExpressionAttributeValues: { ":now": { N: now } },
        Limit: ITEMS_AT_ONCE,
        ...(start === undefined ? {} : { ExclusiveStartKey: start }),
      }),
    );
    return { items: Items, next: LastEvaluatedKey };
  } catch (error) {
    throw translateError(error);
  }
}

/** False for an item that was written again since it was read, and no longer is past its time. */
async function deleteIfExpired(table: Table, item: Item, now: string): Promise<boolean> {
  try {
    await table.client.send(
      new DeleteItemCommand({
        TableName: table.name,
        Key: keyItem({ pk: itemText(item, "pk"), sk: itemText(item, "sk") }),
        ConditionExpression: "#ttl <= :now",
        ExpressionAttributeNames: NAMES,
        ExpressionAttributeValues: { ":now": { N: now } },
      }),
    );
    return true;
  } catch (error) {
    if (error instanceof Error && error.name === "ConditionalCheckFailedException") return false;
    throw translateError(error);
  }
}
