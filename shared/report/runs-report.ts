import type { Measurement } from "../model/measurement.ts";
import { METRIC_NAMES } from "../model/metrics.ts";
import { countOf, exactText } from "../model/number-text.ts";
import type { Run } from "../model/run.ts";
import { instantText } from "./known-text.ts";
import { cell, column, named, type Report, section, warning } from "./report.ts";
import type { Look, RunPage } from "./summary.ts";

/** The metrics of a list of runs, one of each kind, when nobody asks for others. */
const USUAL = ["put_block", "get_block", "seeks"] as const;

/** A page of runs as a report. */
export function runsReport({ runs, unreadable = [], cursor }: RunPage, look: Look): Report {
  const shown = METRIC_NAMES.filter((name) =>
    (look.metrics.length > 0 ? look.metrics : USUAL).some((one) => one === name),
  );
  const rows = runs.map((run) => [
    cell(instantText(run.finished_at)),
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
    lead: runs.length === 0 ? "No run matches." : `${countOf(runs.length, "run")}, newest first.`,
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

function qualityText({ quality, withdrawn_at }: Run): string {
  return withdrawn_at === null ? quality.verdict : "withdrawn";
}

/** A rate as printed, its lower bound, `unknown`, or `-` for a test that was not run. */
export function measuredText(measurement: Measurement | null): string {
  if (measurement === null) return "-";
  const { rate, lower_bound: bound } = measurement;
  if (rate !== null) return exactText(rate);
  return bound === undefined ? "unknown" : `> ${exactText(bound)}`;
}
