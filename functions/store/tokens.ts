// Tokens in the table: one item each, under the hash of its secret, in 16 partitions. A request is checked with one read, and
// a listing of the 16 partitions finds everything that any secret could lead to. The secret itself is nowhere. An item is
// never deleted: a revoked token stays, as the proof that it is.
//
// Where others can write into the table past the service, as on one machine whose engine asks nobody who they are, a seal
// says which items the service wrote itself (local/server/token-seal.ts). On AWS the table's rights do.

import { timingSafeEqual } from "node:crypto";
import { AppError } from "../../shared/errors.ts";
import { codeUnitOrder } from "../../shared/run/text.ts";
import type { StoredToken } from "../../shared/run/token.ts";
import { SCOPES, type Token } from "../../shared/run/token.ts";
import { retryingTransient, TransactionCancelled } from "./errors.ts";
import { type Item, keyItem, optionalBytesOf, optionalTextOf, textOf } from "./item.ts";
import { FIRST_ADMIN_KEY, TOKEN_PARTITIONS, tokenKey } from "./keys.ts";
import { fleetWrite } from "./status.ts";
import { getItem, partition, queryAll, type Table, transact } from "./table.ts";

// That the first admin token was made, and which one it is: so that it is made once in the life of a table, and a new one
// that the operator sets is known as new.

/** The note over the table. */
export function makeFirstAdminStore(table: Table) {
  return {
    get: async (): Promise<string | null> => {
      const item = await getItem(table, FIRST_ADMIN_KEY);
      return item === null ? null : textOf(item, "hash");
    },
    set: (secretHash: string): Promise<void> => {
      const item = { ...keyItem(FIRST_ADMIN_KEY), hash: { S: secretHash } };
      return retryingTransient(() => transact(table, [{ Put: { TableName: table.name, Item: item } }]));
    },
  };
}

/** What is known of tokens outside the table. */
export interface TokenSeal {
  /** A message authentication code that only the service can make. */
  mac(text: string): Uint8Array;
  /** Since when the token with a secret is revoked, whatever the table says by now; null when it is not known to be. */
  revokedAt(secretHash: string): string | null;
  /** Notes for good that a token is revoked; on the disk when it returns. */
  noteRevoked(secretHash: string, at: string): void;
}

/** Tokens over the table; with a seal, only those that carry its code are genuine. */
export function makeTokenStore(table: Table, seal: TokenSeal | null = null) {
  const readAt = async (secretHash: string): Promise<{ stored: StoredToken; item: Item } | null> => {
    const item = await getItem(table, tokenKey(secretHash));
    return item === null ? null : { stored: storedToken(item, seal), item };
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
        // What is not genuine is in nobody's way.
        const put = tokenWrite(table, secretHash, token, seal, there?.item ?? null);
        if (await written(table, [put, fleetWrite(table, token.fleet)])) return;
      }
    },
    find: async (secretHash: string): Promise<Token | null> => {
      const there = await readAt(secretHash);
      return there?.stored.isGenuine === true ? there.stored.token : null;
    },
    list: async (fleet: string | null): Promise<readonly StoredToken[]> => {
      const items = await allTokenItems(table);
      return items
        .map((item) => storedToken(item, seal))
        .filter(({ token }) => fleet === null || token.fleet === fleet)
        .sort((a, b) => codeUnitOrder(a.token.created_at, b.token.created_at));
    },
    revoke: async ({ secretHash, token }: StoredToken, at: string): Promise<void> => {
      // First where nobody but the service can undo it.
      if (seal !== null && seal.revokedAt(secretHash) === null) seal.noteRevoked(secretHash, at);
      for (;;) {
        const there = await readAt(secretHash);
        if (there?.stored.isGenuine === true && isWrittenAsRevoked(there.item)) return;
        const revoked = { ...token, revoked_at: seal?.revokedAt(secretHash) ?? at };
        if (await written(table, [tokenWrite(table, secretHash, revoked, seal, there?.item ?? null)])) return;
      }
    },
  };
}

/** The tokens of a table. */
export type TokenStore = ReturnType<typeof makeTokenStore>;

/** Puts the seal's code on every token in the table; returns how many. It trusts all of them: for a table that has had no seal. */
export async function sealAll(table: Table, seal: TokenSeal): Promise<number> {
  let sealed = 0;
  for (const item of await allTokenItems(table)) {
    const token = readToken(optionalTextOf(item, "token"));
    if (token === null) continue;
    // One that was changed meanwhile was written by the service, with its code.
    await written(table, [tokenWrite(table, textOf(item, "sk"), token, seal, item)]);
    sealed += 1;
  }
  return sealed;
}

const allTokenItems = async (table: Table): Promise<Item[]> =>
  (await Promise.all(TOKEN_PARTITIONS.map((pk) => queryAll(table, { ...partition(pk), ConsistentRead: true })))).flat();

/** The write of a token in place of what was read under its key; null stands for nothing. */
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
    ...(seal === null ? {} : { mac: { B: seal.mac(sealedText(secretHash, token)) } }),
  };
  const found = before === null ? null : optionalTextOf(before, "token");
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

/** Writes; false when somebody else was quicker. */
async function written(table: Table, writes: Parameters<typeof transact>[1]): Promise<boolean> {
  try {
    await retryingTransient(() => transact(table, writes));
    return true;
  } catch (error) {
    if (error instanceof TransactionCancelled && error.isLostRace) return false;
    throw error;
  }
}

/**
 * What the code of a token is made over: its key and all that it says, so that no right, end or fleet can be changed and no
 * item moved under another secret. As JSON of a list, no two different tokens have the same text.
 */
function sealedText(secretHash: string, token: Token): string {
  const { id, fleet, scope, root, hosts, expires_at, label, created_at, revoked_at } = token;
  const fields = [id, fleet, scope, root, hosts, expires_at, label, created_at, revoked_at];
  return JSON.stringify(["vbdstat token", 1, secretHash, ...fields]);
}

const isWrittenAsRevoked = (item: Item): boolean => readToken(optionalTextOf(item, "token"))?.revoked_at !== null;

function storedToken(item: Item, seal: TokenSeal | null): StoredToken {
  const secretHash = textOf(item, "sk");
  const token = readToken(optionalTextOf(item, "token"));
  if (token === null) return { secretHash, token: unreadable(secretHash), isGenuine: false };
  const revoked_at = token.revoked_at ?? seal?.revokedAt(secretHash) ?? null;
  return { secretHash, token: { ...token, revoked_at }, isGenuine: seal === null || hasCode(item, token, seal) };
}

function hasCode(item: Item, token: Token, seal: TokenSeal): boolean {
  const given = optionalBytesOf(item, "mac") ?? new Uint8Array();
  const right = seal.mac(sealedText(textOf(item, "sk"), token));
  return given.length === right.length && timingSafeEqual(given, right);
}

/** What stands in lists for an item that is no token; its id is the hash. */
const unreadable = (secretHash: string): Token => ({
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

/** The token of an item's text; null for anything else. */
export function readToken(text: string | null): Token | null {
  const said = parsed(text);
  const scope = SCOPES.find((one) => one === said["scope"]);
  const { id, fleet, root, created_at } = said;
  const [hosts, expires_at, label, revoked_at] = ["hosts", "expires_at", "label", "revoked_at"].map((name) =>
    // Before revoked tokens were kept none said when it was.
    textOrNull(said[name] ?? null),
  );
  if (typeof id !== "string" || typeof fleet !== "string" || scope === undefined || typeof root !== "boolean")
    return null;
  if (typeof created_at !== "string") return null;
  if (hosts === undefined || expires_at === undefined || label === undefined || revoked_at === undefined) return null;
  return { id, fleet, scope, root, hosts, expires_at, label, created_at, revoked_at };
}

const textOrNull = (value: unknown): string | null | undefined =>
  value === null || typeof value === "string" ? value : undefined;

function parsed(text: string | null): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text ?? "null");
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}
