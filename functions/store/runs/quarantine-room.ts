// The room of the quarantine: how many bytes of rejected lines a token and a fleet may add on a day (UTC), so that a broken
// agent cannot fill a disk with them. Each day has one counter for a token and one for its fleet.

import { UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { TABLE } from "../../../shared/deployment.ts";
import { translateError } from "../table/errors.ts";
import { expiring, keyItem } from "../table/item.ts";
import { type Key, quarantineUseKey } from "../table/keys.ts";
import { getItem, type Table } from "../table/table.ts";

/** Bytes of items that may be added on a day. */
export interface QuarantineLimits {
  readonly token: number;
  readonly fleet: number;
}

export const QUARANTINE_LIMITS: QuarantineLimits = { token: 8 * 1_048_576, fleet: 32 * 1_048_576 };

/** Whose room is used up. */
export type FullQuarantine = keyof QuarantineLimits;

/** Something to store, with its size in bytes. */
interface Sized {
  readonly id: string;
  readonly bytes: number;
}

/** Which of some lines have room. */
interface Room {
  readonly fitting: ReadonlySet<string>;
  readonly refused: ReadonlyMap<string, FullQuarantine>;
}

/**
 * Takes room for as many of the lines as fit, first of the token, then of the fleet. What a line took of a token's room stays
 * taken if the fleet's is used up, or if storing it fails: the counters limit, they do not account.
 */
export async function takeRoom(
  table: Table,
  { fleet, tokenId, at }: { readonly fleet: string; readonly tokenId: string; readonly at: string },
  lines: readonly Sized[],
  limits: QuarantineLimits,
): Promise<Room> {
  const day = at.slice(0, 10);
  const refused = new Map<string, FullQuarantine>();
  const counters = [
    { of: "token", key: quarantineUseKey({ tokenId }, day) },
    { of: "fleet", key: quarantineUseKey({ fleet }, day) },
  ] as const;
  let fitting = lines;
  for (const { of, key } of counters) {
    const taken = new Set(await takeFrom(table, { key, at, limit: limits[of] }, fitting));
    for (const line of fitting) if (!taken.has(line)) refused.set(line.id, of);
    fitting = [...taken];
  }
  return { fitting: new Set(fitting.map(({ id }) => id)), refused };
}

interface Counter {
  readonly key: Key;
  /** The time of the upload. */
  readonly at: string;
  readonly limit: number;
}

/** Attempts against other uploads that take room at the same time. */
const MAX_ATTEMPTS = 4;

/** The lines that fit, whose bytes are now counted: usually all, which takes one request. */
async function takeFrom(table: Table, counter: Counter, lines: readonly Sized[]): Promise<readonly Sized[]> {
  let wanted = lines;
  for (let attempt = 0; wanted.length > 0 && attempt < MAX_ATTEMPTS; attempt += 1) {
    const bytes = wanted.reduce((sum, line) => sum + line.bytes, 0);
    if (await addBytes(table, counter, bytes)) return wanted;
    const used = Number((await getItem(table, counter.key))?.["bytes"]?.N ?? 0);
    wanted = firstThatFit(lines, counter.limit - used);
  }
  return [];
}

function firstThatFit(lines: readonly Sized[], room: number): readonly Sized[] {
  let left = room;
  return lines.filter(({ bytes }) => {
    if (bytes > left) return false;
    left -= bytes;
    return true;
  });
}

/** Days that a counter is kept. */
const DAYS_KEPT = 7;

/** False, and nothing is added, if the counter would exceed its limit. */
async function addBytes(table: Table, { key, at, limit }: Counter, bytes: number): Promise<boolean> {
  if (bytes > limit) return false;
  try {
    // Not in a transaction, in which uploads at the same time would be in each other's way.
    await table.client.send(
      new UpdateItemCommand({
        TableName: table.name,
        Key: keyItem(key),
        UpdateExpression: "ADD bytes :bytes SET #ttl = :ttl",
        ConditionExpression: "attribute_not_exists(bytes) OR bytes <= :room",
        ExpressionAttributeNames: { "#ttl": TABLE.timeToLive },
        ExpressionAttributeValues: {
          ":bytes": { N: String(bytes) },
          ":room": { N: String(limit - bytes) },
          ":ttl": expiring(at, DAYS_KEPT)[TABLE.timeToLive],
        },
      }),
    );
    return true;
  } catch (error) {
    if (error instanceof Error && error.name === "ConditionalCheckFailedException") return false;
    throw translateError(error);
  }
}
