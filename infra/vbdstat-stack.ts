// The stack: the table, four functions with the rights they need, the HTTP API before three of them, and the stream and the
// schedule that wake the fourth.

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

/** The documents are the same for everybody, and caches keep them. */
const DOCS_MEMORY_MB = 512;

export class VbdstatStack extends Stack {
  constructor(scope: Construct, id: string, stage: Stage) {
    super(scope, id, {
      description: "vbdstat: Bonnie++ results of a Xen fleet, collected and compared",
      terminationProtection: stage.keepsData,
    });
    const table = serviceTable(this, stage);
    const withTable = (name: keyof typeof RIGHTS, timeout: Duration) =>
      serviceFunction(this, name, { access: { table, rights: RIGHTS[name] }, timeout, memorySize: MEMORY_MB, stage });
    const ingest = withTable("ingest", ANSWER_WITHIN);
    const read = withTable("read", ANSWER_WITHIN);
    const docs = serviceFunction(this, "docs", { timeout: ANSWER_WITHIN, memorySize: DOCS_MEMORY_MB, stage });
    const aggregate = withTable("aggregate", SWEEP_WITHIN);
    const api = httpApi(this, { functions: { ingest, read, docs }, stage });
    addAggregateTriggers(this, aggregate, table);

    new CfnOutput(this, "ApiUrl", { value: api.apiEndpoint, description: "Where hosts post and people ask" });
    new CfnOutput(this, "TableName", { value: table.tableName });
    new CfnOutput(this, "FirstTokenCommand", {
      value: `AWS_REGION=${this.region} npx tsx scripts/first-token.ts ${table.tableName}`,
      description: "Makes an admin token with your own AWS rights and prints it, once",
    });
  }
}
