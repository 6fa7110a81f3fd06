import { backendsReport } from "./backends-report.ts";
import { comparisonReport } from "./comparison-report.ts";
import { hostReport } from "./host-report.ts";
import { hostsReport } from "./hosts-report.ts";
import { matrixReport } from "./matrix-report.ts";
import type { Report } from "./report.ts";
import { runReport } from "./run-report.ts";
import { runsReport } from "./runs-report.ts";
import type { Look, Summary } from "./summary.ts";
import { trendReport } from "./trend-report.ts";

/** What a person is told about a summary. */
export function reportOf(summary: Summary, look: Look): Report {
  switch (summary.kind) {
    case "compare":
      return comparisonReport(summary.answer, look);
    case "matrix":
      return matrixReport(summary.answer, look);
    case "trend":
      return trendReport(summary.answer, look);
    case "backends":
      return backendsReport(summary.answer, look);
    case "hosts":
      return hostsReport(summary.answer, look);
    case "host":
      return hostReport(summary.answer, look);
    case "runs":
      return runsReport(summary.answer, look);
    case "run":
      return runReport(summary.answer, look);
  }
}
