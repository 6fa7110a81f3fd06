// Items: the attribute values of DynamoDB as plain values, with a clear error if an item is not as the service writes it.

import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { TABLE } from "../../../shared/deployment.ts";
import type { Key } from "./keys.ts";

export type Item = Record<string, AttributeValue>;

/** An item that is not as the service writes it: damaged, or written by another program. Never an error of the client. */
export class ItemError extends Error {
  override readonly name = "ItemError";
}

/** The attributes of a key. */
export const keyItem = (key: Key): Item => ({ pk: { S: key.pk }, sk: { S: key.sk } });

/** A text attribute; throws ItemError when there is none. */
export function itemText(item: Item, name: string): string {
  const text = item[name]?.S;
  if (text === undefined) throw new ItemError(`item ${item["pk"]?.S} / ${item["sk"]?.S} has no text "${name}"`);
  return text;
}

/** A text attribute, or null. */
export const optionalText = (item: Item, name: string): string | null => item[name]?.S ?? null;

/** A binary attribute; throws ItemError when there is none. */
export function itemBytes(item: Item, name: string): Uint8Array {
  const bytes = item[name]?.B;
  if (bytes === undefined) throw new ItemError(`item ${item["pk"]?.S} / ${item["sk"]?.S} has no bytes "${name}"`);
  return bytes;
}

/** A binary attribute, or null. */
export const optionalBytes = (item: Item, name: string): Uint8Array | null => item[name]?.B ?? null;

/** A set of texts; empty when there is none. */
export const itemTextSet = (item: Item, name: string): readonly string[] => item[name]?.SS ?? [];

// Retention: an item may have a time after which it counts as gone. DynamoDB deletes it some hours later; on one machine the
// worker does (expiry.ts). Until then, readers must ignore it.

const SECONDS_PER_DAY = 86_400;

/** The attribute that lets an item expire so many days after a time (ISO 8601). */
export const expiring = (at: string, days: number): Record<typeof TABLE.timeToLive, { readonly N: string }> => ({
  [TABLE.timeToLive]: { N: String(Math.floor(Date.parse(at) / 1000) + days * SECONDS_PER_DAY) },
});

/** Whether an item is past its time; `now` in milliseconds. An item without a time never is. */
export const isExpired = (item: Item, now: number): boolean =>
  Number(item[TABLE.timeToLive]?.N ?? Number.POSITIVE_INFINITY) <= now / 1000;

/** The condition of a put that must not replace an item, except one that is past its time. */
export const absentOrExpired = (now: number) => ({
  ConditionExpression: "attribute_not_exists(pk) OR #ttl <= :now",
  ExpressionAttributeNames: { "#ttl": TABLE.timeToLive },
  ExpressionAttributeValues: { ":now": { N: String(Math.floor(now / 1000)) } },
});

/** The size of an item as DynamoDB counts it, to a few bytes: UTF-8 names and values. */
export function itemSize(item: Item): number {
  let bytes = 0;
  for (const [name, value] of Object.entries(item)) {
    bytes += name.length;
    if (value.S !== undefined) bytes += Buffer.byteLength(value.S);
    if (value.B !== undefined) bytes += value.B.length;
    for (const text of value.SS ?? []) bytes += Buffer.byteLength(text);
    if (value.N !== undefined) bytes += value.N.length;
  }
  return bytes;
}

// Items as JSON for backup files: the attribute values of DynamoDB, bytes as base64.

/** An item as one line of JSON; equal items give equal lines. Throws ItemError for a type of attribute that the table does not use. */
export function itemToJson(item: Item): string {
  const names = Object.keys(item).sort();
  return JSON.stringify(Object.fromEntries(names.map((name) => [name, encodeAttribute(name, item[name] ?? {})])));
}

function encodeAttribute(name: string, { S, N, B, SS, BOOL }: Partial<AttributeValue>): Record<string, unknown> {
  if (S !== undefined) return { S };
  if (N !== undefined) return { N };
  if (SS !== undefined) return { SS };
  if (BOOL !== undefined) return { BOOL };
  if (B !== undefined) return { B: Buffer.from(B).toString("base64") };
  throw new ItemError(`attribute ${name} is not a text, number, bytes, set of texts or boolean`);
}

/** Parses a line that `itemToJson` has written. Throws ItemError, or SyntaxError for text that is not JSON. */
export function itemFromJson(text: string): Item {
  const value: unknown = JSON.parse(text);
  if (!isObject(value)) throw new ItemError("expected an item");
  const item = Object.fromEntries(
    Object.entries(value).map(([name, attribute]) => [name, decodeAttribute(name, attribute)]),
  );
  if (item["pk"]?.S === undefined || item["sk"]?.S === undefined) throw new ItemError("expected an item with a key");
  return item;
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null;

function decodeAttribute(name: string, attribute: unknown): AttributeValue {
  const { S, N, SS, BOOL, B } = isObject(attribute) ? attribute : {};
  if (typeof S === "string") return { S };
  if (typeof N === "string") return { N };
  if (typeof BOOL === "boolean") return { BOOL };
  if (typeof B === "string") return { B: Buffer.from(B, "base64") };
  if (Array.isArray(SS) && SS.every((text) => typeof text === "string")) return { SS };
  throw new ItemError(`attribute ${name}: expected a text, a number, bytes, a set of texts or a boolean`);
}
