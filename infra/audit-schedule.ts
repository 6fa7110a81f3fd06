// When statistics are checked against the runs: a part of every fleet every three hours, so that all of it has been once a
// day. The function takes turns by the time.

import { Duration } from "aws-cdk-lib";
import { Rule, Schedule } from "aws-cdk-lib/aws-events";
import { LambdaFunction } from "aws-cdk-lib/aws-events-targets";
import type { IFunction } from "aws-cdk-lib/aws-lambda";
import type { Construct } from "constructs";
import { AUDIT_EVERY_HOURS } from "../shared/deployment.ts";

export function addAuditSchedule(scope: Construct, audit: IFunction): void {
  // Twice would find the same twice, and one that comes late would take the next one's turn.
  audit.configureAsyncInvoke({ retryAttempts: 0, maxEventAge: Duration.hours(1) });
  new Rule(scope, "audit-schedule", {
    schedule: Schedule.rate(Duration.hours(AUDIT_EVERY_HOURS)),
    targets: [new LambdaFunction(audit)],
  });
}
