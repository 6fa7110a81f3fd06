// Shares in the table: the shares themselves, the documents of frozen ones, and a list for each fleet. A document is written
// once and never changes. It is compressed, and stored in chunks because an item has at most 400 KB.

import { promisify } from "node:util";
import { gunzip, gzip } from "node:zlib";
import type { TransactWriteItem } from "@aws-sdk/client-dynamodb";
import { TABLE } from "../../../shared/deployment.ts";
import type { Page } from "../../../shared/run/listing.ts";
import type { Clock } from "../../../shared/run/periods.ts";
import type { Share, StoredDocument } from "../../../shared/run/share.ts";
import { retryingTransient, TransactionCancelled } from "../table/errors.ts";
import { expiring, type Item, isExpired, itemBytes, itemSize, itemText, keyItem, optionalText } from "../table/item.ts";
import {
  documentKey,
  documentPrefix,
  fleetShareKey,
  fleetSharesPartition,
  shareKey,
  sharePartition,
} from "../table/keys.ts";
import {
  cursorAt,
  deletePartitions,
  getItem,
  inChunks,
  partition,
  positionAt,
  queryAll,
  queryItems,
  queryPage,
  type Table,
  transact,
} from "../table/table.ts";

/** Bytes of a chunk of a document. */
const CHUNK_BYTES = 300_000;

const compress = promisify(gzip);
const decompress = promisify(gunzip);

// `add` has written it from a Share.
const parseShare = (item: Item): Share => JSON.parse(itemText(item, "share")) as Share;

/** How long a revoked share is known as revoked. After that there is no such share. */
const REVOKED_DAYS_KEPT = 365;

/** The shares of a table. */
export function makeShareStore(table: Table, clock: Clock = Date.now) {
  const put = (item: Item): TransactWriteItem => ({ Put: { TableName: table.name, Item: item } });
  const document = (id: string, name: string) => readDocument(table, id, name);
  return {
    add: async (share: Share, documents: readonly StoredDocument[]): Promise<void> => {
      const items = (await Promise.all(documents.map((one) => documentItems(share.id, one)))).flat();
      for (const batch of inChunks(items, { measure: itemSize })) {
        await retryingTransient(() => transact(table, batch.map(put)));
      }
      // The share comes last: until it is stored, nobody knows the id that its documents are stored under.
      const body = { share: { S: JSON.stringify(share) } };
      const item = { ...keyItem(shareKey(share.id)), ...body, documents: { N: String(documents.length) } };
      await retryingTransient(() => transact(table, [put(item), put(listEntry(item))]));
    },
    find: async (id: string): Promise<{ readonly share: Share; readonly revokedAt: string | null } | null> => {
      const item = await getItem(table, shareKey(id));
      if (item === null || isExpired(item, clock())) return null;
      return { share: parseShare(item), revokedAt: optionalText(item, "revoked_at") };
    },
    list: async (fleet: string, limit: number, cursor?: string): Promise<Page<Share>> => {
      const page = await queryPage(table, {
        ...(cursor === undefined
          ? partition(fleetSharesPartition(fleet))
          : {
              KeyConditionExpression: "pk = :pk AND sk < :below",
              ExpressionAttributeValues: {
                ":pk": { S: fleetSharesPartition(fleet) },
                ":below": { S: positionAt(listing(fleet), cursor) },
              },
            }),
        ScanIndexForward: false,
        ConsistentRead: true,
        Limit: limit,
      });
      const last = page.items.at(-1);
      return {
        items: page.items.map(parseShare),
        cursor: page.next === null || last === undefined ? null : cursorAt(listing(fleet), itemText(last, "sk")),
      };
    },
    revoke: async (share: Share, at: string): Promise<void> => {
      await retryingTransient(() => transact(table, [revokeWrite(table, share.id, at), unlistWrite(table, share)]));
      await deletePartitions(table, [sharePartition(share.id)], documentPrefix());
    },
    document,
    addDocument: async (id: string, one: StoredDocument): Promise<Uint8Array | null> => {
      try {
        const writes = [countWrite(table, id), ...(await documentItems(id, one)).map((item) => putOnce(table, item))];
        await retryingTransient(() => transact(table, writes));
        return one.bytes;
      } catch (error) {
        if (!(error instanceof TransactionCancelled && error.isLostRace)) throw error;
        return document(id, one.name);
      }
    },
  };
}

/** The entry of a share in the list of its fleet, from the item of the share. */
export function listEntry(item: Item): Item {
  const { fleet, created_at, id } = parseShare(item);
  return { ...keyItem(fleetShareKey(fleet, created_at, id)), share: { S: itemText(item, "share") } };
}

/** The ids of a fleet's shares that are not revoked. */
export async function* shareIds(table: Table, fleet: string): AsyncGenerator<string, void> {
  const query = { ...partition(fleetSharesPartition(fleet)), ProjectionExpression: "pk, sk", ConsistentRead: true };
  for await (const entry of queryItems(table, query)) yield itemText(entry, "sk").split("#")[1] ?? "";
}

/** What the cursors of a fleet's shares are bound to; the position is the sort key in the list. */
const listing = (fleet: string) => ["shares", fleet];

/** The chunks of a document as items. */
async function documentItems(id: string, { name, bytes }: StoredDocument): Promise<Item[]> {
  const compressed = await compress(bytes);
  const count = Math.ceil(compressed.length / CHUNK_BYTES);
  return Array.from({ length: count }, (_, chunk) => ({
    ...keyItem(documentKey(id, name, chunk)),
    bytes: { B: compressed.subarray(chunk * CHUNK_BYTES, (chunk + 1) * CHUNK_BYTES) },
    pieces: { S: String(count) },
  }));
}

/** All chunks or null: a query may show some items of a transaction before the others. */
async function readDocument(table: Table, id: string, name: string): Promise<Uint8Array | null> {
  const items = await queryAll(table, {
    ...partition(sharePartition(id), documentPrefix(name)),
    ConsistentRead: true,
  });
  const [first] = items;
  if (first === undefined || Number(itemText(first, "pieces")) !== items.length) return null;
  return decompress(Buffer.concat(items.map((item) => itemBytes(item, "bytes"))));
}

/** A put that fails when the item is there already. */
const putOnce = (table: Table, item: Item): TransactWriteItem => ({
  Put: { TableName: table.name, Item: item, ConditionExpression: "attribute_not_exists(pk)" },
});

/**
 * Counts one more document of a share; fails if the share is revoked. The number is not limited here, because only so many
 * render options exist.
 */
const countWrite = (table: Table, id: string): TransactWriteItem => ({
  Update: {
    TableName: table.name,
    Key: keyItem(shareKey(id)),
    UpdateExpression: "ADD documents :one",
    ConditionExpression: "attribute_not_exists(revoked_at)",
    ExpressionAttributeValues: { ":one": { N: "1" } },
  },
});

/** Revokes a share; repeating it keeps the first time. */
const revokeWrite = (table: Table, id: string, at: string): TransactWriteItem => ({
  Update: {
    TableName: table.name,
    Key: keyItem(shareKey(id)),
    UpdateExpression: "SET revoked_at = if_not_exists(revoked_at, :at), #ttl = if_not_exists(#ttl, :ttl)",
    ExpressionAttributeNames: { "#ttl": TABLE.timeToLive },
    ExpressionAttributeValues: { ":at": { S: at }, ":ttl": expiring(at, REVOKED_DAYS_KEPT)[TABLE.timeToLive] },
  },
});

const unlistWrite = (table: Table, { fleet, created_at, id }: Share): TransactWriteItem => ({
  Delete: { TableName: table.name, Key: keyItem(fleetShareKey(fleet, created_at, id)) },
});
