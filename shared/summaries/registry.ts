import { hostChart } from "../chart/host-chart.ts";
import type { ChartText } from "../chart/layout.ts";
import { matrixChart } from "../chart/matrix-chart.ts";
import { ratioChart } from "../chart/ratio-chart.ts";
import type { Scene } from "../chart/scene.ts";
import { trendChart } from "../chart/trend-chart.ts";
import type { RenderOptions, Report, Summary } from "../report/model.ts";
import { type Records, runRecords } from "../report/records.ts";
import { backendsRecords, backendsReport } from "./backends.ts";
import { comparisonRecords, comparisonReport } from "./compare.ts";
import { hostRecords, hostReport } from "./host.ts";
import { hostsRecords, hostsReport } from "./hosts.ts";
import { matrixRecords, matrixReport } from "./matrix.ts";
import { runReport } from "./run.ts";
import { runsReport } from "./runs.ts";
import { trendRecords, trendReport } from "./trend.ts";

/** What a person is told about a summary. */
export function reportOf(summary: Summary, look: RenderOptions): Report {
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

/**
 * The chart of a summary; null for kinds that have none. The same summary and look always give the same scene. One that
 * stands in the page of its report leaves out the words that are around it.
 */
export function chartOf(summary: Summary, look: RenderOptions, place: "alone" | "in its page" = "alone"): Scene | null {
  const report = reportOf(summary, look);
  const words: ChartText = place === "alone" ? report : { ...report, guide: null, inPage: true };
  switch (summary.kind) {
    case "compare":
      return ratioChart(summary.answer, words, look);
    case "matrix":
      return matrixChart(summary.answer, words, look);
    case "trend":
      return trendChart(summary.answer, words, look);
    case "host":
      return hostChart(summary.answer, words, look);
    case "backends":
    case "hosts":
    case "runs":
    case "run":
      return null;
  }
}

/** What a program is told about a summary, as one table. Runs have all their columns, whatever the look. */
export function recordsOfSummary(summary: Summary, look: RenderOptions): Records {
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
