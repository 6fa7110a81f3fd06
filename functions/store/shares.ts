// Shares in the table: what a share is, the documents of a frozen one beside it, and a list of them for each fleet. A
// document is written once and never again; it is compressed, and lies in pieces because an item holds at most 400 KB.

import { promisify } from "node:util";
import { gunzip, gzip } from "node:zlib";
import type { TransactWriteItem } from "@aws-sdk/client-dynamodb";
import type { Page } from "../../shared/run/listing.ts";
import type { Share, StoredDocument } from "../../shared/run/share.ts";
import { cursorAt, placeAt } from "./cursor.ts";
import { retryingTransient, TransactionCancelled } from "./errors.ts";
import { deletePartition } from "./generations.ts";
import { bytesOf, type Item, keyItem, optionalTextOf, sizeOf, textOf } from "./item.ts";
import { documentKey, documentPrefix, fleetShareKey, fleetSharesPartition, shareKey, sharePartition } from "./keys.ts";
import { getItem, inChunks, partition, queryAll, queryItems, queryPage, type Table, transact } from "./table.ts";

/** Bytes of a piece of a document. */
const PIECE_BYTES = 300_000;

const packed = promisify(gzip);
const unpacked = promisify(gunzip);

// Written by `add` from a Share.
const shareOf = (item: Item): Share => JSON.parse(textOf(item, "share")) as Share;

/** Shares over the table. */
export function makeShareStore(table: Table) {
  const put = (item: Item): TransactWriteItem => ({ Put: { TableName: table.name, Item: item } });
  const document = (id: string, name: string) => readDocument(table, id, name);
  return {
    add: async (share: Share, documents: readonly StoredDocument[]): Promise<void> => {
      const pieces = (await Promise.all(documents.map((one) => piecesOf(share.id, one)))).flat();
      for (const chunk of inChunks(pieces, { bytesOf: sizeOf })) {
        await retryingTransient(() => transact(table, chunk.map(put)));
      }
      // The share comes last: until it is there, nobody knows the id under which its documents lie.
      const body = { share: { S: JSON.stringify(share) } };
      const item = { ...keyItem(shareKey(share.id)), ...body, documents: { N: String(documents.length) } };
      await retryingTransient(() => transact(table, [put(item), put(listEntry(item))]));
    },
    find: async (id: string): Promise<{ readonly share: Share; readonly revokedAt: string | null } | null> => {
      const item = await getItem(table, shareKey(id));
      return item === null ? null : { share: shareOf(item), revokedAt: optionalTextOf(item, "revoked_at") };
    },
    list: async (fleet: string, limit: number, cursor?: string): Promise<Page<Share>> => {
      const page = await queryPage(table, {
        ...(cursor === undefined
          ? partition(fleetSharesPartition(fleet))
          : {
              KeyConditionExpression: "pk = :pk AND sk < :below",
              ExpressionAttributeValues: {
                ":pk": { S: fleetSharesPartition(fleet) },
                ":below": { S: placeAt(listingOf(fleet), cursor) },
              },
            }),
        ScanIndexForward: false,
        ConsistentRead: true,
        Limit: limit,
      });
      const last = page.items.at(-1);
      return {
        items: page.items.map(shareOf),
        cursor: page.next === null || last === undefined ? null : cursorAt(listingOf(fleet), textOf(last, "sk")),
      };
    },
    revoke: async (share: Share, at: string): Promise<void> => {
      await retryingTransient(() => transact(table, [ended(table, share.id, at), unlisted(table, share)]));
      await deletePartition(table, sharePartition(share.id), documentPrefix());
    },
    document,
    addDocument: async (id: string, one: StoredDocument): Promise<Uint8Array | null> => {
      try {
        const writes = [counted(table, id), ...(await piecesOf(id, one)).map((item) => putOnce(table, item))];
        await retryingTransient(() => transact(table, writes));
        return one.bytes;
      } catch (error) {
        if (!(error instanceof TransactionCancelled && error.isLostRace)) throw error;
        return document(id, one.name);
      }
    },
  };
}

/** The entry in the list of its fleet that belongs to the item of a share. */
export function listEntry(item: Item): Item {
  const { fleet, created_at, id } = shareOf(item);
  return { ...keyItem(fleetShareKey(fleet, created_at, id)), share: { S: textOf(item, "share") } };
}

/** The ids of a fleet's shares that have not ended. */
export async function* shareIds(table: Table, fleet: string): AsyncGenerator<string, void> {
  const query = { ...partition(fleetSharesPartition(fleet)), ProjectionExpression: "pk, sk", ConsistentRead: true };
  for await (const entry of queryItems(table, query)) yield textOf(entry, "sk").split("#")[1] ?? "";
}

/** What the cursors of a fleet's shares are bound to; the place is that in its list. */
const listingOf = (fleet: string) => ["shares", fleet];

async function piecesOf(id: string, { name, bytes }: StoredDocument): Promise<Item[]> {
  const small = await packed(bytes);
  const count = Math.ceil(small.length / PIECE_BYTES);
  return Array.from({ length: count }, (_, piece) => ({
    ...keyItem(documentKey(id, name, piece)),
    bytes: { B: small.subarray(piece * PIECE_BYTES, (piece + 1) * PIECE_BYTES) },
    pieces: { S: String(count) },
  }));
}

/** All pieces or nothing: a range may show some pieces of a transaction before the others. */
async function readDocument(table: Table, id: string, name: string): Promise<Uint8Array | null> {
  const items = await queryAll(table, {
    ...partition(sharePartition(id), documentPrefix(name)),
    ConsistentRead: true,
  });
  const [first] = items;
  if (first === undefined || Number(textOf(first, "pieces")) !== items.length) return null;
  return unpacked(Buffer.concat(items.map((item) => bytesOf(item, "bytes"))));
}

/** A put that fails when the item is there already. */
const putOnce = (table: Table, item: Item): TransactWriteItem => ({
  Put: { TableName: table.name, Item: item, ConditionExpression: "attribute_not_exists(pk)" },
});

/**
 * Counts one more document of a share; fails when it has ended. How many there may be is for those who name them: there are
 * only so many looks.
 */
const counted = (table: Table, id: string): TransactWriteItem => ({
  Update: {
    TableName: table.name,
    Key: keyItem(shareKey(id)),
    UpdateExpression: "ADD documents :one",
    ConditionExpression: "attribute_not_exists(revoked_at)",
    ExpressionAttributeValues: { ":one": { N: "1" } },
  },
});

/** Marks a share as ended, from the first time it is. */
const ended = (table: Table, id: string, at: string): TransactWriteItem => ({
  Update: {
    TableName: table.name,
    Key: keyItem(shareKey(id)),
    UpdateExpression: "SET revoked_at = if_not_exists(revoked_at, :at)",
    ExpressionAttributeValues: { ":at": { S: at } },
  },
});

const unlisted = (table: Table, { fleet, created_at, id }: Share): TransactWriteItem => ({
  Delete: { TableName: table.name, Key: keyItem(fleetShareKey(fleet, created_at, id)) },
});
