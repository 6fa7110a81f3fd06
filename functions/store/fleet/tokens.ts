// Tokens, fleets, and what was stored with a token. A token is one item, under the hash of its secret, in one of 16
// partitions: a request is checked with one read, and a query of the 16 partitions finds every token that any secret could
// match. The secret itself is not stored. A revoked token stays for a year. A revoked root token stays for good, as the proof
// that it was revoked: its secret must never become valid again by the setting VBDSTAT_ADMIN_TOKEN.
//
// On one machine other processes may be able to write to the table, because the engine does not authenticate them. A seal
// then proves which items the service itself has written (local/server/token-seal.ts). On AWS the permissions of the table
// prevent such writes.

import { timingSafeEqual } from "node:crypto";
import type { TransactWriteItem } from "@aws-sdk/client-dynamodb";
import { AppError } from "../../../shared/errors.ts";
import type { Clock } from "../../../shared/run/periods.ts";
import { codeUnitOrder } from "../../../shared/run/text.ts";
import { SCOPES, type StoredToken, type Token, type TokenUse } from "../../../shared/run/token.ts";
import { retryingTransient } from "../table/errors.ts";
import {
  expiring,
  type Item,
  isExpired,
  itemText,
  itemTextSet,
  keyItem,
  optionalBytes,
  optionalText,
} from "../table/item.ts";
import {
  cohortsNamedKey,
  dayUseKey,
  FIRST_ADMIN_KEY,
  FLEETS_PARTITION,
  fleetKey,
  TOKEN_PARTITIONS,
  tokenKey,
} from "../table/keys.ts";
import { getItem, partition, queryAll, type Table, transact, tryTransact } from "../table/table.ts";

/**
 * The record of which token is the first admin token: so that it is created once in the life of a table, and the service
 * notices when the operator sets another secret.
 */
export function makeFirstAdminStore(table: Table) {
  return {
    get: async (): Promise<string | null> => {
      const item = await getItem(table, FIRST_ADMIN_KEY);
      return item === null ? null : itemText(item, "hash");
    },
    set: (secretHash: string): Promise<void> => {
      const item = { ...keyItem(FIRST_ADMIN_KEY), hash: { S: secretHash } };
      return retryingTransient(() => transact(table, [{ Put: { TableName: table.name, Item: item } }]));
    },
  };
}

/** What the service knows of tokens outside the table. */
export interface TokenSeal {
  /** A message authentication code that only the service can make. */
  mac(text: string): Uint8Array;
  /** Since when the token with this secret is revoked, whatever the table contains; null if it is not known to be revoked. */
  revokedAt(secretHash: string): string | null;
  /** Records for good that a token is revoked; durable when it returns. */
  noteRevoked(secretHash: string, at: string): void;
}

/** How long a revoked token is listed; a root token is never deleted. */
const REVOKED_DAYS_KEPT = 365;

/** The tokens of a table; with a seal, only the items that have its code are genuine. */
export function makeTokenStore(table: Table, seal: TokenSeal | null = null, clock: Clock = Date.now) {
  const readAt = async (secretHash: string): Promise<{ stored: StoredToken; item: Item } | null> => {
    const item = await getItem(table, tokenKey(secretHash));
    return item === null ? null : { stored: parseStoredToken(item, seal), item };
  };
  return {
    add: async (token: Token, secretHash: string): Promise<void> => {
      for (;;) {
        const there = await readAt(secretHash);
        const isRevoked = there?.stored.isGenuine === true && there.stored.token.revoked_at !== null;
        if (isRevoked || (seal?.revokedAt(secretHash) ?? null) !== null) {
          throw new AppError("forbidden", "this secret is that of a revoked token, which never comes back");
        }
        if (there?.stored.isGenuine === true) return;
        // An item that is not genuine is overwritten.
        const put = tokenWrite(table, secretHash, token, seal, there?.item ?? null);
        if (await tryTransact(table, [put, fleetWrite(table, token.fleet)])) return;
      }
    },
    find: async (secretHash: string): Promise<Token | null> => {
      const there = await readAt(secretHash);
      return there?.stored.isGenuine === true && !isExpired(there.item, clock()) ? there.stored.token : null;
    },
    list: async (fleet: string | null): Promise<readonly StoredToken[]> => {
      const items = await readTokenItems(table);
      return items
        .filter((item) => !isExpired(item, clock()))
        .map((item) => parseStoredToken(item, seal))
        .filter(({ token }) => fleet === null || token.fleet === fleet)
        .sort((a, b) => codeUnitOrder(a.token.created_at, b.token.created_at));
    },
    revoke: async ({ secretHash, token }: StoredToken, at: string): Promise<void> => {
      // First in the seal, where only the service can undo it.
      if (seal !== null && seal.revokedAt(secretHash) === null) seal.noteRevoked(secretHash, at);
      for (;;) {
        const there = await readAt(secretHash);
        if (there?.stored.isGenuine === true && isStoredAsRevoked(there.item)) return;
        const revoked = { ...token, revoked_at: seal?.revokedAt(secretHash) ?? at };
        if (await tryTransact(table, [tokenWrite(table, secretHash, revoked, seal, there?.item ?? null)])) return;
      }
    },
  };
}

/** The tokens of a table. */
export type TokenStore = ReturnType<typeof makeTokenStore>;

/** Adds the code of the seal to every token in the table; gives their number. It trusts all of them: for a table without a seal. */
export async function sealAll(table: Table, seal: TokenSeal): Promise<number> {
  let sealed = 0;
  for (const item of await readTokenItems(table)) {
    const token = parseToken(optionalText(item, "token"));
    if (token === null) continue;
    // If it fails, the service has written the token since, with its code.
    await tryTransact(table, [tokenWrite(table, itemText(item, "sk"), token, seal, item)]);
    sealed += 1;
  }
  return sealed;
}

const readTokenItems = async (table: Table): Promise<Item[]> =>
  (await Promise.all(TOKEN_PARTITIONS.map((pk) => queryAll(table, { ...partition(pk), ConsistentRead: true })))).flat();

/** The write of a token, on the condition that the item under its key still is `before`; null if there was none. */
export function tokenWrite(
  table: Table,
  secretHash: string,
  token: Token,
  seal: TokenSeal | null,
  before: Item | null,
) {
  const text = JSON.stringify(token);
  const item: Item = {
    ...keyItem(tokenKey(secretHash)),
    token: { S: text },
    ...(token.revoked_at === null || token.root ? {} : expiring(token.revoked_at, REVOKED_DAYS_KEPT)),
    ...(seal === null ? {} : { mac: { B: seal.mac(sealedText(secretHash, token)) } }),
  };
  const found = before === null ? null : optionalText(before, "token");
  const unchanged =
    before === null
      ? { ConditionExpression: "attribute_not_exists(pk)" }
      : found === null
        ? { ConditionExpression: "attribute_not_exists(#token)", ExpressionAttributeNames: { "#token": "token" } }
        : {
            ConditionExpression: "#token = :token",
            ExpressionAttributeNames: { "#token": "token" },
            ExpressionAttributeValues: { ":token": { S: found } },
          };
  return { Put: { TableName: table.name, Item: item, ...unchanged } };
}

/**
 * What the code of a token is computed from: its key and all its fields, so that nobody can change a scope, an expiry or a
 * fleet, or move an item to another secret. It is JSON of a list, so that no two different tokens have the same text.
 */
function sealedText(secretHash: string, token: Token): string {
  const { id, fleet, scope, root, hosts, expires_at, label, created_at, revoked_at } = token;
  const fields = [id, fleet, scope, root, hosts, expires_at, label, created_at, revoked_at];
  return JSON.stringify(["vbdstat token", 1, secretHash, ...fields]);
}

const isStoredAsRevoked = (item: Item): boolean => parseToken(optionalText(item, "token"))?.revoked_at !== null;

function parseStoredToken(item: Item, seal: TokenSeal | null): StoredToken {
  const secretHash = itemText(item, "sk");
  const token = parseToken(optionalText(item, "token"));
  if (token === null) return { secretHash, token: unreadableToken(secretHash), isGenuine: false };
  const revoked_at = token.revoked_at ?? seal?.revokedAt(secretHash) ?? null;
  return { secretHash, token: { ...token, revoked_at }, isGenuine: seal === null || hasCode(item, token, seal) };
}

function hasCode(item: Item, token: Token, seal: TokenSeal): boolean {
  const given = optionalBytes(item, "mac") ?? new Uint8Array();
  const right = seal.mac(sealedText(itemText(item, "sk"), token));
  return given.length === right.length && timingSafeEqual(given, right);
}

/** What lists show for an item that is not a token; its id is the hash. */
const unreadableToken = (secretHash: string): Token => ({
  id: secretHash,
  fleet: "",
  scope: "read",
  root: false,
  hosts: null,
  expires_at: null,
  label: null,
  created_at: "",
  revoked_at: null,
});

/** Parses the text of a token; null for anything else. */
export function parseToken(text: string | null): Token | null {
  const fields = parseObject(text);
  const scope = SCOPES.find((one) => one === fields["scope"]);
  const { id, fleet, root, created_at } = fields;
  const [hosts, expires_at, label, revoked_at] = ["hosts", "expires_at", "label", "revoked_at"].map((name) =>
    // Earlier versions wrote no `revoked_at`.
    textOrNull(fields[name] ?? null),
  );
  if (typeof id !== "string" || typeof fleet !== "string" || scope === undefined || typeof root !== "boolean")
    return null;
  if (typeof created_at !== "string") return null;
  if (hosts === undefined || expires_at === undefined || label === undefined || revoked_at === undefined) return null;
  return { id, fleet, scope, root, hosts, expires_at, label, created_at, revoked_at };
}

const textOrNull = (value: unknown): string | null | undefined =>
  value === null || typeof value === "string" ? value : undefined;

function parseObject(text: string | null): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text ?? "null");
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

// Fleets are listed, so that a sweep and the tools of an operator find all of them. A fleet is added with its first token.

/** All fleets. */
export async function listFleets(table: Table): Promise<string[]> {
  return (await queryAll(table, partition(FLEETS_PARTITION))).map((item) => itemText(item, "sk"));
}

/** Adds a fleet to the list. Repeating it changes nothing. */
export const addFleet = (table: Table, fleet: string): Promise<void> =>
  retryingTransient(() => transact(table, [fleetWrite(table, fleet)]));

const fleetWrite = (table: Table, fleet: string): TransactWriteItem => ({
  Put: { TableName: table.name, Item: keyItem(fleetKey(fleet)) },
});

// What was stored with tokens: bytes and runs by day, and the kinds of host that were named by year. DynamoDB deletes the
// items once they no longer matter.

/** Days that an item is kept after the day or year it is about. */
const KEPT_DAYS = 7;

const expiryAfter = (at: string): string => String(Date.parse(at) / 1000 + KEPT_DAYS * 86_400);

/** The use of the tokens of a table. */
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
            ":ttl": { N: expiryAfter(`${day}T23:59:59Z`) },
          },
        },
      };
      await retryingTransient(() => transact(table, [write]));
      const item = await getItem(table, key);
      return { bytes: Number(item?.["bytes"]?.N ?? bytes), runs: Number(item?.["runs"]?.N ?? runs) };
    },
    cohorts: async (tokenId: string, year: string): Promise<ReadonlySet<string>> => {
      const item = await getItem(table, cohortsNamedKey(tokenId, year));
      return new Set(item === null ? [] : itemTextSet(item, "cohorts"));
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
            ":ttl": { N: expiryAfter(`${year}-12-31T23:59:59Z`) },
            ...(before === 0 ? {} : { ":before": { N: String(before) } }),
          },
        },
      };
      return tryTransact(table, [write]);
    },
  };
}
