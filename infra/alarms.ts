// Alarms: conditions that need attention, each with a section in docs/runbook.md that says what it means and what to do. They all publish to
// one topic, to which an operator subscribes. Below: the metrics that they and the dashboard use.

import { Duration } from "aws-cdk-lib";
import type { HttpApi } from "aws-cdk-lib/aws-apigatewayv2";
import {
  Alarm,
  ComparisonOperator,
  type IMetric,
  MathExpression,
  Metric,
  Stats,
  TreatMissingData,
} from "aws-cdk-lib/aws-cloudwatch";
import { SnsAction } from "aws-cdk-lib/aws-cloudwatch-actions";
import type { ITableV2 } from "aws-cdk-lib/aws-dynamodb";
import { ServicePrincipal } from "aws-cdk-lib/aws-iam";
import type { IFunction } from "aws-cdk-lib/aws-lambda";
import { FilterPattern, type LogGroup } from "aws-cdk-lib/aws-logs";
import { Topic } from "aws-cdk-lib/aws-sns";
import { EmailSubscription } from "aws-cdk-lib/aws-sns-subscriptions";
import type { Queue } from "aws-cdk-lib/aws-sqs";
import type { Construct } from "constructs";
import { TABLE } from "../shared/deployment.ts";
import type { Options, Stage } from "./stage.ts";

/** What is monitored. */
export interface Watched {
  readonly api: HttpApi;
  readonly functions: readonly IFunction[];
  readonly aggregate: IFunction;
  readonly audit: IFunction;
  readonly table: ITableV2;
  readonly deadLetters: Queue;
  readonly stage: Stage;
}

/** An alarm goes off when the metric is above `above` in its last `periods` periods. */
interface Condition {
  /** Also the section in the runbook. */
  readonly name: string;
  readonly description: string;
  readonly metric: IMetric;
  readonly above: number;
  readonly periods: number;
  /** Whether missing values are as bad as high ones. */
  readonly missingIsBad?: boolean;
}

const MINUTES_5 = Duration.minutes(5);

/** Adds all alarms; returns their topic. */
export function addAlarms(scope: Construct, watched: Watched, { alarmEmail }: Options): Topic {
  const topic = new Topic(scope, "alarms", { enforceSSL: true });
  // Only this account: alarms of every other account come from the same service.
  const conditions = { StringEquals: { "aws:SourceAccount": topic.stack.account } };
  topic.grantPublish(new ServicePrincipal("cloudwatch.amazonaws.com", { conditions }));
  if (alarmEmail !== null) topic.addSubscription(new EmailSubscription(alarmEmail));
  for (const { name, description, metric, above, periods, missingIsBad = false } of makeConditions(watched)) {
    new Alarm(scope, name, {
      alarmDescription: `${description} What to do: docs/runbook.md#${name}`,
      metric,
      threshold: above,
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      evaluationPeriods: periods,
      treatMissingData: missingIsBad ? TreatMissingData.BREACHING : TreatMissingData.NOT_BREACHING,
    }).addAlarmAction(new SnsAction(topic));
  }
  return topic;
}

function makeConditions({ api, functions, audit, table, deadLetters, stage }: Watched): Condition[] {
  const ofFunctions = (label: string, metrics: readonly IMetric[]) => sumMetrics(label, metrics);
  const failing = { statistic: Stats.SUM, period: MINUTES_5 };
  return [
    {
      name: "alarm-api-errors",
      description: "The API responded with 5xx.",
      metric: api.metricServerError(failing),
      above: 5,
      periods: 1,
    },
    {
      name: "alarm-function-errors",
      description: "Functions failed or timed out.",
      metric: ofFunctions(
        "errors",
        functions.filter((each) => each !== audit).map((each) => each.metricErrors(failing)),
      ),
      above: 0,
      periods: 2,
    },
    {
      // It runs so rarely that it never fails in two consecutive periods.
      name: "alarm-audit-errors",
      description: "An audit failed or timed out.",
      metric: audit.metricErrors(failing),
      above: 0,
      periods: 1,
    },
    {
      name: "alarm-function-throttles",
      description: "Functions were throttled because too many were running.",
      metric: ofFunctions(
        "throttles",
        functions.map((each) => each.metricThrottles(failing)),
      ),
      above: 0,
      periods: 3,
    },
    {
      name: "alarm-dead-letters",
      description: "Records of the table's stream failed four times and are in the dead-letter queue.",
      metric: deadLetters.metricApproximateNumberOfMessagesVisible({ statistic: Stats.MAXIMUM, period: MINUTES_5 }),
      above: 0,
      periods: 1,
    },
    {
      name: "alarm-oldest-pending",
      // Not earlier: several sweeps had time for them, so this is no burst that is merely being worked through.
      description: "Results have been waiting for more than 30 minutes to be counted, or the sweep no longer runs.",
      metric: logMetric(stage, "OldestPendingMilliseconds", "Maximum").with({ period: Duration.minutes(10) }),
      above: Duration.minutes(30).toMilliseconds(),
      periods: 1,
      missingIsBad: true,
    },
    {
      name: "alarm-commit-conflicts",
      description: "On average a host needs more than three tries before it is counted.",
      metric: new MathExpression({
        expression: "IF(conflicts > 100, conflicts / (done + 1), 0)",
        usingMetrics: { conflicts: logMetric(stage, "CommitConflicts"), done: logMetric(stage, "HostsDone") },
        period: Duration.minutes(15),
        label: "extra tries per host",
      }),
      above: 2,
      periods: 1,
    },
    {
      name: "alarm-audit-differences",
      description: "Statistics differ from the runs.",
      metric: logMetric(stage, "AuditDifferences").with({ period: Duration.hours(1) }),
      above: 0,
      periods: 1,
    },
    {
      name: "alarm-table-throttles",
      description: "The table throttled requests.",
      metric: sumMetrics("throttled", throttles(table)),
      above: 10,
      periods: 3,
    },
    {
      name: "alarm-rejected-share",
      description: "More than a quarter of the results in an hour were rejected.",
      metric: new MathExpression({
        expression: "IF(stored + duplicate + rejected > 20, 100 * rejected / (stored + duplicate + rejected), 0)",
        usingMetrics: {
          stored: logMetric(stage, "ResultsStored"),
          duplicate: logMetric(stage, "ResultsDuplicate"),
          rejected: logMetric(stage, "ResultsRejected"),
        },
        period: Duration.hours(1),
        label: "% rejected",
      }),
      above: 25,
      periods: 1,
    },
  ];
}

/** Throttled reads and writes of the table, and writes that its global index throttled. */
function throttles(table: ITableV2): IMetric[] {
  const options = { statistic: Stats.SUM, period: MINUTES_5 };
  const ofIndex = { TableName: table.tableName, GlobalSecondaryIndexName: TABLE.timeIndex.name };
  return [
    table.metric("ReadThrottleEvents", options),
    table.metric("WriteThrottleEvents", options),
    table.metric("WriteThrottleEvents", { ...options, dimensionsMap: ofIndex }),
  ];
}

/** The sum of metrics; some may have no value. */
function sumMetrics(label: string, metrics: readonly IMetric[]): IMetric {
  const usingMetrics = Object.fromEntries(metrics.map((metric, index) => [`m${index}`, metric]));
  return new MathExpression({ expression: "SUM(METRICS())", usingMetrics, period: MINUTES_5, label });
}

// Custom metrics from the log: CloudWatch reads each JSON line and sums a field of the lines of one kind. So the functions need no code for
// metrics, and every count can be traced to log lines. A test runs the functions and checks every metric against the lines that they
// write.

/** A number in the log lines of one kind. */
interface LogMetric {
  readonly of: "ingest" | "aggregate" | "audit";
  /** The `kind` of the lines. */
  readonly kind: string;
  /** The path of the number. */
  readonly field: string;
}

/** The stream and the sweep both process hosts, so a metric of that comes from two kinds of lines. */
const LOG_METRICS = {
  ResultsStored: [{ of: "ingest", kind: "request", field: "$.results.stored" }],
  ResultsDuplicate: [{ of: "ingest", kind: "request", field: "$.results.duplicate" }],
  ResultsRejected: [{ of: "ingest", kind: "request", field: "$.results.rejected" }],
  HostsDone: [
    { of: "aggregate", kind: "aggregate", field: "$.done" },
    { of: "aggregate", kind: "sweep", field: "$.done" },
  ],
  CommitConflicts: [
    { of: "aggregate", kind: "aggregate", field: "$.conflicts" },
    { of: "aggregate", kind: "sweep", field: "$.conflicts" },
  ],
  CommitsThrottled: [
    { of: "aggregate", kind: "aggregate", field: "$.throttled" },
    { of: "aggregate", kind: "sweep", field: "$.throttled" },
  ],
  PendingHosts: [{ of: "aggregate", kind: "pending", field: "$.open" }],
  OldestPendingMilliseconds: [{ of: "aggregate", kind: "pending", field: "$.oldestMilliseconds" }],
  AuditDifferences: [{ of: "audit", kind: "audit", field: "$.differences" }],
} as const satisfies Readonly<Record<string, readonly LogMetric[]>>;

export type LogMetricName = keyof typeof LOG_METRICS;

/** The CloudWatch namespace of a stage. */
const formatNamespace = (stage: Stage): string => `vbdstat/${stage.name}`;

/** Adds the filters that make the metrics from the functions' logs. */
export function addLogMetrics(logs: Readonly<Record<LogMetric["of"], LogGroup>>, stage: Stage): void {
  for (const [metricName, sources] of Object.entries<readonly LogMetric[]>(LOG_METRICS)) {
    for (const { of, kind, field } of sources) {
      logs[of].addMetricFilter(sources.length === 1 ? metricName : `${metricName}-${kind}`, {
        metricNamespace: formatNamespace(stage),
        metricName,
        filterPattern: FilterPattern.all(
          FilterPattern.stringValue("$.kind", "=", kind),
          // Requests without results do not have these fields.
          FilterPattern.numberValue(field, ">=", 0),
        ),
        metricValue: field,
      });
    }
  }
}

/** One of the metrics, for alarms and the dashboard. */
export const logMetric = (stage: Stage, metricName: LogMetricName, statistic: "Sum" | "Maximum" = "Sum"): Metric =>
  new Metric({ namespace: formatNamespace(stage), metricName, statistic });
