// Two backends over the fleet: within hosts, by medians, with a verdict for each metric. In: the cells of the pair and of both
// backends. Out: the comparison (compare/comparison.ts explains every field) with its report, chart and badge. It reads a
// fixed number of cells, never runs.

import * as z from "zod";
import { pairName } from "../cells/contribution.ts";
import { badge } from "../chart/badge.ts";
import { ratioChart } from "../chart/ratio-chart.ts";
import { compare as compareCells } from "../compare/compare.ts";
import type { Comparison, EfficiencyComparison, MetricComparison, ScopeComparison } from "../compare/comparison.ts";
import { AppError } from "../errors.ts";
import { aboutFacts, aboutFields, marginFact, noticeTexts, shownFact } from "../report/about.ts";
import {
  agreementSection,
  comparisonLead,
  efficiencySection,
  indicationSection,
  scoresSection,
} from "../report/details.ts";
import { formatEstimate, formatHostCount, formatInterval } from "../report/format.ts";
import {
  type Cell,
  cell,
  column,
  type LabeledText,
  labeled,
  type RenderOptions,
  type Report,
  type Section,
  section,
  type Table,
  warning,
} from "../report/model.ts";
import { buildRecords, type Field, type Records } from "../report/records.ts";
import { describeComparison } from "../report/sentences.ts";
import { describeStratum } from "../report/stratum.ts";
import { shownMetrics, verdictCell } from "../report/verdicts.ts";
import type { Backend } from "../run/backends.ts";
import { formatCount, formatNumber, formatRatio } from "../run/format.ts";
import { METRIC_NAMES, type MetricName } from "../run/metrics.ts";
import { type CellSource, freshness, type SummaryKind } from "./kind.ts";
import { backend, cohortFilters, filtersIn, margin, metrics, period, resolvedBackend, view } from "./parameters.ts";
import { lazily, schemas } from "./schemas.ts";

const query = z.strictObject({
  baseline: backend("What to compare with: a slug or an alias.", "loop"),
  candidate: backend("What is compared: a slug or an alias.", "blktap2"),
  period,
  view,
  margin,
  metric: metrics,
  ...cohortFilters,
});

type Query = z.output<typeof query>;

const result = lazily(() => {
  const {
    about,
    backendSlug,
    backendValue,
    bound,
    cachedReads,
    ci,
    count,
    estimate,
    flag,
    flagDetails,
    metricName,
    reason,
    share,
    stratum,
    verdict,
  } = schemas();
  const metricComparison = z
    .strictObject({
      hosts: count.meta({ description: "Hosts with results on both backends." }),
      n_eff: count.meta({ description: "Hosts that are certainly distinct, if there are several periods." }),
      exact: count.meta({ description: "Hosts whose ratio is known exactly." }),
      both_too_fast: count,
      faster_hosts: count,
      slower_hosts: count,
      ratio: estimate.meta({ description: "The median over hosts of candidate / baseline." }),
      ci: ci.nullable().meta({ description: "Null below 6 hosts." }),
      p: share.nullable().meta({ description: "Two-sided sign test; null below 6 hosts." }),
      p_holm: share.nullable().meta({ description: "After Holm's correction over the metrics." }),
      host_range: z
        .strictObject({ low: bound, high: bound, kind: z.enum(["central_90", "min_max"]) })
        .meta({ description: "The ratio on single hosts." }),
      share: z
        .strictObject({ faster: share, slower: share, same: share, undetermined: share })
        .meta({ description: "Shares of hosts; `same` is within 3 %." }),
      geometric_mean_ratio: z.number().nullable().meta({ description: "Null if any ratio is not exact." }),
      sd_log: z.number().min(0).nullable(),
      noise_share: share.nullable().meta({ description: "The part of that variance that is noise between runs." }),
      verdict,
      reason,
      flags: z.array(flag),
      flag_details: flagDetails,
      sentence: z.string().meta({ description: "The finding in plain words." }),
      between_hosts: z
        .strictObject({
          strata_used: z.array(stratum),
          crude_ratio: estimate,
          ratio: estimate,
          ci: ci.nullable(),
          indication: z.enum(["faster", "slower", "none"]),
        })
        .meta({ description: "Hosts with one backend only: an indication, never a verdict." }),
    })
    .meta({ id: "MetricComparison" }) satisfies z.ZodType<MetricComparison>;

  const efficiency = z
    .strictObject({
      hosts: count.meta({ description: "Hosts whose rate and %CP are known on both backends." }),
      n_eff: count,
      exact: count,
      ratio: estimate,
      ci: ci.nullable().meta({ description: "Null below 6 hosts." }),
      flags: z.array(flag),
      flag_details: flagDetails,
    })
    .meta({
      id: "Efficiency",
      description: "The rate for each per cent of CPU where Bonnie++ ran; without test and verdict.",
    }) satisfies z.ZodType<EfficiencyComparison>;

  const score = z
    .strictObject({ metrics: z.array(metricName), ratio: estimate, ci: ci.nullable() })
    .meta({ id: "Score", description: "The mean over some metrics with equal weights; it has no verdict." });

  const scope = z
    .strictObject({
      metrics: z.partialRecord(metricName, metricComparison),
      scores: z.record(z.enum(["write", "read", "seek", "metadata", "overall"]), score),
      efficiency: z.partialRecord(metricName, efficiency),
      flags: z.array(flag),
      flag_details: flagDetails,
    })
    .meta({ id: "ScopeComparison" }) satisfies z.ZodType<ScopeComparison>;

  return z
    .strictObject({
      baseline: backendSlug,
      candidate: backendSlug,
      ...about,
      margin: z.number(),
      runs: count,
      fleet: scope.meta({ description: "Every host has one vote." }),
      strata: z.record(stratum, scope),
      backends: z
        .partialRecord(backendSlug, z.record(stratum, z.partialRecord(metricName, backendValue)))
        .meta({ description: "Values of each backend by stratum and metric." }),
      cached: z
        .partialRecord(backendSlug, cachedReads)
        .meta({ description: "Hosts whose reads probably came from a cache." }),
      as_reported: z
        .partialRecord(metricName, z.strictObject({ ratio: estimate, hosts: count }))
        .meta({ description: "Ratios with cached reads included, only if they differ." }),
    })
    .meta({
      id: "Comparison",
      description: "Ratios are candidate / baseline: above 1 the candidate is faster. Numbers are not rounded.",
    }) satisfies z.ZodType<Comparison>;
});

export const compare: SummaryKind<typeof query, Comparison, CellSource> = {
  endpoint: {
    id: "compare",
    summary: "Compare two backends over the fleet.",
    description: "Within hosts, by medians, with 95 % intervals, a corrected sign test and a verdict for each metric.",
    result: "The comparison.",
    errors: ["too_large"],
  },
  query,
  result,
  title: ({ baseline, candidate }) =>
    formatTitle(resolvedBackend("baseline", baseline), resolvedBackend("candidate", candidate)),
  compute,
  report,
  records,
  chart: ratioChart,
  badge: (comparison, metric) => badge(comparison, badgeMetric(comparison, metric)),
};

const formatTitle = (baseline: Backend, candidate: Backend): string => `${candidate} vs ${baseline}`;

async function compute(source: CellSource, parameters: Query): Promise<Comparison> {
  const baseline = resolvedBackend("baseline", parameters.baseline);
  const candidate = resolvedBackend("candidate", parameters.candidate);
  if (baseline === candidate) {
    throw new AppError("bad_parameter", `baseline and candidate are both ${baseline}; expected two backends`);
  }
  const { period: periods, view: asked, margin: smallest, metric: selected = [] } = parameters;
  const filters = filtersIn(parameters);
  const cells = await source.cells({ periods, filters, metrics: selected });
  const [pair, ofBaseline, ofCandidate, pending] = await Promise.all([
    cells.read("pair", pairName(baseline, candidate)),
    cells.read("backend", baseline),
    cells.read("backend", candidate),
    source.pendingHosts(),
  ]);
  const { as_of: asOf, pending_hosts: pendingHosts, notices } = freshness([pair, ofBaseline, ofCandidate], pending);
  const findings = compareCells({
    query: { baseline, candidate, periods, view: asked, filters, margin: smallest, metrics: selected },
    asOf,
    pendingHosts,
    notices,
    pair: pair.views[asked],
    baselineValues: ofBaseline.views[asked],
    candidateValues: ofCandidate.views[asked],
    pairAsReported: asked === "trusted" ? pair.views.all : null,
  });
  return describeComparison(findings);
}

/** The metric of a badge: block writes, which Bonnie++ always measures, unless the comparison is of others. */
function badgeMetric({ fleet }: Comparison, asked: MetricName | undefined): MetricName {
  const shared = METRIC_NAMES.filter((name) => fleet.metrics[name] !== undefined);
  const wanted = asked ?? (shared.includes("put_block") ? "put_block" : shared[0]);
  if (wanted !== undefined && shared.includes(wanted)) return wanted;
  throw new AppError(
    "bad_parameter",
    `metric: expected one of the shared metrics, ${shared.join(" or ")}, found ${wanted}`,
  );
}

/** Headings of the sections that a page replaces with its own table. */
export const FLEET_SECTION = "Fleet: every host has one vote";
export const WORDS_SECTION = "In words";

/**
 * The fleet first, every finding in words, how differently hosts react, what is only a convention or an indication apart from
 * the verdicts, then each stratum.
 */
function report(comparison: Comparison, options: RenderOptions): Report {
  const { baseline, candidate, strata, margin, runs } = comparison;
  return {
    title: options.title ?? formatTitle(baseline, candidate),
    lead: comparisonLead(comparison, options),
    guide: `Ratios are ${candidate} / ${baseline} on the same host, the median over hosts: above 1, ${candidate} is faster.`,
    facts: aboutFacts(comparison, [
      ...shownFact(options),
      marginFact(margin),
      { label: "runs", text: formatNumber(runs) },
    ]),
    notices: noticeTexts(comparison),
    sections: [
      fleetSection(comparison, options),
      section(WORDS_SECTION, { texts: sentences(comparison, options) }),
      ...agreementSection(comparison, options),
      ...scoresSection(comparison, options),
      ...efficiencySection(comparison, options),
      ...indicationSection(comparison, options),
      ...Object.entries(strata).map(([stratum, scope]) => stratumSection(comparison, stratum, scope, options)),
    ],
    cursor: null,
  };
}

/** The table of the fleet; without rows if no host has both backends. */
function fleetSection(comparison: Comparison, options: RenderOptions): Section {
  const { baseline, candidate, fleet } = comparison;
  const whole = table(fleet, options, `Ratios ${candidate} / ${baseline} over the fleet`);
  return section(FLEET_SECTION, {
    table: isEmpty(fleet) ? { ...whole, rows: [] } : whole,
    texts: [
      ...describeRepeated(fleet),
      ...describeFlags(fleet),
      ...describeCached(comparison),
      ...describeReported(comparison, options),
    ],
  });
}

const isEmpty = ({ metrics }: ScopeComparison): boolean => Object.values(metrics).every(({ hosts }) => hosts === 0);

/** A stratum in which all hosts were measured has the fleet's numbers, which need not be read twice. */
function stratumSection(
  { baseline, candidate, fleet }: Comparison,
  stratum: string,
  scope: ScopeComparison,
  options: RenderOptions,
): Section {
  const heading = `Stratum ${stratum}`;
  const own = table(scope, options, `Ratios ${candidate} / ${baseline} in stratum ${stratum}`);
  if (JSON.stringify(own.rows) === JSON.stringify(rows(fleet, options))) {
    return section(heading, {
      texts: [labeled("same as the fleet", "see above."), describeStratum(stratum)],
    });
  }
  return section(heading, { table: own, texts: [describeStratum(stratum), ...flagNames(scope)] });
}

const COLUMNS = [
  column("<", "metric"),
  column(">", "hosts"),
  column(">", "ratio"),
  column("<", "95 % interval", "ci"),
  column(">", "up/down"),
  column("<", "verdict"),
  column("<", "reason"),
];

function table(scope: ScopeComparison, options: RenderOptions, caption: string): Table {
  return { caption, columns: COLUMNS, rows: rows(scope, options) };
}

function rows({ metrics }: ScopeComparison, options: RenderOptions): Cell[][] {
  return shownMetrics(metrics, options).map(([name, metric]) => row(name, metric));
}

function row(name: MetricName, metric: MetricComparison): Cell[] {
  const { hosts, ratio, ci, faster_hosts: up, slower_hosts: down, reason } = metric;
  return [
    cell(name),
    cell(formatHostCount(metric)),
    cell(hosts === 0 ? "-" : formatEstimate(ratio, formatRatio)),
    cell(formatInterval(ci, formatRatio)),
    cell(`${formatNumber(up)}/${formatNumber(down)}`),
    verdictCell(metric),
    cell(reason),
  ];
}

/** With several periods: what the columns count. */
function describeRepeated({ metrics }: ScopeComparison): LabeledText[] {
  if (Object.values(metrics).every(({ hosts, n_eff }) => n_eff === hosts)) return [];
  const text = "at least this many distinct hosts; in up/down a host counts once in each period.";
  return [labeled("hosts", text)];
}

function describeFlags({ flags, flag_details, metrics }: ScopeComparison): LabeledText[] {
  return flags.map((flag) => {
    const detail = flag_details[flag];
    const flagged = detail?.metrics ?? [];
    const texts = new Set(flagged.map((name) => metrics[name]?.flag_details[flag]?.text ?? ""));
    const [first = "", ...others] = flagged;
    const [text = detail?.text ?? ""] = texts;
    if (texts.size === 0) return warning(flag, text);
    return warning(
      flag,
      texts.size === 1 ? `${text} (${flagged.join(", ")})` : `${first}: ${text} Also ${others.join(", ")}.`,
    );
  });
}

/** In a stratum the names are enough: their meaning is under the fleet. */
function flagNames({ flags }: ScopeComparison): LabeledText[] {
  return flags.length === 0 ? [] : [warning("flags", flags.join(", "))];
}

function describeCached({ cached, periods }: Comparison): LabeledText[] {
  return Object.entries(cached).flatMap(([backend, reads]) => {
    if (reads === undefined || reads.hosts === 0) return [];
    const by = reads.rules.length === 0 ? "" : `, by ${reads.rules.join(", ")}`;
    const repeated = periods.length > 1 ? ", counted once in each period," : "";
    return [
      labeled(backend, `reads of ${formatCount(reads.hosts, "host")}${repeated} probably came from a cache${by}.`),
    ];
  });
}

function describeReported({ as_reported }: Comparison, options: RenderOptions): LabeledText[] {
  const ratios = shownMetrics(as_reported, options).map(
    ([name, { ratio }]) => `${name} ${formatEstimate(ratio, formatRatio)}`,
  );
  return ratios.length === 0 ? [] : [labeled("as reported", `with cached reads included, ${ratios.join(", ")}.`)];
}

/** If nothing is measured and nothing excluded, every metric has the same sentence. */
function sentences({ fleet, cached }: Comparison, options: RenderOptions): LabeledText[] {
  const all = shownMetrics(fleet.metrics, options).map(([name, { sentence }]) => labeled(name, sentence));
  const isNothing = isEmpty(fleet) && Object.values(cached).every(({ hosts }) => hosts === 0);
  return isNothing
    ? [...all.slice(0, 1), labeled("what helps", "run Bonnie++ on both backends of the same hosts.")]
    : all;
}

interface Item {
  readonly comparison: Comparison;
  /** Null for the fleet. */
  readonly stratum: string | null;
  readonly quantity: "rate" | "efficiency" | "score";
  /** A metric, a group of metrics or `overall`. */
  readonly name: string;
  readonly found: Pick<MetricComparison, "ratio" | "ci"> & Partial<MetricComparison>;
  /** In the fleet, where it differs. */
  readonly reported: Comparison["as_reported"]["putc"];
}

const FIELDS: readonly Field<Item>[] = [
  ["baseline", ({ comparison }) => comparison.baseline],
  ["candidate", ({ comparison }) => comparison.candidate],
  ["scope", ({ stratum }) => (stratum === null ? "fleet" : "stratum")],
  ["stratum", ({ stratum }) => stratum],
  ["quantity", ({ quantity }) => quantity],
  ["metric", ({ name }) => name],
  ["hosts", ({ found }) => found.hosts],
  ["n_eff", ({ found }) => found.n_eff],
  ["exact", ({ found }) => found.exact],
  ["both_too_fast", ({ found }) => found.both_too_fast],
  ["faster_hosts", ({ found }) => found.faster_hosts],
  ["slower_hosts", ({ found }) => found.slower_hosts],
  ["ratio_low", ({ found }) => found.ratio.low],
  ["ratio_high", ({ found }) => found.ratio.high],
  ["ci_low", ({ found }) => found.ci?.low],
  ["ci_high", ({ found }) => found.ci?.high],
  ["p", ({ found }) => found.p],
  ["p_holm", ({ found }) => found.p_holm],
  ["host_range_low", ({ found }) => found.host_range?.low],
  ["host_range_high", ({ found }) => found.host_range?.high],
  ["host_range_kind", ({ found }) => found.host_range?.kind],
  ["share_faster", ({ found }) => found.share?.faster],
  ["share_slower", ({ found }) => found.share?.slower],
  ["share_same", ({ found }) => found.share?.same],
  ["share_undetermined", ({ found }) => found.share?.undetermined],
  ["geometric_mean_ratio", ({ found }) => found.geometric_mean_ratio],
  ["sd_log", ({ found }) => found.sd_log],
  ["noise_share", ({ found }) => found.noise_share],
  ["verdict", ({ found }) => found.verdict],
  ["reason", ({ found }) => found.reason],
  ["flags", ({ found }) => found.flags?.join(" ")],
  ["as_reported_low", ({ reported }) => reported?.ratio.low],
  ["as_reported_high", ({ reported }) => reported?.ratio.high],
  ["between_strata", ({ found }) => found.between_hosts?.strata_used.join(" ")],
  ["between_low", ({ found }) => found.between_hosts?.ratio.low],
  ["between_high", ({ found }) => found.between_hosts?.ratio.high],
  ["between_ci_low", ({ found }) => found.between_hosts?.ci?.low],
  ["between_ci_high", ({ found }) => found.between_hosts?.ci?.high],
  ["between_indication", ({ found }) => found.between_hosts?.indication],
  ["margin", ({ comparison }) => comparison.margin],
  ["runs", ({ comparison }) => comparison.runs],
  ...aboutFields<Item>(({ comparison }) => comparison),
  ["sentence", ({ found }) => found.sentence],
];

/**
 * A row for each quantity of each scope. `rate` is the ratio of a metric, `efficiency` that of its CPU efficiency, `score` the
 * mean over a group, whose name is in the column `metric`.
 */
function records(comparison: Comparison, options: RenderOptions): Records {
  const scopes: [string | null, ScopeComparison][] = [[null, comparison.fleet], ...Object.entries(comparison.strata)];
  return buildRecords(
    FIELDS,
    scopes.flatMap(([stratum, { metrics, efficiency, scores }]): Item[] => {
      const common = { comparison, stratum, reported: undefined };
      return [
        ...shownMetrics(metrics, options).map(([name, found]): Item => {
          const reported = stratum === null ? comparison.as_reported[name] : undefined;
          return { ...common, quantity: "rate", name, found, reported };
        }),
        ...shownMetrics(efficiency, options).map(
          ([name, found]): Item => ({ ...common, quantity: "efficiency", name, found }),
        ),
        ...Object.entries(options.metrics.length === 0 ? scores : {}).map(
          ([name, { ratio, ci }]): Item => ({ ...common, quantity: "score", name, found: { ratio, ci } }),
        ),
      ];
    }),
  );
}
