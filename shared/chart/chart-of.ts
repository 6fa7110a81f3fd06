import { reportOf } from "../summaries/registry.ts";
import type { Look, Summary } from "../report/summary.ts";
import type { Words } from "./heading.ts";
import { hostChart } from "./host-chart.ts";
import { matrixChart } from "./matrix-chart.ts";
import { ratioChart } from "./ratio-chart.ts";
import type { Scene } from "./scene.ts";
import { trendChart } from "./trend-chart.ts";

/**
 * The chart of a summary; null for kinds that have none. The same summary and look always give the same scene. One that
 * stands in the page of its report leaves out the words that are around it.
 */
export function chartOf(summary: Summary, look: Look, place: "alone" | "in its page" = "alone"): Scene | null {
  const report = reportOf(summary, look);
  const words: Words = place === "alone" ? report : { ...report, guide: null, inPage: true };
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
