import { backendsRecords } from "../summaries/backends.ts";
import { comparisonRecords } from "./comparison-records.ts";
import { hostRecords } from "./host-records.ts";
import { hostsRecords } from "../summaries/hosts.ts";
import { matrixRecords } from "../summaries/matrix.ts";
import type { Records } from "./records.ts";
import { runRecords } from "./run-records.ts";
import type { Look, Summary } from "./summary.ts";
import { trendRecords } from "../summaries/trend.ts";

/** What a program is told about a summary, as one table. Runs have all their columns, whatever the look. */
export function recordsOfSummary(summary: Summary, look: Look): Records {
  switch (summary.kind) {
    case "compare":
      return comparisonRecords(summary.answer, look);
    case "matrix":
      return matrixRecords(summary.answer, look);
    case "trend":
      return trendRecords(summary.answer);
    case "backends":
      return backendsRecords(summary.answer, look);
    case "hosts":
      return hostsRecords(summary.answer);
    case "host":
      return hostRecords(summary.answer, look);
    case "runs":
      return runRecords(summary.answer.runs);
    case "run":
      return runRecords([summary.answer]);
  }
}
