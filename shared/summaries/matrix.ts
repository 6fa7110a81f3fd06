import { COMPARISON_FLAGS, type MatrixEntry } from "../compare/matrix.ts";
import type { MatrixResult } from "../compare/trend.ts";
import { aboutFacts, aboutFields, marginFact, noticeRemarks, shownFact } from "../report/about.ts";
import { formatEstimate, formatHostCount, formatInterval } from "../report/format.ts";
import {
  type Cell,
  cell,
  column,
  type Remark,
  type RenderOptions,
  type Report,
  remark,
  section,
  warning,
} from "../report/model.ts";
import { buildRecords, type Field, type Records } from "../report/records.ts";
import { shownMetrics, verdictCell } from "../report/verdicts.ts";
import { formatCount, formatRatio } from "../run/format.ts";
import type { MetricName } from "../run/metrics.ts";

/** A matrix as a report: a section for each pair. */
export function matrixReport(matrix: MatrixResult, look: RenderOptions): Report {
  const { pairs, backends, margin } = matrix;
  return {
    title: look.title ?? "All pairs of backends",
    lead:
      pairs.length === 0
        ? "No two backends have results on the same host: nothing to compare yet."
        : `${formatCount(pairs.length, "pair")} of ${formatCount(backends.length, "backend")} that share hosts. Each pair is judged by itself, on its own hosts.`,
    guide: "Ratios need not multiply up from pair to pair, for different hosts stand behind them.",
    facts: aboutFacts(matrix, [...shownFact(look), marginFact(margin)]),
    notices: [...noticeRemarks(matrix), ...(pairs.length === 0 ? [] : [FLAGS_NOTICE])],
    sections: pairs.map(({ baseline, candidate, runs, metrics }) =>
      section(`${candidate} against ${baseline}, ${formatCount(runs, "run")}: above 1, ${candidate} is faster`, {
        table: {
          caption: `Ratios ${candidate} / ${baseline} over the fleet`,
          columns: COLUMNS,
          rows: shownMetrics(metrics, look).map(([name, entry]) => row(name, entry)),
        },
        remarks: flagRemarks(shownMetrics(metrics, look)),
      }),
    ),
    cursor: null,
  };
}

/** Stands behind a verdict that has flags. */
const FLAG_MARK = " *";

const FLAGS_NOTICE = remark(
  "flags",
  `a verdict with * has flags: look at the comparison of the pair before you rely on it. Only there can ${COMPARISON_FLAGS.join(", ")} be told.`,
);

/** The flags of a pair's verdicts, with the metrics that have them. */
function flagRemarks(metrics: readonly (readonly [MetricName, MatrixEntry])[]): Remark[] {
  const flags = new Set(metrics.flatMap(([, entry]) => entry.flags));
  return [...flags].map((flag) => {
    const flagged = metrics.filter(([, entry]) => entry.flags.includes(flag)).map(([name]) => name);
    return warning(`* ${flag}`, `${flagged.join(", ")}.`);
  });
}

const COLUMNS = [
  column("<", "metric"),
  column(">", "hosts"),
  column(">", "ratio"),
  column("<", "95 % interval", "ci"),
  column("<", "verdict"),
  column("<", "reason"),
];

function row(name: MetricName, entry: MatrixEntry): Cell[] {
  const { hosts, ratio, ci, reason, flags } = entry;
  return [
    cell(name),
    cell(formatHostCount(entry)),
    cell(hosts === 0 ? "-" : formatEstimate(ratio, formatRatio)),
    cell(formatInterval(ci, formatRatio)),
    verdictCell(entry, flags.length > 0 ? FLAG_MARK : ""),
    cell(reason),
  ];
}

interface Item {
  readonly matrix: MatrixResult;
  readonly pair: MatrixResult["pairs"][number];
  readonly metric: MetricName;
  readonly entry: MatrixEntry;
}

const FIELDS: readonly Field<Item>[] = [
  ["baseline", ({ pair }) => pair.baseline],
  ["candidate", ({ pair }) => pair.candidate],
  ["metric", ({ metric }) => metric],
  ["hosts", ({ entry }) => entry.hosts],
  ["n_eff", ({ entry }) => entry.n_eff],
  ["ratio_low", ({ entry }) => entry.ratio.low],
  ["ratio_high", ({ entry }) => entry.ratio.high],
  ["ci_low", ({ entry }) => entry.ci?.low],
  ["ci_high", ({ entry }) => entry.ci?.high],
  ["p_holm", ({ entry }) => entry.p_holm],
  ["verdict", ({ entry }) => entry.verdict],
  ["reason", ({ entry }) => entry.reason],
  ["flags", ({ entry }) => entry.flags.join(" ")],
  ["margin", ({ matrix }) => matrix.margin],
  ["runs", ({ pair }) => pair.runs],
  ...aboutFields<Item>(({ matrix }) => matrix),
];

/** A row for each metric of each pair. */
export function matrixRecords(matrix: MatrixResult, look: RenderOptions): Records {
  const items = matrix.pairs.flatMap((pair) =>
    shownMetrics(pair.metrics, look).map(([metric, entry]): Item => ({ matrix, pair, metric, entry })),
  );
  return buildRecords(FIELDS, items);
}
