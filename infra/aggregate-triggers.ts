// What wakes the aggregation: the table's stream, narrowed to written work marks, and a schedule that sweeps what the
// stream has not got done. Nothing depends on any single one of them arriving.

import { Duration, Validations } from "aws-cdk-lib";
import type { ITable, TableV2 } from "aws-cdk-lib/aws-dynamodb";
import { Rule, Schedule } from "aws-cdk-lib/aws-events";
import { LambdaFunction } from "aws-cdk-lib/aws-events-targets";
import { FilterCriteria, FilterRule, type IFunction, StartingPosition } from "aws-cdk-lib/aws-lambda";
import { DynamoEventSource, SqsDlq } from "aws-cdk-lib/aws-lambda-event-sources";
import { Queue, QueueEncryption } from "aws-cdk-lib/aws-sqs";
import type { Construct } from "constructs";

const SWEEP_EVERY = Duration.minutes(5);

/** Gives the queue of records that could not be worked off. */
export function addAggregateTriggers(scope: Construct, aggregate: IFunction, table: TableV2): Queue {
  const deadLetters = new Queue(scope, "dead-letters", {
    encryption: QueueEncryption.SQS_MANAGED,
    enforceSSL: true,
    retentionPeriod: Duration.days(14),
  });
  Validations.of(deadLetters).acknowledge({
    id: "AwsSolutions-SQS3",
    reason: "This is the dead-letter queue: of the event source mapping, which the rule does not look at.",
  });
  aggregate.addEventSource(
    // TableV2 is an ITable: they differ in `undefined` for optional properties only, which our compiler is strict about.
    new DynamoEventSource(table as ITable, {
      startingPosition: StartingPosition.TRIM_HORIZON,
      filters: [
        FilterCriteria.filter({
          // Not REMOVE: that is the aggregation itself, done with a mark.
          eventName: FilterRule.or("INSERT", "MODIFY"),
          dynamodb: { Keys: { pk: { S: FilterRule.beginsWith("WORK#") } } },
        }),
      ],
      // Hosts that are committed together share cells: a short wait makes fewer transactions of a burst of uploads.
      batchSize: 50,
      maxBatchingWindow: Duration.seconds(2),
      reportBatchItemFailures: true,
      bisectBatchOnError: true,
      // Few: a shard waits for its failing records, and the sweep comes by anyway.
      retryAttempts: 3,
      maxRecordAge: Duration.hours(1),
      onFailure: new SqsDlq(deadLetters),
    }),
  );
  // No retries either: the next sweep is five minutes away. And none waits longer for its turn: when a burst has taken all
  // invocations, hours of sweeps would otherwise begin at once, and be in each other's way.
  aggregate.configureAsyncInvoke({ retryAttempts: 0, maxEventAge: SWEEP_EVERY });
  new Rule(scope, "sweep", {
    schedule: Schedule.rate(SWEEP_EVERY),
    targets: [new LambdaFunction(aggregate)],
  });
  return deadLetters;
}
