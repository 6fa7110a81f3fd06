// The stack: the table, the functions with their permissions, the HTTP API and CloudFront in front of the functions that answer requests, the
// stream and the schedules that invoke the others, and metrics, alarms and the dashboard.

import { CfnOutput, Duration, Stack } from "aws-cdk-lib";
import type { Construct } from "constructs";
import { addAlarms, addLogMetrics } from "./alarms.ts";
import { makeDistribution } from "./cdn.ts";
import { addDashboard } from "./dashboard.ts";
import { addRoutes, makeHttpApi } from "./http-api.ts";
import { PERMISSIONS } from "./permissions.ts";
import { makeServiceFunction, type ServiceFunctionProps } from "./service-function.ts";
import { NO_OPTIONS, type Options, type Stage } from "./stage.ts";
import { makeTable } from "./table.ts";
import { addAggregateTriggers, addAuditSchedule } from "./triggers.ts";

/** API Gateway waits 30 seconds for a response; after that a function works in vain. */
const RESPONSE_TIMEOUT = Duration.seconds(29);

/** The sweep of a large fleet takes longest; the next sweep does what it does not finish. */
const SWEEP_TIMEOUT = Duration.minutes(5);

/** The maximum for a function: an eighth of 100 000 hosts takes some minutes. */
const AUDIT_TIMEOUT = Duration.minutes(15);

/** Memory determines processor time: this much gives one whole processor, which is all that one thread can use. */
const MEMORY_MB = 1769;

/** The documents are the same for everybody, and are cached. */
const DOCS_MEMORY_MB = 512;

export class VbdstatStack extends Stack {
  constructor(scope: Construct, id: string, stage: Stage, options: Options = NO_OPTIONS) {
    super(scope, id, {
      description: "vbdstat: Bonnie++ results of a Xen fleet, collected and compared",
      terminationProtection: stage.keepsData,
    });
    const table = makeTable(this, stage);
    const api = makeHttpApi(this, stage);
    // Before the functions, which need its URL.
    const distribution = makeDistribution(this, api, options);
    const publicUrl = `https://${options.domain?.name ?? distribution.distributionDomainName}`;
    const withTable = (
      name: keyof typeof PERMISSIONS,
      timeout: Duration,
      others: Pick<ServiceFunctionProps, "concurrency" | "environment"> = {},
    ) => {
      const access = { table, permissions: PERMISSIONS[name] };
      return makeServiceFunction(this, name, { access, timeout, memorySize: MEMORY_MB, stage, ...others });
    };
    const withUrl = { environment: { PUBLIC_URL: publicUrl } };
    const limits = Object.entries(options.tokenLimits).map(([name, limit]) => [name, String(limit)]);
    const ingest = withTable("ingest", RESPONSE_TIMEOUT, {
      environment: { ...withUrl.environment, ...Object.fromEntries(limits) },
    });
    const read = withTable("read", RESPONSE_TIMEOUT, withUrl);
    const embed = withTable("embed", RESPONSE_TIMEOUT, withUrl);
    const docs = makeServiceFunction(this, "docs", { timeout: RESPONSE_TIMEOUT, memorySize: DOCS_MEMORY_MB, stage });
    const aggregate = withTable("aggregate", SWEEP_TIMEOUT, { concurrency: stage.aggregateConcurrency });
    const audit = withTable("audit", AUDIT_TIMEOUT);

    const requestFunctions = { ingest: ingest.handler, read: read.handler, embed: embed.handler, docs: docs.handler };
    addRoutes(api, requestFunctions, stage);
    const deadLetters = addAggregateTriggers(this, aggregate.handler, table);
    addAuditSchedule(this, audit.handler);

    addLogMetrics({ ingest: ingest.log, aggregate: aggregate.log, audit: audit.log }, stage);
    const watched = {
      api,
      functions: [...Object.values(requestFunctions), aggregate.handler, audit.handler],
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
      description: "The URL for hosts and readers",
    });
    new CfnOutput(this, "DomainTarget", {
      value: distribution.distributionDomainName,
      description: "The target of the alias record of your own domain",
    });
    new CfnOutput(this, "AlarmTopic", { value: alarms.topicArn, description: "Subscribe to it to receive alarms" });
    new CfnOutput(this, "DeadLetterQueue", { value: deadLetters.queueUrl });
    new CfnOutput(this, "TableName", { value: table.tableName });
    new CfnOutput(this, "FirstTokenCommand", {
      value: `AWS_REGION=${this.region} npx tsx scripts/first-token.ts ${table.tableName}`,
      description: "Creates an admin token with your own AWS permissions and prints it once",
    });
  }
}
