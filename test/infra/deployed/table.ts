// The table as the template has it, made in the embedded engine, with its stream.

import { randomUUID } from "node:crypto";
import { type TemplateFile, theResource } from "./assembly.ts";

/** A record of the stream, as the service that polls it sees it. */
export interface StreamRecord {
  readonly eventName: string;
  readonly dynamodb: { readonly Keys: { readonly pk: { readonly S: string } } };
}

export interface DeployedTable {
  /** Its logical id, and the name it got. */
  readonly id: string;
  readonly name: string;
  /** Records since the last time. */
  newRecords(): Promise<StreamRecord[]>;
}

/**
 * What a restore to a point in time makes of the table of a template: another table with its keys, its index and its items, to
 * which the operator has added a stream.
 */
export async function restoreTable(
  template: TemplateFile,
  endpoint: string,
  from: string,
  name: string,
): Promise<DeployedTable> {
  const restored = await deployTable(template, endpoint, name);
  let ExclusiveStartKey: unknown;
  do {
    const page = await call(endpoint, "DynamoDB_20120810.Scan", { TableName: from, ExclusiveStartKey });
    for (const Item of page.Items) await call(endpoint, "DynamoDB_20120810.PutItem", { TableName: name, Item });
    ExclusiveStartKey = page.LastEvaluatedKey;
  } while (ExclusiveStartKey !== undefined);
  // The stream begins after the restore.
  await restored.newRecords();
  return restored;
}

/** Makes the table of a template. Throws what the engine does not take. */
export async function deployTable(
  template: TemplateFile,
  endpoint: string,
  name = `deployed-${randomUUID()}`,
): Promise<DeployedTable> {
  const [id, { Properties }] = theResource(template, "AWS::DynamoDB::GlobalTable");
  const { BillingMode, KeySchema, AttributeDefinitions, LocalSecondaryIndexes, GlobalSecondaryIndexes } = Properties;
  await call(endpoint, "DynamoDB_20120810.CreateTable", {
    TableName: name,
    BillingMode,
    KeySchema,
    AttributeDefinitions,
    LocalSecondaryIndexes,
    GlobalSecondaryIndexes,
    StreamSpecification: { StreamEnabled: true, ...Properties.StreamSpecification },
  });
  const { Table } = await call(endpoint, "DynamoDB_20120810.DescribeTable", { TableName: name });
  const StreamArn = Table.LatestStreamArn;
  const { StreamDescription } = await call(endpoint, "DynamoDBStreams_20120810.DescribeStream", { StreamArn });
  let { ShardIterator } = await call(endpoint, "DynamoDBStreams_20120810.GetShardIterator", {
    StreamArn,
    ShardId: StreamDescription.Shards[0].ShardId,
    ShardIteratorType: "TRIM_HORIZON",
  });
  return {
    id,
    name,
    newRecords: async () => {
      const found: StreamRecord[] = [];
      for (;;) {
        const page = await call(endpoint, "DynamoDBStreams_20120810.GetRecords", { ShardIterator });
        ShardIterator = page.NextShardIterator;
        if (page.Records.length === 0) return found;
        found.push(...page.Records);
      }
    },
  };
}

// biome-ignore lint/suspicious/noExplicitAny: each command has an answer of its own.
async function call(endpoint: string, target: string, input: object): Promise<any> {
  const answer = await fetch(endpoint, {
    method: "POST",
    headers: {
      "Content-Type": "application/x-amz-json-1.0",
      "X-Amz-Target": target,
      "X-Amz-Date": "20261122T100000Z",
      // The engine wants to be asked in due form, and believes anybody.
      Authorization:
        "AWS4-HMAC-SHA256 Credential=test/20261122/eu-central-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0",
    },
    body: JSON.stringify(input),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${target}: ${text}`);
  return JSON.parse(text);
}
