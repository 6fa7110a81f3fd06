// Versioned items: written under the condition that they still are what was read. The version is random, not counted, so
// that an item which was deleted and made again is not taken for the old one.

import type { TransactWriteItem } from "@aws-sdk/client-dynamodb";
import { type Item, keyItem } from "./item.ts";
import type { Key } from "./keys.ts";
import type { Table } from "./table.ts";

/** Puts the item, if what is there is the version `before`; null means that nothing is. */
export function putVersion(
  table: Table,
  key: Key,
  item: Item,
  { before, after }: { before: string | null; after: string },
): TransactWriteItem {
  return {
    Put: { TableName: table.name, Item: { ...keyItem(key), ...item, ver: { S: after } }, ...unchanged(before) },
  };
}

/** Deletes the item, if it is the version `before`. */
export function deleteVersion(table: Table, key: Key, before: string | null): TransactWriteItem {
  return { Delete: { TableName: table.name, Key: keyItem(key), ...unchanged(before) } };
}

function unchanged(version: string | null) {
  return version === null
    ? { ConditionExpression: "attribute_not_exists(pk)" }
    : { ConditionExpression: "ver = :ver", ExpressionAttributeValues: { ":ver": { S: version } } };
}
