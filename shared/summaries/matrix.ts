// Every pair of backends over the whole fleet: a verdict for each metric. In: the cells of scope `ALL` alone, one range for each
// pair and backend, at most 66 and 12 of them for each period and matching cohort. Out: the pairs that share hosts, with
// report and chart.

import * as z from "zod";
import { SCOPE_ALL } from "../cells/cell.ts";
import { matrixChart } from "../chart/matrix-chart.ts";
import { COMPARISON_FLAGS, matrix as judgePairs, type MatrixEntry, type MatrixPair } from "../compare/matrix.ts";
import type { Merged } from "../compare/merged-cells.ts";
import type { MatrixResult } from "../compare/trend.ts";
import { aboutFacts, aboutFields, marginFact, noticeTexts, shownFact } from "../report/about.ts";
import { formatEstimate, formatHostCount, formatInterval } from "../report/format.ts";
import {
  type Cell,
  cell,
  column,
  type LabeledText,
  labeled,
  type RenderOptions,
  type Report,
  section,
  warning,
} from "../report/model.ts";
import { buildRecords, type Field, type Records } from "../report/records.ts";
import { shownMetrics, verdictCell } from "../report/verdicts.ts";
import { type Backend, isBackend } from "../run/backends.ts";
import { formatCount, formatRatio } from "../run/format.ts";
import type { MetricName } from "../run/metrics.ts";
import { type CellSource, freshness, type SummaryKind } from "./kind.ts";
import { cohortFilters, filtersIn, margin, metrics, period, view } from "./parameters.ts";
import { lazily, schemas } from "./schemas.ts";

const query = z.strictObject({ period, view, margin, metric: metrics, ...cohortFilters });

const result = lazily(() => {
  const { about, backendSlug, ci, count, estimate, flag, metricName, reason, verdict } = schemas();
  const entry = z
    .strictObject({
      hosts: count,
      n_eff: count,
      ratio: estimate,
      ci: ci.nullable().meta({ description: "Null below 6 hosts." }),
      p_holm: z
        .number()
        .min(0)
        .max(1)
        .nullable()
        .meta({ description: "After Holm's correction over the metrics of the pair." }),
      verdict,
      reason,
      flags: z.array(flag).meta({
        description:
          "The flags of the comparison of the pair, without strata_disagree, simpson and paired_and_between_disagree, which need its strata.",
      }),
    })
    .meta({ id: "MatrixEntry" });

  return z
    .strictObject({
      ...about,
      margin: z.number(),
      backends: z.array(backendSlug).meta({ description: "Backends that share a host with another one." }),
      pairs: z.array(
        z.strictObject({
          baseline: backendSlug.meta({ description: "The one that is first in the alphabet." }),
          candidate: backendSlug,
          runs: count,
          metrics: z.partialRecord(metricName, entry),
        }),
      ),
    })
    .meta({
      id: "Matrix",
      description:
        "Every pair of backends that share hosts, each judged on its own. Ratios are candidate / baseline; ratios of different pairs need not multiply, because each pair was measured on different hosts.",
    }) satisfies z.ZodType<MatrixResult>;
});

export const matrix: SummaryKind<typeof query, MatrixResult, CellSource> = {
  endpoint: {
    id: "getMatrix",
    summary: "A verdict for every pair of backends and metric.",
    result: "All pairs of backends that share hosts.",
    errors: ["too_large"],
  },
  query,
  result,
  title: () => TITLE,
  compute,
  report,
  records,
  chart: matrixChart,
};

const TITLE = "All pairs of backends";

async function compute(source: CellSource, parameters: z.output<typeof query>): Promise<MatrixResult> {
  const { period: periods, view: asked, margin: smallest, metric: selected = [] } = parameters;
  const filters = filtersIn(parameters);
  const cells = await source.cells({ periods, filters, scope: SCOPE_ALL, metrics: selected });
  const [ofPairs, ofBackends, pending] = await Promise.all([
    cells.readAll("pair"),
    cells.readAll("backend"),
    source.pendingHosts(),
  ]);
  const pairs = [...ofPairs].flatMap(([name, { views }]): MatrixPair[] => {
    const found = views[asked].get(SCOPE_ALL);
    const [baseline = "", candidate = ""] = name.split(":");
    return found !== undefined && isBackend(baseline) && isBackend(candidate)
      ? [{ baseline, candidate, cell: found }]
      : [];
  });
  const values = [...ofBackends].flatMap(([name, { views }]): [Backend, Merged][] => {
    const found = views[asked].get(SCOPE_ALL);
    return found !== undefined && isBackend(name) ? [[name, found]] : [];
  });
  return {
    ...judgePairs({ periods, view: asked, filters, margin: smallest, metrics: selected }, pairs, new Map(values)),
    ...freshness([...ofPairs.values(), ...ofBackends.values()], pending),
  };
}

/** A section for each pair. */
function report(result: MatrixResult, options: RenderOptions): Report {
  const { pairs, backends, margin: smallest } = result;
  return {
    title: options.title ?? TITLE,
    lead:
      pairs.length === 0
        ? "No two backends have results on the same host: nothing to compare yet."
        : `${formatCount(pairs.length, "pair")} of ${formatCount(backends.length, "backend")} that share hosts. Each pair is judged on its own hosts.`,
    guide: "Ratios of different pairs need not multiply: each pair was measured on different hosts.",
    facts: aboutFacts(result, [...shownFact(options), marginFact(smallest)]),
    notices: [...noticeTexts(result), ...(pairs.length === 0 ? [] : [FLAGS_NOTICE])],
    sections: pairs.map(({ baseline, candidate, runs, metrics: entries }) =>
      section(`${candidate} vs ${baseline}, ${formatCount(runs, "run")}: above 1, ${candidate} is faster`, {
        table: {
          caption: `Ratios ${candidate} / ${baseline} over the fleet`,
          columns: COLUMNS,
          rows: shownMetrics(entries, options).map(([name, entry]) => row(name, entry)),
        },
        texts: describeFlags(shownMetrics(entries, options)),
      }),
    ),
    cursor: null,
  };
}

/** Follows a verdict that has flags. */
const FLAG_MARK = " *";

const FLAGS_NOTICE = labeled(
  "flags",
  `a verdict with * has flags: see the comparison of the pair before you rely on it. Only the comparison detects ${COMPARISON_FLAGS.join(", ")}.`,
);

/** The flags of a pair's verdicts, with the metrics that have them. */
function describeFlags(entries: readonly (readonly [MetricName, MatrixEntry])[]): LabeledText[] {
  const flags = new Set(entries.flatMap(([, entry]) => entry.flags));
  return [...flags].map((flag) => {
    const flagged = entries.filter(([, entry]) => entry.flags.includes(flag)).map(([name]) => name);
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
  readonly result: MatrixResult;
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
  ["margin", ({ result }) => result.margin],
  ["runs", ({ pair }) => pair.runs],
  ...aboutFields<Item>(({ result }) => result),
];

/** A row for each metric of each pair. */
function records(result: MatrixResult, options: RenderOptions): Records {
  const items = result.pairs.flatMap((pair) =>
    shownMetrics(pair.metrics, options).map(([metric, entry]): Item => ({ result, pair, metric, entry })),
  );
  return buildRecords(FIELDS, items);
}
