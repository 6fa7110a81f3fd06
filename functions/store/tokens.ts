// Tokens in the table: one item under the hash of the secret, to check a request with one read, and one under the fleet, to
// list and end them. Both are written and removed together. The secret itself is nowhere.

import type { Token } from "../../shared/model/token.ts";
import type { TokenStore } from "../../shared/ports.ts";
import { fleetWrite } from "./fleets.ts";
import { type Item, keyItem, textOf } from "./item.ts";
import { fleetTokenKey, fleetTokensPartition, tokenKey } from "./keys.ts";
import { retryingTransient } from "./retry.ts";
import { getItem, partition, queryAll, type Table, transact } from "./table.ts";

// Written by `add` from a Token.
const tokenOf = (item: Item): Token => JSON.parse(textOf(item, "token")) as Token;

/** Tokens over the table. */
export function makeTokenStore(table: Table): TokenStore {
  return {
    add: async (token, secretHash) => {
      const body = { token: { S: JSON.stringify(token) } };
      const put = (item: Item) => ({ Put: { TableName: table.name, Item: item } });
      const writes = [
        put({ ...keyItem(tokenKey(secretHash)), ...body }),
        put({ ...keyItem(fleetTokenKey(token.fleet, token.id)), ...body, hash: { S: secretHash } }),
        fleetWrite(table, token.fleet),
      ];
      await retryingTransient(() => transact(table, writes));
    },
    find: async (secretHash) => {
      const item = await getItem(table, tokenKey(secretHash));
      return item === null ? null : tokenOf(item);
    },
    list: async (fleet) => (await queryAll(table, partition(fleetTokensPartition(fleet)))).map(tokenOf),
    remove: async (fleet, id) => {
      const key = fleetTokenKey(fleet, id);
      const item = await getItem(table, key);
      if (item === null) return false;
      const keys = [tokenKey(textOf(item, "hash")), key];
      const deletes = keys.map((each) => ({ Delete: { TableName: table.name, Key: keyItem(each) } }));
      await retryingTransient(() => transact(table, deletes));
      return true;
    },
  };
}
