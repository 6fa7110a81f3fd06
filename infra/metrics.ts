// Metrics of our own, taken from the log: CloudWatch reads each line of JSON and adds up a field of those of one kind. So
// nothing in the functions knows of metrics, and whatever is counted can be read line by line. A test runs the functions
// and holds every metric here against the lines they write.

import { Metric } from "aws-cdk-lib/aws-cloudwatch";
import { FilterPattern, type LogGroup } from "aws-cdk-lib/aws-logs";
import type { Stage } from "./stage.ts";

/** A number in the log lines of one kind. */
interface LogMetric {
  readonly of: "ingest" | "aggregate" | "audit";
  /** The `kind` of the lines. */
  readonly kind: string;
  /** Where the number is. */
  readonly field: string;
}

/** Hosts are brought up to date by the stream and by the sweep, so what they say of it is the same metric from two kinds. */
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

/** Where the metrics of a stage are. */
const namespaceOf = (stage: Stage): string => `vbdstat/${stage.name}`;

/** Has CloudWatch make the metrics from the functions' logs. */
export function addLogMetrics(logs: Readonly<Record<LogMetric["of"], LogGroup>>, stage: Stage): void {
  for (const [metricName, sources] of Object.entries<readonly LogMetric[]>(LOG_METRICS)) {
    for (const { of, kind, field } of sources) {
      logs[of].addMetricFilter(sources.length === 1 ? metricName : `${metricName}-${kind}`, {
        metricNamespace: namespaceOf(stage),
        metricName,
        filterPattern: FilterPattern.all(
          FilterPattern.stringValue("$.kind", "=", kind),
          // Lines of requests without results have none of their numbers.
          FilterPattern.numberValue(field, ">=", 0),
        ),
        metricValue: field,
      });
    }
  }
}

/** One of the metrics, for alarms and the dashboard. */
export const logMetric = (stage: Stage, metricName: LogMetricName, statistic: "Sum" | "Maximum" = "Sum"): Metric =>
  new Metric({ namespace: namespaceOf(stage), metricName, statistic });
