// The stack: the table, three functions with the rights they need, the HTTP API before two of them, and the stream and the
// schedule that wake the third.

import { CfnOutput, Duration, Stack } from "aws-cdk-lib";
import type { Construct } from "constructs";
import { addAggregateTriggers } from "./aggregate-triggers.ts";
import { httpApi } from "./http-api.ts";
import { RIGHTS } from "./rights.ts";
import { serviceFunction } from "./service-function.ts";
import type { Stage } from "./stage.ts";
import { serviceTable } from "./table.ts";

/** API Gateway waits 30 seconds for an answer; a function that takes longer works for nobody. */
const ANSWER_WITHIN = Duration.seconds(29);

/** The sweep of a large fleet is the longest work; what it does not finish, the next one does. */
const SWEEP_WITHIN = Duration.minutes(5);

/** Memory brings processor time with it: at this much a whole processor, which is all that one thread can use. */
const MEMORY_MB = 1769;

export class VbdstatStack extends Stack {
  constructor(scope: Construct, id: string, stage: Stage) {
    super(scope, id, {
      description: "vbdstat: Bonnie++ results of a Xen fleet, collected and compared",
      terminationProtection: stage.keepsData,
    });
    const table = serviceTable(this, stage);
    const common = { table, stage, memorySize: MEMORY_MB };
    const ingest = serviceFunction(this, "ingest", { ...common, rights: RIGHTS.ingest, timeout: ANSWER_WITHIN });
    const read = serviceFunction(this, "read", { ...common, rights: RIGHTS.read, timeout: ANSWER_WITHIN });
    const aggregate = serviceFunction(this, "aggregate", {
      ...common,
      rights: RIGHTS.aggregate,
      timeout: SWEEP_WITHIN,
    });
    const api = httpApi(this, { functions: { ingest, read }, stage });
    addAggregateTriggers(this, aggregate, table);

    new CfnOutput(this, "ApiUrl", { value: api.apiEndpoint, description: "Where hosts post and people ask" });
    new CfnOutput(this, "TableName", { value: table.tableName });
    new CfnOutput(this, "FirstTokenCommand", {
      value: `AWS_REGION=${this.region} npx tsx scripts/first-token.ts ${table.tableName}`,
      description: "Makes an admin token with your own AWS rights and prints it, once",
    });
  }
}
