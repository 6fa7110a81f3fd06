// Permissions on the table: which actions each function may use, on which partitions, through which index. The partitions are the store's
// keys. Actions without a partition key (Scan, PartiQL) must never be added: a condition on partition keys is true for a request without
// one.

import type { ITableV2 } from "aws-cdk-lib/aws-dynamodb";
import { type IGrantable, PolicyStatement } from "aws-cdk-lib/aws-iam";
import { TABLE } from "../shared/deployment.ts";

export interface Permission {
  /** Names of DynamoDB actions. A transaction needs the permission of each of its writes. */
  readonly actions: readonly ("GetItem" | "BatchGetItem" | "Query" | "PutItem" | "UpdateItem" | "DeleteItem")[];
  /** Patterns of partition keys (of the index, if there is one); `*` matches any text. */
  readonly partitions: readonly string[];
  /** The index that is queried; without one, the table itself. */
  readonly index?: string;
}

const byTime = TABLE.timeIndex.name;

export const PERMISSIONS: Readonly<Record<"ingest" | "read" | "embed" | "aggregate" | "audit", readonly Permission[]>> =
  {
    ingest: [
      {
        actions: ["GetItem"],
        partitions: ["RUN#*", "REJECT#*", "TOKEN#*", "USE#*", "SETTINGS#*", "FORMAT"],
      },
      { actions: ["BatchGetItem"], partitions: ["REJECT#*", "RUN#*"] },
      { actions: ["Query"], partitions: ["TOKEN#*", "RUN#*", "SAMPLE#*", "REJECT#*", "FLEETS"] },
      { actions: ["Query"], partitions: ["TIME#*"], index: byTime },
      {
        actions: ["PutItem"],
        partitions: ["RUN#*", "SAMPLE#*", "REJECT#*", "TOKEN#*", "SETTINGS#*", "RETIRED#*", "FLEETS", "ACTIVITY#*"],
      },
      { actions: ["UpdateItem"], partitions: ["RUN#*", "WORK#*", "USE#*"] },
      { actions: ["DeleteItem"], partitions: ["SAMPLE#*", "REJECT#*"] },
    ],
    read: [
      {
        actions: ["GetItem"],
        partitions: [
          "RUN#*",
          "TOKEN#*",
          "WORK#*",
          "GENERATION#*",
          "SETTINGS#*",
          "RETIRED#*",
          "COUNTS#*",
          "PING",
          "FORMAT",
        ],
      },
      { actions: ["BatchGetItem"], partitions: ["RUN#*", "HOST#*", "TOTAL#*"] },
      {
        actions: ["Query"],
        partitions: [
          "CELL#*",
          "COHORT#*",
          "TOTAL#*",
          "HOST#*",
          "RETIRED#*",
          "SAMPLE#*",
          "REJECT#*",
          "WORK#*",
          "FLEETS",
          "ACTIVITY#*",
        ],
      },
      { actions: ["Query"], partitions: ["TIME#*"], index: byTime },
    ],
    embed: [
      { actions: ["GetItem"], partitions: ["SHARE#*", "TOKEN#*", "GENERATION#*", "FORMAT"] },
      { actions: ["BatchGetItem"], partitions: ["TOTAL#*"] },
      { actions: ["Query"], partitions: ["SHARE#*", "SHARES#*", "CELL#*", "COHORT#*", "TOTAL#*", "WORK#*", "FLEETS"] },
      { actions: ["PutItem", "DeleteItem"], partitions: ["SHARE#*", "SHARES#*"] },
      { actions: ["PutItem"], partitions: ["ACTIVITY#*"] },
      { actions: ["UpdateItem"], partitions: ["SHARE#*"] },
    ],
    aggregate: [
      { actions: ["GetItem"], partitions: ["GENERATION#*", "SETTINGS#*", "COUNTS#*", "FORMAT"] },
      { actions: ["BatchGetItem"], partitions: ["WORK#*", "HOST#*", "TOTAL#*", "CELL#*", "COHORT#*"] },
      { actions: ["Query"], partitions: ["FLEETS", "WORK#*", "SAMPLE#*", "COHORT#*", "HOST#*", "RETIRED#*"] },
      { actions: ["PutItem"], partitions: ["HOST#*", "TOTAL#*", "CELL#*", "COUNTS#*"] },
      { actions: ["UpdateItem"], partitions: ["WORK#*", "COHORT#*"] },
      { actions: ["DeleteItem"], partitions: ["TOTAL#*", "CELL#*", "WORK#*", "COHORT#*"] },
    ],
    audit: [
      { actions: ["GetItem"], partitions: ["RUN#*", "WORK#*", "GENERATION#*", "FORMAT"] },
      { actions: ["BatchGetItem"], partitions: ["RUN#*", "SAMPLE#*", "HOST#*", "TOTAL#*", "COHORT#*"] },
      {
        actions: ["Query"],
        partitions: ["FLEETS", "SAMPLE#*", "WORK#*", "HOST#*", "TOTAL#*", "CELL#*", "COHORT#*", "AUDIT#*"],
      },
      { actions: ["Query"], partitions: ["TIME#*"], index: byTime },
      // Which months it need not read again.
      { actions: ["PutItem"], partitions: ["AUDIT#*"] },
    ],
  };

/** Grants `to` these permissions on the table and no others. */
export function grantPermissions(to: IGrantable, table: ITableV2, permissions: readonly Permission[]): void {
  for (const { actions, partitions, index } of permissions) {
    to.grantPrincipal.addToPrincipalPolicy(
      new PolicyStatement({
        actions: actions.map((action) => `dynamodb:${action}`),
        resources: [index === undefined ? table.tableArn : `${table.tableArn}/index/${index}`],
        conditions: { "ForAllValues:StringLike": { "dynamodb:LeadingKeys": partitions } },
      }),
    );
  }
}
