// What invokes the functions that answer no requests. The aggregation: the table's stream, filtered to new and changed pending hosts, and a
// schedule that sweeps up what the stream has missed; nothing depends on any single event. The audit: a schedule.

import { Duration, Validations } from "aws-cdk-lib";
import type { ITable, ITableV2 } from "aws-cdk-lib/aws-dynamodb";
import { Rule, Schedule } from "aws-cdk-lib/aws-events";
import { LambdaFunction } from "aws-cdk-lib/aws-events-targets";
import { FilterCriteria, FilterRule, type IFunction, StartingPosition } from "aws-cdk-lib/aws-lambda";
import { DynamoEventSource, SqsDlq } from "aws-cdk-lib/aws-lambda-event-sources";
import { Queue, QueueEncryption } from "aws-cdk-lib/aws-sqs";
import type { Construct } from "constructs";
import { AUDIT_EVERY_HOURS } from "../shared/deployment.ts";

const SWEEP_EVERY = Duration.minutes(5);

/**
 * Adds both triggers; returns the queue of stream records that could not be processed. A record waits up to `windowSeconds` for
 * others; 0 to 300.
 */
export function addAggregateTriggers(
  scope: Construct,
  aggregate: IFunction,
  table: ITableV2,
  windowSeconds: number,
): Queue {
  const deadLetters = new Queue(scope, "dead-letters", {
    encryption: QueueEncryption.SQS_MANAGED,
    enforceSSL: true,
    retentionPeriod: Duration.days(14),
  });
  Validations.of(deadLetters).acknowledge({
    id: "AwsSolutions-SQS3",
    reason: "This is the dead-letter queue of the event source mapping, which the rule does not check.",
  });
  aggregate.addEventSource(
    // ITableV2 is an ITable: they differ only in `undefined` for optional properties, about which our compiler is strict.
    new DynamoEventSource(table as ITable, {
      startingPosition: StartingPosition.TRIM_HORIZON,
      filters: [
        FilterCriteria.filter({
          // Not REMOVE: the aggregation itself removes a host that is no longer pending.
          eventName: FilterRule.or("INSERT", "MODIFY"),
          dynamodb: { Keys: { pk: { S: FilterRule.beginsWith("WORK#") } } },
        }),
      ],
      // A batch drains every shard that it names, however few records it has, and hosts that are drained together share writes. So
      // the longer the wait, the cheaper. Lambda allows more than 10 records in a batch only with a wait.
      batchSize: windowSeconds === 0 ? 10 : 10_000,
      maxBatchingWindow: Duration.seconds(windowSeconds),
      reportBatchItemFailures: true,
      bisectBatchOnError: true,
      // Few: a shard waits for its failing records, and the sweep retries anyway. But no maximum age: an old record costs nothing,
      // because what it reported was drained with the records before it, and a backlog is no reason for dead letters.
      retryAttempts: 3,
      onFailure: new SqsDlq(deadLetters),
    }),
  );
  // No retries either: the next sweep is five minutes away. And no longer wait: after a burst that has used all invocations, hours of queued
  // sweeps would start at once, and disturb each other.
  aggregate.configureAsyncInvoke({ retryAttempts: 0, maxEventAge: SWEEP_EVERY });
  new Rule(scope, "sweep", {
    schedule: Schedule.rate(SWEEP_EVERY),
    targets: [new LambdaFunction(aggregate)],
  });
  return deadLetters;
}

/**
 * Adds the schedule of the audit: a part of every fleet every three hours, and so each fleet completely once a day. The function chooses
 * the part by the time.
 */
export function addAuditSchedule(scope: Construct, audit: IFunction): void {
  // A second try would find the same, and a late one would check the next part.
  audit.configureAsyncInvoke({ retryAttempts: 0, maxEventAge: Duration.hours(1) });
  new Rule(scope, "audit-schedule", {
    schedule: Schedule.rate(Duration.hours(AUDIT_EVERY_HOURS)),
    targets: [new LambdaFunction(audit)],
  });
}
