// Items as JSON, for files: DynamoDB's attribute values as they are, bytes in base64.

import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { type Item, ItemFault } from "./item.ts";

/** An item as one line of JSON, the same for the same item. Throws ItemFault for a kind of attribute that the table does not have. */
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
  throw new ItemFault(`attribute ${name} is neither text, number, bytes, set of texts nor yes or no`);
}

/** The item of a line that `itemToJson` wrote. Throws ItemFault for anything else. */
export function itemOfJson(text: string): Item {
  const value: unknown = JSON.parse(text);
  if (!isObject(value)) throw new ItemFault("expected an item");
  const item = Object.fromEntries(Object.entries(value).map(([name, attribute]) => [name, read(name, attribute)]));
  if (item["pk"]?.S === undefined || item["sk"]?.S === undefined) throw new ItemFault("expected an item with a key");
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
  throw new ItemFault(`attribute ${name}: expected a text, a number, bytes, a set of texts, or yes or no`);
}
