import { formatInstant } from "../report/format.ts";
import {
  cell,
  column,
  type Fact,
  type Remark,
  type RenderOptions,
  type Report,
  remark,
  section,
  type Table,
  warning,
} from "../report/model.ts";
import { formatNumber } from "../run/format.ts";
import { METRICS } from "../run/metrics.ts";
import type { Run } from "../run/run.ts";
import { measuredText } from "./runs.ts";

/** One run as a report: what was measured, whether the reads can be the disk's, what was said, and the line itself. */
export function runReport(run: Run, look: RenderOptions): Report {
  const { host, backend, finished_at, quality, warnings, withdrawn_at, raw } = run;
  return {
    title: look.title ?? `Run on ${host}, backend ${backend}`,
    lead: `Finished ${formatInstant(finished_at)}. Quality of the reads: ${quality.verdict}.`,
    guide: null,
    facts: runFacts(run),
    notices:
      withdrawn_at === null
        ? []
        : [warning("withdrawn", `since ${formatInstant(withdrawn_at)} it counts in no statistics.`)],
    sections: [
      section("Measured", { table: metricTable(run, look), remarks: warnings.map((text) => warning("warning", text)) }),
      section("Why these reads are believed or not", { remarks: reasons(run) }),
      section("What was said about it", { table: factTable(run) }),
      section("As Bonnie++ printed it", { verbatim: raw }),
    ],
    cursor: null,
  };
}

function runFacts({ id, host, vm, backend, stratum, received_at, client_run, bonnie }: Run): Fact[] {
  const version = bonnie.bonnie_version ?? bonnie.format_version;
  return [
    { label: "host", text: host },
    { label: "vm", text: vm },
    { label: "backend", text: backend },
    { label: "stratum", text: stratum },
    { label: "Bonnie++", text: version === null ? bonnie.format : `${bonnie.format}, ${version}` },
    { label: "received", text: formatInstant(received_at) },
    ...(client_run === null ? [] : [{ label: "run", text: client_run }]),
    { label: "id", text: id },
  ];
}

function metricTable({ metrics }: Run, look: RenderOptions): Table {
  const shown = METRICS.filter(({ name }) => look.metrics.length === 0 || look.metrics.includes(name));
  const rows = shown.map(({ name, label, unit }) => {
    const measured = metrics[name];
    return [
      cell(name),
      cell(label),
      cell(measuredText(measured)),
      cell(unit),
      cell(measured === null || measured.cpu === null ? "-" : `${measured.cpu} %`),
      cell(measured === null || measured.latency_us === null ? "-" : `${formatNumber(measured.latency_us)} µs`),
    ];
  });
  const columns = [
    column("<", "metric"),
    column("<", "test"),
    column(">", "rate"),
    column("<", "unit"),
    column(">", "CPU", "cpu"),
    column(">", "latency", "latency_us"),
  ];
  return { caption: "What the run measured", columns, rows };
}

function reasons({ quality }: Run): Remark[] {
  if (quality.reasons.length === 0) return [remark("no rule", "none of the cache rules fired.")];
  return quality.reasons.map(({ rule, strength, text }) => {
    const decides = quality.decided_by.includes(rule);
    return { label: rule, text: `${text} (${strength})`, isWarning: decides };
  });
}

function factTable({ facts }: Run): Table {
  const rows = Object.entries(facts).map(([key, value]) => [cell(key), cell(String(value))]);
  return { caption: "Facts sent with the run", columns: [column("<", "fact"), column("<", "value")], rows };
}
