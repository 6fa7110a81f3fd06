import { formatInstant } from "../report/format.ts";
import {
  cell,
  column,
  named,
  type RenderOptions,
  type Report,
  type RunPage,
  section,
  warning,
} from "../report/model.ts";
import { formatCount, formatNumber } from "../run/format.ts";
import { METRIC_NAMES } from "../run/metrics.ts";
import type { Measurement, Run } from "../run/run.ts";

/** The metrics of a list of runs, one of each kind, when nobody asks for others. */
const USUAL = ["put_block", "get_block", "seeks"] as const;

/** A page of runs as a report. */
export function runsReport({ runs, unreadable = [], cursor, looked_at }: RunPage, look: RenderOptions): Report {
  const shown = METRIC_NAMES.filter((name) =>
    (look.metrics.length > 0 ? look.metrics : USUAL).some((one) => one === name),
  );
  const rows = runs.map((run) => [
    cell(formatInstant(run.finished_at)),
    named(run.host, "host", run.host),
    cell(run.backend),
    cell(qualityText(run)),
    ...shown.map((name) => cell(measuredText(run.metrics[name]))),
    named(run.id, "run", run.id),
  ]);
  const columns = [
    column("<", "finished"),
    column("<", "host"),
    column("<", "backend"),
    column("<", "reads", "quality"),
    ...shown.map((name) => column(">", name)),
    column("<", "id"),
  ];
  return {
    title: look.title ?? "Runs",
    lead: leadOf(runs.length, looked_at),
    guide: "Rates are in K/s for data, seeks/s and files/s.",
    facts: [],
    notices: unreadable.map(({ id, host }) =>
      warning(
        "unreadable",
        `run ${id}${host === null ? "" : ` of ${host}`} is stored, but cannot be read; it is not listed.`,
      ),
    ),
    sections: [section("Runs", { table: { caption: "Runs, newest first", columns, rows } })],
    cursor,
  };
}

/** How many runs a page has, and where it was left before it was full, that the search is not over. */
function leadOf(count: number, lookedAt: number | undefined): string {
  if (lookedAt !== undefined) {
    const found =
      count === 0 ? "none of them matches" : `${formatCount(count, "run")} of them match${count === 1 ? "es" : ""}`;
    return `Looked at ${formatCount(lookedAt, "result")}: ${found}. Older ones may; the next page goes on from here.`;
  }
  return count === 0 ? "No run matches." : `${formatCount(count, "run")}, newest first.`;
}

function qualityText({ quality, withdrawn_at }: Run): string {
  return withdrawn_at === null ? quality.verdict : "withdrawn";
}

/** A rate as printed, its lower bound, `unknown`, or `-` for a test that was not run. */
export function measuredText(measurement: Measurement | null): string {
  if (measurement === null) return "-";
  const { rate, lower_bound: bound } = measurement;
  if (rate !== null) return formatNumber(rate);
  return bound === undefined ? "unknown" : `> ${formatNumber(bound)}`;
}
