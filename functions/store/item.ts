// Items: DynamoDB's attribute values as plain values, with a clear fault when an item is not what we wrote.

import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import type { Key } from "./keys.ts";

export type Item = Record<string, AttributeValue>;

/** An item that does not have the attribute it must have: damage or a foreign writer, never the caller's fault. */
export class ItemError extends Error {
  override readonly name = "ItemError";
}

/** A key as the attributes it consists of. */
export const keyItem = (key: Key): Item => ({ pk: { S: key.pk }, sk: { S: key.sk } });

/** A text attribute; throws ItemError when there is none. */
export function textOf(item: Item, name: string): string {
  const text = item[name]?.S;
  if (text === undefined) throw new ItemError(`item ${item["pk"]?.S} / ${item["sk"]?.S} has no text "${name}"`);
  return text;
}

/** A text attribute, or null. */
export const optionalTextOf = (item: Item, name: string): string | null => item[name]?.S ?? null;

/** A binary attribute; throws ItemError when there is none. */
export function bytesOf(item: Item, name: string): Uint8Array {
  const bytes = item[name]?.B;
  if (bytes === undefined) throw new ItemError(`item ${item["pk"]?.S} / ${item["sk"]?.S} has no bytes "${name}"`);
  return bytes;
}

/** A binary attribute, or null. */
export const optionalBytesOf = (item: Item, name: string): Uint8Array | null => item[name]?.B ?? null;

/** A set of texts; empty when there is none. */
export const textSetOf = (item: Item, name: string): readonly string[] => item[name]?.SS ?? [];

/** Rough size of an item as DynamoDB counts it: UTF-8 names and values; good to a few bytes for our attributes. */
export function sizeOf(item: Item): number {
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

// Items as JSON, for files: DynamoDB's attribute values as they are, bytes in base64.

/** An item as one line of JSON, the same for the same item. Throws ItemError for a kind of attribute that the table does not have. */
export function itemToJson(item: Item): string {
  const names = Object.keys(item).sort();
  return JSON.stringify(Object.fromEntries(names.map((name) => [name, written(name, item[name] ?? {})])));
}

function written(name: string, { S, N, B, SS, BOOL }: Partial<AttributeValue>): Record<string, unknown> {
  if (S !== undefined) return { S };
  if (N !== undefined) return { N };
  if (SS !== undefined) return { SS };
  if (BOOL !== undefined) return { BOOL };
  if (B !== undefined) return { B: Buffer.from(B).toString("base64") };
  throw new ItemError(`attribute ${name} is neither text, number, bytes, set of texts nor yes or no`);
}

/** The item of a line that `itemToJson` wrote. Throws ItemError for anything else. */
export function itemOfJson(text: string): Item {
  const value: unknown = JSON.parse(text);
  if (!isObject(value)) throw new ItemError("expected an item");
  const item = Object.fromEntries(Object.entries(value).map(([name, attribute]) => [name, read(name, attribute)]));
  if (item["pk"]?.S === undefined || item["sk"]?.S === undefined) throw new ItemError("expected an item with a key");
  return item;
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null;

function read(name: string, attribute: unknown): AttributeValue {
  const { S, N, SS, BOOL, B } = isObject(attribute) ? attribute : {};
  if (typeof S === "string") return { S };
  if (typeof N === "string") return { N };
  if (typeof BOOL === "boolean") return { BOOL };
  if (typeof B === "string") return { B: Buffer.from(B, "base64") };
  if (Array.isArray(SS) && SS.every((text) => typeof text === "string")) return { SS };
  throw new ItemError(`attribute ${name}: expected a text, a number, bytes, a set of texts, or yes or no`);
}
