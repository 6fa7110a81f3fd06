// Rights on the table: for each function what it may do, to which partitions, through which index. Partitions are those of
// the store's keys. Nothing that reads or writes without naming a partition (Scan, PartiQL) is here, and nothing may be: a
// condition on partition keys holds vacuously where a request has none.

import type { TableV2 } from "aws-cdk-lib/aws-dynamodb";
import { type IGrantable, PolicyStatement } from "aws-cdk-lib/aws-iam";
import { TABLE } from "../shared/deployment.ts";

export interface Right {
  /** Names of DynamoDB actions. Writes in a transaction count as the actions they consist of. */
  readonly actions: readonly ("GetItem" | "BatchGetItem" | "Query" | "PutItem" | "UpdateItem" | "DeleteItem")[];
  /** Patterns of partition keys (of the index's, if there is one), `*` standing for any text. */
  readonly partitions: readonly string[];
  /** The index that is asked; without one, the table itself. */
  readonly index?: string;
}

const byOrder = TABLE.orderIndex.name;
const byTime = TABLE.timeIndex.name;

export const RIGHTS: Readonly<Record<"ingest" | "read" | "embed" | "aggregate" | "audit", readonly Right[]>> = {
  ingest: [
    { actions: ["GetItem"], partitions: ["RUN#*", "REJECT#*", "TOKEN#*", "USE#*", "FORMAT"] },
    { actions: ["Query"], partitions: ["TOKEN#*", "FLEETS"] },
    { actions: ["Query"], partitions: ["REJECT#*"], index: byOrder },
    { actions: ["PutItem"], partitions: ["RUN#*", "REJECT#*", "TOKEN#*", "FLEETS"] },
    { actions: ["UpdateItem"], partitions: ["RUN#*", "WORK#*", "USE#*"] },
    { actions: ["DeleteItem"], partitions: ["REJECT#*"] },
  ],
  read: [
    { actions: ["GetItem"], partitions: ["RUN#*", "TOKEN#*", "WORK#*", "GENERATION#*", "PING", "FORMAT"] },
    { actions: ["BatchGetItem"], partitions: ["RUN#*", "HOST#*"] },
    { actions: ["Query"], partitions: ["CELL#*", "COHORT#*", "STAMP#*", "HOST#*", "WORK#*", "FLEETS"] },
    { actions: ["Query"], partitions: ["RUN#*", "REJECT#*"], index: byOrder },
    { actions: ["Query"], partitions: ["TIME#*"], index: byTime },
  ],
  embed: [
    { actions: ["GetItem"], partitions: ["SHARE#*", "TOKEN#*", "GENERATION#*", "FORMAT"] },
    { actions: ["Query"], partitions: ["SHARE#*", "SHARES#*", "CELL#*", "COHORT#*", "STAMP#*", "WORK#*", "FLEETS"] },
    { actions: ["PutItem", "DeleteItem"], partitions: ["SHARE#*", "SHARES#*"] },
    { actions: ["UpdateItem"], partitions: ["SHARE#*"] },
  ],
  aggregate: [
    { actions: ["GetItem"], partitions: ["WORK#*", "GENERATION#*", "FORMAT"] },
    { actions: ["BatchGetItem"], partitions: ["HOST#*", "CELL#*", "COHORT#*"] },
    { actions: ["Query"], partitions: ["FLEETS", "WORK#*", "COHORT#*"] },
    { actions: ["Query"], partitions: ["RUN#*"], index: byOrder },
    { actions: ["PutItem"], partitions: ["HOST#*", "CELL#*", "STAMP#*"] },
    { actions: ["UpdateItem"], partitions: ["WORK#*", "COHORT#*"] },
    { actions: ["DeleteItem"], partitions: ["CELL#*", "WORK#*", "COHORT#*"] },
  ],
  audit: [
    { actions: ["GetItem"], partitions: ["RUN#*", "WORK#*", "GENERATION#*", "FORMAT"] },
    { actions: ["BatchGetItem"], partitions: ["HOST#*", "CELL#*", "COHORT#*"] },
    { actions: ["Query"], partitions: ["FLEETS", "RUN#*", "WORK#*", "HOST#*", "CELL#*", "COHORT#*"] },
    { actions: ["Query"], partitions: ["TIME#*"], index: byTime },
  ],
};

/** Gives `to` these rights on the table and no others. */
export function grantRights(to: IGrantable, table: TableV2, rights: readonly Right[]): void {
  for (const { actions, partitions, index } of rights) {
    to.grantPrincipal.addToPrincipalPolicy(
      new PolicyStatement({
        actions: actions.map((action) => `dynamodb:${action}`),
        resources: [index === undefined ? table.tableArn : `${table.tableArn}/index/${index}`],
        conditions: { "ForAllValues:StringLike": { "dynamodb:LeadingKeys": partitions } },
      }),
    );
  }
}
