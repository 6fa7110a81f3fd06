import { backendsReport } from "./backends.ts";
import { comparisonReport } from "./compare.ts";
import { hostReport } from "./host.ts";
import { hostsReport } from "./hosts.ts";
import { matrixReport } from "./matrix.ts";
import type { Report } from "../report/model.ts";
import { runReport } from "./run.ts";
import { runsReport } from "./runs.ts";
import type { Look, Summary } from "../report/summary.ts";
import { trendReport } from "./trend.ts";

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
