// A table that writes down every access to it, in the terms of IAM: which action on which partition, through which index.

import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { tableAt } from "../../functions/env.ts";
import { openTable } from "../../functions/store/client.ts";
import type { Table } from "../../functions/store/table/table.ts";

export interface Access {
  readonly action: string;
  readonly partition: string;
  readonly index: string | null;
}

type Item = Record<string, AttributeValue>;

/** The inputs of the commands that the store sends, as far as they name partitions. */
interface Input {
  readonly Key?: Item;
  readonly IndexName?: string;
  readonly KeyConditionExpression?: string;
  readonly ExpressionAttributeValues?: Item;
  readonly RequestItems?: Readonly<Record<string, { readonly Keys: readonly Item[] }>>;
  readonly TransactItems?: readonly Readonly<Record<string, { readonly Key?: Item; readonly Item?: Item }>>[];
}

/** The action that each part of a transaction counts as. */
const TRANSACTED: Readonly<Record<string, string>> = {
  Put: "PutItem",
  Update: "UpdateItem",
  Delete: "DeleteItem",
  ConditionCheck: "ConditionCheckItem",
};

/** Opens a table whose accesses are added to `accesses`. */
export function recordedTable(endpoint: string, name: string, accesses: Access[]): Table {
  const table = openTable(tableAt(endpoint, name));
  table.client.middlewareStack.add(
    (next, context) => (args) => {
      const { commandName = "" } = context;
      // Every input of DynamoDB's commands is an object; absent fields are undefined.
      accesses.push(...accessesOf(commandName.replace(/Command$/, ""), args.input as Input));
      return next(args);
    },
    { step: "initialize" },
  );
  return table;
}

const partitionOf = (key: Item | undefined): string => key?.["pk"]?.S ?? "";

/** The accesses of a command, from its name without `Command` and its input. */
export function accessesOf(action: string, input: Input): Access[] {
  const access = (of: string, partition: string) => ({ action: of, partition, index: input.IndexName ?? null });
  if (action === "TransactWriteItems") {
    return (input.TransactItems ?? []).flatMap((part) =>
      Object.entries(part).map(([kind, { Key, Item }]) => access(TRANSACTED[kind] ?? kind, partitionOf(Key ?? Item))),
    );
  }
  if (action === "BatchGetItem") {
    const keys = Object.values(input.RequestItems ?? {}).flatMap(({ Keys }) => Keys);
    return keys.map((key) => access(action, partitionOf(key)));
  }
  if (action === "Query") {
    const placeholder = /^\w+ = (:\w+)/.exec(input.KeyConditionExpression ?? "")?.[1] ?? "";
    return [access(action, input.ExpressionAttributeValues?.[placeholder]?.S ?? "")];
  }
  return [access(action, partitionOf(input.Key))];
}
