// That the first admin token was made, and which one it is: so that it is made once in the life of a table, and a new one
// that the operator sets is known as new.

import type { FirstAdminStore } from "../../shared/ports.ts";
import { keyItem, textOf } from "./item.ts";
import { FIRST_ADMIN_KEY } from "./keys.ts";
import { retryingTransient } from "./retry.ts";
import { getItem, type Table, transact } from "./table.ts";

/** The note over the table. */
export function makeFirstAdminStore(table: Table): FirstAdminStore {
  return {
    get: async () => {
      const item = await getItem(table, FIRST_ADMIN_KEY);
      return item === null ? null : textOf(item, "hash");
    },
    set: (secretHash) => {
      const item = { ...keyItem(FIRST_ADMIN_KEY), hash: { S: secretHash } };
      return retryingTransient(() => transact(table, [{ Put: { TableName: table.name, Item: item } }]));
    },
  };
}
