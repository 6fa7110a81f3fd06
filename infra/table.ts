// The table, as shared/deployment.ts describes it: with the keys and indexes that the store creates on a local engine. Or a table
// that exists, such as one that was restored: the stack then uses it, and creates and deletes none.

import {
  type Attribute,
  AttributeType,
  Billing,
  type ITableV2,
  ProjectionType,
  StreamViewType,
  TableEncryptionV2,
  TableV2,
} from "aws-cdk-lib/aws-dynamodb";
import type { Construct } from "constructs";
import { TABLE } from "../shared/deployment.ts";
import type { AdoptedTable, Stage } from "./stage.ts";

const text = (name: string): Attribute => ({ name, type: AttributeType.STRING });

/** The table of a stage: the one to adopt, or a new one. */
export const findTable = (scope: Construct, stage: Stage, adopted: AdoptedTable | null): ITableV2 =>
  adopted === null
    ? // They differ only in `undefined` for optional properties, about which our compiler is strict.
      (makeTable(scope, stage) as ITableV2)
    : TableV2.fromTableAttributes(scope, "AdoptedTable", {
        tableName: adopted.name,
        tableStreamArn: adopted.streamArn,
        globalIndexes: [TABLE.timeIndex.name],
      });

function makeTable(scope: Construct, stage: Stage): TableV2 {
  const { timeIndex } = TABLE;
  return new TableV2(scope, "Table", {
    partitionKey: text(TABLE.partitionKey),
    sortKey: text(TABLE.sortKey),
    globalSecondaryIndexes: [
      {
        indexName: timeIndex.name,
        partitionKey: text(timeIndex.partitionKey),
        sortKey: text(timeIndex.sortKey),
        projectionType: ProjectionType.KEYS_ONLY,
      },
    ],
    timeToLiveAttribute: TABLE.timeToLive,
    billing: Billing.onDemand(),
    encryption: TableEncryptionV2.awsManagedKey(),
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
    // A stream record only has the key of a pending host; the function reads the item itself.
    dynamoStream: StreamViewType.KEYS_ONLY,
    deletionProtection: stage.keepsData,
    removalPolicy: stage.removal,
  });
}
