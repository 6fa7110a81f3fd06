// Custom metrics from the log: CloudWatch reads each JSON line and sums a field of the lines of one kind. So the functions need no code for
// metrics, and every count can be traced to log lines. A test runs the functions and checks every metric against the lines that they
// write.

import { Metric } from "aws-cdk-lib/aws-cloudwatch";
import { FilterPattern, type LogGroup } from "aws-cdk-lib/aws-logs";
import type { Stage } from "./stage.ts";

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
