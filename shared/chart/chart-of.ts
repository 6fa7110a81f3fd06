import { reportOf } from "../report/report-of.ts";
import type { Look, Summary } from "../report/summary.ts";
import { ratioChart } from "./ratio-chart.ts";
import type { Scene } from "./scene.ts";

/** The chart of a summary; null for kinds that have none. The same summary and look always give the same scene. */
export function chartOf(summary: Summary, look: Look): Scene | null {
  switch (summary.kind) {
    case "compare":
      return ratioChart(summary.answer, reportOf(summary, look), look);
    case "matrix":
    case "trend":
    case "host":
    case "backends":
    case "hosts":
    case "runs":
    case "run":
      return null;
  }
}
