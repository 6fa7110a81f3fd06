// What tokens have used: bytes and runs of a day, and the kinds of host they have named in a year. Items go when they say
// nothing any more.

import type { TokenUse } from "../../shared/run/token.ts";
import { retryingTransient, TransactionCancelled } from "./errors.ts";
import { keyItem, textSetOf } from "./item.ts";
import { cohortsNamedKey, dayUseKey } from "./keys.ts";
import { getItem, type Table, transact } from "./table.ts";

/** Days that an item stays beyond the time it is about. */
const DAYS_KEPT = 7;

const secondsAfter = (at: string): string => String(Date.parse(at) / 1000 + DAYS_KEPT * 86_400);

/** Uses over the table. */
export function makeUseStore(table: Table) {
  return {
    add: async (tokenId: string, day: string, { bytes, runs }: TokenUse): Promise<TokenUse> => {
      const key = dayUseKey(tokenId, day);
      const write = {
        Update: {
          TableName: table.name,
          Key: keyItem(key),
          UpdateExpression: "ADD bytes :bytes, runs :runs SET #ttl = :ttl",
          ExpressionAttributeNames: { "#ttl": "ttl" },
          ExpressionAttributeValues: {
            ":bytes": { N: String(bytes) },
            ":runs": { N: String(runs) },
            ":ttl": { N: secondsAfter(`${day}T23:59:59Z`) },
          },
        },
      };
      await retryingTransient(() => transact(table, [write]));
      const item = await getItem(table, key);
      return { bytes: Number(item?.["bytes"]?.N ?? bytes), runs: Number(item?.["runs"]?.N ?? runs) };
    },
    cohorts: async (tokenId: string, year: string): Promise<ReadonlySet<string>> => {
      const item = await getItem(table, cohortsNamedKey(tokenId, year));
      return new Set(item === null ? [] : textSetOf(item, "cohorts"));
    },
    addCohorts: async (tokenId: string, year: string, cohorts: readonly string[], before: number): Promise<boolean> => {
      const write = {
        Update: {
          TableName: table.name,
          Key: keyItem(cohortsNamedKey(tokenId, year)),
          UpdateExpression: "ADD cohorts :cohorts SET #ttl = :ttl",
          ConditionExpression: before === 0 ? "attribute_not_exists(cohorts)" : "size(cohorts) = :before",
          ExpressionAttributeNames: { "#ttl": "ttl" },
          ExpressionAttributeValues: {
            ":cohorts": { SS: [...cohorts] },
            ":ttl": { N: secondsAfter(`${year}-12-31T23:59:59Z`) },
            ...(before === 0 ? {} : { ":before": { N: String(before) } }),
          },
        },
      };
      try {
        await retryingTransient(() => transact(table, [write]));
        return true;
      } catch (error) {
        if (error instanceof TransactionCancelled && error.isLostRace) return false;
        throw error;
      }
    },
  };
}
