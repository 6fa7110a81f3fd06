// The report of a comparison: the fleet first, every finding in words, how differently hosts react, what is only a
// convention or an indication apart from the verdicts, then each stratum.

import type { Comparison, MetricComparison, ScopeComparison } from "../compare/comparison.ts";
import { aboutFacts, aboutFields, marginFact, noticeRemarks, shownFact } from "../report/about.ts";
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
  type Remark,
  type RenderOptions,
  type Report,
  remark,
  type Section,
  section,
  type Table,
  warning,
} from "../report/model.ts";
import { buildRecords, type Field, type Records } from "../report/records.ts";
import { stratumRemark } from "../report/stratum.ts";
import { shownMetrics, verdictCell } from "../report/verdicts.ts";
import { formatCount, formatNumber, formatRatio } from "../run/format.ts";
import type { MetricName } from "../run/metrics.ts";

// A comparison for programs: a row for each quantity of each scope. `rate` is the ratio of a metric, `efficiency` that of its
// CPU efficiency, `score` the mean over a group, which stands in the column `metric`.

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

/** The records of a comparison. */
export function comparisonRecords(comparison: Comparison, look: RenderOptions): Records {
  const scopes: [string | null, ScopeComparison][] = [[null, comparison.fleet], ...Object.entries(comparison.strata)];
  return buildRecords(
    FIELDS,
    scopes.flatMap(([stratum, { metrics, efficiency, scores }]): Item[] => {
      const common = { comparison, stratum, reported: undefined };
      return [
        ...shownMetrics(metrics, look).map(([name, found]): Item => {
          const reported = stratum === null ? comparison.as_reported[name] : undefined;
          return { ...common, quantity: "rate", name, found, reported };
        }),
        ...shownMetrics(efficiency, look).map(
          ([name, found]): Item => ({ ...common, quantity: "efficiency", name, found }),
        ),
        ...Object.entries(look.metrics.length === 0 ? scores : {}).map(
          ([name, { ratio, ci }]): Item => ({ ...common, quantity: "score", name, found: { ratio, ci } }),
        ),
      ];
    }),
  );
}

/** Headings of the sections that a page replaces by a table of its own. */
export const FLEET_SECTION = "Fleet: every host has one vote";
export const WORDS_SECTION = "In words";

/** A comparison as a report. */
export function comparisonReport(comparison: Comparison, look: RenderOptions): Report {
  const { baseline, candidate, strata, margin, runs } = comparison;
  return {
    title: look.title ?? `${candidate} against ${baseline}`,
    lead: comparisonLead(comparison, look),
    guide: `Ratios are ${candidate} / ${baseline} on the same host, the median over hosts: above 1, ${candidate} is faster.`,
    facts: aboutFacts(comparison, [
      ...shownFact(look),
      marginFact(margin),
      { label: "runs", text: formatNumber(runs) },
    ]),
    notices: noticeRemarks(comparison),
    sections: [
      fleetSection(comparison, look),
      section(WORDS_SECTION, { remarks: sentences(comparison, look) }),
      ...agreementSection(comparison, look),
      ...scoresSection(comparison, look),
      ...efficiencySection(comparison, look),
      ...indicationSection(comparison, look),
      ...Object.entries(strata).map(([stratum, scope]) => stratumSection(comparison, stratum, scope, look)),
    ],
    cursor: null,
  };
}

/** The table of the fleet; none where no host has both backends. */
function fleetSection(comparison: Comparison, look: RenderOptions): Section {
  const { baseline, candidate, fleet } = comparison;
  const whole = table(fleet, look, `Ratios ${candidate} / ${baseline} over the fleet`);
  return section(FLEET_SECTION, {
    table: isEmpty(fleet) ? { ...whole, rows: [] } : whole,
    remarks: [
      ...repeatedRemark(fleet),
      ...flagRemarks(fleet),
      ...cachedRemarks(comparison),
      ...reportedRemarks(comparison, look),
    ],
  });
}

const isEmpty = ({ metrics }: ScopeComparison): boolean => Object.values(metrics).every(({ hosts }) => hosts === 0);

/** A stratum in which all hosts were measured has the fleet's numbers, which need not be read twice. */
function stratumSection(
  { baseline, candidate, fleet }: Comparison,
  stratum: string,
  scope: ScopeComparison,
  look: RenderOptions,
): Section {
  const heading = `Stratum ${stratum}`;
  const own = table(scope, look, `Ratios ${candidate} / ${baseline} in stratum ${stratum}`);
  if (JSON.stringify(own.rows) === JSON.stringify(rows(fleet, look))) {
    return section(heading, {
      remarks: [remark("as the fleet", "its numbers are those of the fleet, above."), stratumRemark(stratum)],
    });
  }
  return section(heading, { table: own, remarks: [stratumRemark(stratum), ...flagNames(scope)] });
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

function table(scope: ScopeComparison, look: RenderOptions, caption: string): Table {
  return { caption, columns: COLUMNS, rows: rows(scope, look) };
}

function rows({ metrics }: ScopeComparison, look: RenderOptions): Cell[][] {
  return shownMetrics(metrics, look).map(([name, metric]) => row(name, metric));
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

/** Over several periods: what the columns count. */
function repeatedRemark({ metrics }: ScopeComparison): Remark[] {
  if (Object.values(metrics).every(({ hosts, n_eff }) => n_eff === hosts)) return [];
  const text = "at least so many different ones; in up/down a host counts once in each period.";
  return [remark("hosts", text)];
}

function flagRemarks({ flags, flag_details, metrics }: ScopeComparison): Remark[] {
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

/** In a stratum the names are enough: what they mean stands under the fleet. */
function flagNames({ flags }: ScopeComparison): Remark[] {
  return flags.length === 0 ? [] : [warning("flags", flags.join(", "))];
}

function cachedRemarks({ cached, periods }: Comparison): Remark[] {
  return Object.entries(cached).flatMap(([backend, reads]) => {
    if (reads === undefined || reads.hosts === 0) return [];
    const by = reads.rules.length === 0 ? "" : `, by ${reads.rules.join(", ")}`;
    const repeated = periods.length > 1 ? ", counted once in each period," : "";
    return [
      remark(backend, `reads of ${formatCount(reads.hosts, "host")}${repeated} probably came from a cache${by}.`),
    ];
  });
}

function reportedRemarks({ as_reported }: Comparison, look: RenderOptions): Remark[] {
  const ratios = shownMetrics(as_reported, look).map(
    ([name, { ratio }]) => `${name} ${formatEstimate(ratio, formatRatio)}`,
  );
  return ratios.length === 0 ? [] : [remark("as reported", `with cached reads left in, ${ratios.join(", ")}.`)];
}

/** Where nothing is measured and nothing left out, every metric says the same. */
function sentences({ fleet, cached }: Comparison, look: RenderOptions): Remark[] {
  const all = shownMetrics(fleet.metrics, look).map(([name, { sentence }]) => remark(name, sentence));
  const isNothing = isEmpty(fleet) && Object.values(cached).every(({ hosts }) => hosts === 0);
  return isNothing
    ? [...all.slice(0, 1), remark("what helps", "run Bonnie++ on both backends of the same hosts.")]
    : all;
}
