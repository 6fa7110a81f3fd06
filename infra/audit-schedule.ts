// The schedule of the audit: a part of every fleet every three hours, and so each fleet completely once a day. The function chooses the part by
// the time.

import { Duration } from "aws-cdk-lib";
import { Rule, Schedule } from "aws-cdk-lib/aws-events";
import { LambdaFunction } from "aws-cdk-lib/aws-events-targets";
import type { IFunction } from "aws-cdk-lib/aws-lambda";
import type { Construct } from "constructs";
import { AUDIT_EVERY_HOURS } from "../shared/deployment.ts";

/** Adds the schedule. */
export function addAuditSchedule(scope: Construct, audit: IFunction): void {
  // A second try would find the same, and a late one would check the next part.
  audit.configureAsyncInvoke({ retryAttempts: 0, maxEventAge: Duration.hours(1) });
  new Rule(scope, "audit-schedule", {
    schedule: Schedule.rate(Duration.hours(AUDIT_EVERY_HOURS)),
    targets: [new LambdaFunction(audit)],
  });
}
