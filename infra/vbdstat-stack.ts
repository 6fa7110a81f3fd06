// The stack: the table, the functions with the rights they need, the HTTP API and CloudFront before those that answer
// requests, the stream and the schedules that wake the others, and what tells how all of it is doing.

import { CfnOutput, Duration, Stack } from "aws-cdk-lib";
import type { Construct } from "constructs";
import { addAggregateTriggers } from "./aggregate-triggers.ts";
import { addAlarms } from "./alarms.ts";
import { addAuditSchedule } from "./audit-schedule.ts";
import { addDashboard } from "./dashboard.ts";
import { frontDoor } from "./front-door.ts";
import { addRoutes, httpApi } from "./http-api.ts";
import { addLogMetrics } from "./metrics.ts";
import { NO_OPTIONS, type Options } from "./options.ts";
import { RIGHTS } from "./rights.ts";
import { type ServiceFunctionProps, serviceFunction } from "./service-function.ts";
import type { Stage } from "./stage.ts";
import { serviceTable } from "./table.ts";

/** API Gateway waits 30 seconds for an answer; a function that takes longer works for nobody. */
const ANSWER_WITHIN = Duration.seconds(29);

/** The sweep of a large fleet is the longest work; what it does not finish, the next one does. */
const SWEEP_WITHIN = Duration.minutes(5);

/** As long as a function may take: an eighth of 100 000 hosts takes some minutes. */
const AUDIT_WITHIN = Duration.minutes(15);

/** Memory brings processor time with it: at this much a whole processor, which is all that one thread can use. */
const MEMORY_MB = 1769;

/** The documents are the same for everybody, and caches keep them. */
const DOCS_MEMORY_MB = 512;

export class VbdstatStack extends Stack {
  constructor(scope: Construct, id: string, stage: Stage, options: Options = NO_OPTIONS) {
    super(scope, id, {
      description: "vbdstat: Bonnie++ results of a Xen fleet, collected and compared",
      terminationProtection: stage.keepsData,
    });
    const table = serviceTable(this, stage);
    const api = httpApi(this, stage);
    // Before the functions, which tell readers of it.
    const door = frontDoor(this, api, options);
    const publicUrl = `https://${options.domain?.name ?? door.distributionDomainName}`;
    const withTable = (
      name: keyof typeof RIGHTS,
      timeout: Duration,
      others: Pick<ServiceFunctionProps, "concurrency" | "environment"> = {},
    ) => {
      const access = { table, rights: RIGHTS[name] };
      return serviceFunction(this, name, { access, timeout, memorySize: MEMORY_MB, stage, ...others });
    };
    const told = { environment: { PUBLIC_URL: publicUrl } };
    const limits = Object.entries(options.tokenLimits).map(([name, most]) => [name, String(most)]);
    const ingest = withTable("ingest", ANSWER_WITHIN, { environment: Object.fromEntries(limits) });
    const read = withTable("read", ANSWER_WITHIN, told);
    const embed = withTable("embed", ANSWER_WITHIN, told);
    const docs = serviceFunction(this, "docs", { timeout: ANSWER_WITHIN, memorySize: DOCS_MEMORY_MB, stage });
    const aggregate = withTable("aggregate", SWEEP_WITHIN, { concurrency: stage.aggregateConcurrency });
    const audit = withTable("audit", AUDIT_WITHIN);

    const answering = { ingest: ingest.handler, read: read.handler, embed: embed.handler, docs: docs.handler };
    addRoutes(api, answering, stage);
    const deadLetters = addAggregateTriggers(this, aggregate.handler, table);
    addAuditSchedule(this, audit.handler);

    addLogMetrics({ ingest: ingest.log, aggregate: aggregate.log, audit: audit.log }, stage);
    const watched = {
      api,
      functions: [...Object.values(answering), aggregate.handler, audit.handler],
      aggregate: aggregate.handler,
      audit: audit.handler,
      table,
      deadLetters,
      stage,
    };
    const alarms = addAlarms(this, watched, options);
    addDashboard(this, watched);

    new CfnOutput(this, "ServiceUrl", {
      value: publicUrl,
      description: "Where hosts post and people ask",
    });
    new CfnOutput(this, "DomainTarget", {
      value: door.distributionDomainName,
      description: "What a domain of your own must be an alias of",
    });
    new CfnOutput(this, "AlarmTopic", { value: alarms.topicArn, description: "Subscribe to it to hear of alarms" });
    new CfnOutput(this, "DeadLetterQueue", { value: deadLetters.queueUrl });
    new CfnOutput(this, "TableName", { value: table.tableName });
    new CfnOutput(this, "FirstTokenCommand", {
      value: `AWS_REGION=${this.region} npx tsx scripts/first-token.ts ${table.tableName}`,
      description: "Makes an admin token with your own AWS rights and prints it, once",
    });
  }
}
