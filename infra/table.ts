// The table, as shared/deployment.ts describes it: with the keys and indexes that the store creates on a local engine.

import {
  type Attribute,
  AttributeType,
  Billing,
  ProjectionType,
  StreamViewType,
  TableEncryptionV2,
  TableV2,
} from "aws-cdk-lib/aws-dynamodb";
import type { Construct } from "constructs";
import { TABLE } from "../shared/deployment.ts";
import type { Stage } from "./stage.ts";

const text = (name: string): Attribute => ({ name, type: AttributeType.STRING });

/** Creates the table of a stage. */
export function makeTable(scope: Construct, stage: Stage): TableV2 {
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
