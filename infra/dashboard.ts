// The dashboard: the state of the service at a glance, from the outside (requests) to the inside (table).

import { Duration } from "aws-cdk-lib";
import { Dashboard, GraphWidget, type IMetric, type IWidget, Stats } from "aws-cdk-lib/aws-cloudwatch";
import type { Construct } from "constructs";
import { logMetric, type Watched } from "./alarms.ts";

const graph = (title: string, left: IMetric[], right: IMetric[] = []): IWidget =>
  new GraphWidget({ title, left, right, width: 12, height: 6, period: Duration.minutes(5) });

/** Adds the dashboard. */
export function addDashboard(
  scope: Construct,
  { api, functions, aggregate, table, deadLetters, stage }: Watched,
): void {
  const sum = { statistic: Stats.SUM };
  const named = (metric: "metricErrors" | "metricThrottles" | "metricDuration", statistic: string): IMetric[] =>
    functions.map((each) => each[metric]({ statistic, label: each.node.id }));
  new Dashboard(scope, "dashboard", {
    dashboardName: `vbdstat-${stage.name}`,
    widgets: [
      [
        graph("Requests", [api.metricCount(sum)], [api.metricClientError(sum), api.metricServerError(sum)]),
        graph("Latency", [api.metricLatency({ statistic: "p50" }), api.metricLatency({ statistic: "p99" })]),
      ],
      [
        graph("Results", [
          logMetric(stage, "ResultsStored"),
          logMetric(stage, "ResultsDuplicate"),
          logMetric(stage, "ResultsRejected"),
        ]),
        graph(
          "Waiting to be counted",
          [logMetric(stage, "PendingHosts", "Maximum")],
          [
            logMetric(stage, "OldestPendingMilliseconds", "Maximum"),
            aggregate.metric("IteratorAge", { statistic: Stats.MAXIMUM }),
          ],
        ),
      ],
      [
        graph("Aggregation", [
          logMetric(stage, "HostsDone"),
          logMetric(stage, "CommitConflicts"),
          logMetric(stage, "CommitsThrottled"),
        ]),
        graph(
          "Problems",
          [logMetric(stage, "AuditDifferences"), deadLetters.metricApproximateNumberOfMessagesVisible()],
          [...named("metricErrors", Stats.SUM), ...named("metricThrottles", Stats.SUM)],
        ),
      ],
      [
        graph("Duration of functions", named("metricDuration", "p99")),
        graph("Table", [table.metricConsumedReadCapacityUnits(sum), table.metricConsumedWriteCapacityUnits(sum)]),
      ],
    ],
  });
}
