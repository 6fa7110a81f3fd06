// One host over all time: what it measured on each of its backends, how they compare on it, and its rank in the fleet. In: the
// summary of the host, and one range of cells for each of its backends and each pair of them. Out: its profile, with report
// and chart. One host is never a verdict.

import * as z from "zod";
import { pairName } from "../cells/contribution.ts";
import { hostChart } from "../chart/host-chart.ts";
import type { Estimate } from "../compare/comparison.ts";
import {
  type HostBackend,
  type HostMetric,
  type HostPair,
  type HostProfile,
  type HostRank,
  type HostRatio,
  hostProfile,
  listBackends,
  listPairs,
} from "../compare/host.ts";
import { AppError } from "../errors.ts";
import { formatCohort, formatEstimate, formatInstant } from "../report/format.ts";
import {
  type Cell,
  cell,
  column,
  type LabeledText,
  type RenderOptions,
  type Report,
  type Section,
  section,
  warning,
} from "../report/model.ts";
import { buildRecords, type Field, type Records } from "../report/records.ts";
import { shownMetrics } from "../report/verdicts.ts";
import { COHORT_KEYS } from "../run/cohort.ts";
import { formatCount, formatNumber, formatPercent, formatRate, formatRatio, type NumberFormat } from "../run/format.ts";
import { PERIOD_ALL } from "../run/periods.ts";
import { VIEWS, type View } from "../run/run.ts";
import { silentBefore } from "../run/settings.ts";
import type { FleetSource, SummaryKind } from "./kind.ts";
import { lazily, schemas } from "./schemas.ts";

const query = z.strictObject({});

const result = lazily(() => {
  const { backendSlug, cohort, count, estimate, instant, metricName, stratum } = schemas();
  const standing = z.strictObject({ hosts: count, below: count, above: count }).nullable().meta({
    description:
      "Hosts of the fleet with the same backend or pair, this one included, and how many of them are certainly lower and higher. Null while the fleet does not count it.",
  });

  const hostMetric = z
    .strictObject({
      ...estimate.shape,
      runs: count,
      exact_runs: count.meta({ description: "Runs whose rate is known, and not only a bound." }),
      run_sd_log: z.number().min(0).nullable().meta({ description: "Between runs, in natural logs." }),
      standing,
    })
    .meta({ id: "HostMetric", description: "The median of the host's runs, in the metric's unit." });

  const hostBackend = z
    .strictObject({
      backend: backendSlug,
      stratum,
      runs: count,
      cached: z.array(z.string()).meta({ description: "Rules that say that runs are probably cached." }),
      small_file: z.boolean(),
      bound_mismatch: z.boolean(),
      last_at: instant.meta({ description: "When the newest run finished." }),
      setup: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).meta({
        description:
          "Facts that may explain a difference between backends, each from the newest run that states it; of long texts the first 60 bytes.",
      }),
      trusted: z.partialRecord(metricName, hostMetric),
      all: z.partialRecord(metricName, hostMetric),
    })
    .meta({ id: "HostBackend" }) satisfies z.ZodType<HostBackend>;

  const hostRatio = z
    .strictObject({ ...estimate.shape, standing })
    .meta({ id: "HostRatio", description: "candidate / baseline on this host." });

  const hostPair = z
    .strictObject({
      baseline: backendSlug.meta({ description: "The one that is first in the alphabet." }),
      candidate: backendSlug,
      stratum,
      trusted: z.partialRecord(metricName, hostRatio),
      all: z.partialRecord(metricName, hostRatio),
    })
    .meta({ id: "HostPair" }) satisfies z.ZodType<HostPair>;

  return z
    .strictObject({
      host: z.string(),
      pending: z.boolean().meta({ description: "Whether it has results that are not in these numbers yet." }),
      last_at: instant.nullable().meta({
        description: "When the newest run that counts finished; not later than its receipt. Null if no run counts.",
      }),
      silent: z.boolean().meta({ description: "Without a result for `silent_after` of the settings." }),
      retired_at: instant.nullable().meta({ description: "When it was retired; null if it has sent a result since." }),
      method_version: z.string(),
      cohort,
      backends: z.array(hostBackend),
      ratios: z.array(hostPair),
    })
    .meta({
      id: "Host",
      description: "One host over all time. It never gives a verdict.",
    }) satisfies z.ZodType<HostProfile>;
});

export const host: SummaryKind<typeof query, HostProfile> = {
  endpoint: {
    id: "getHost",
    summary: "One host: its values, its ratios, and its rank in the fleet.",
    description:
      "Over all time. If a name ends like a format, such as `web.md`, and there is such a host, it is taken whole.",
    parameter: "Name of the host, percent-encoded.",
    result: "The host.",
  },
  query,
  result,
  title: (_, name = "") => formatTitle(name),
  compute,
  report,
  records,
  chart: hostChart,
};

const formatTitle = (name: string): string => `Host ${name}`;

/** No host has a longer name, and the table holds no key that is much longer. */
const MAX_NAME = 255;

/** Throws `not_found`. */
async function compute(source: FleetSource, _: z.output<typeof query>, name = ""): Promise<HostProfile> {
  const counted = name.length > MAX_NAME ? null : await source.host(await storedHostName(source, name));
  if (counted === null)
    throw new AppError("not_found", `this fleet has no results of a host "${name.slice(0, MAX_NAME)}"`);
  const { summary } = counted;
  const settings = await source.settings();
  const cells = await source.cells({ periods: [PERIOD_ALL], filters: {} });
  const [ofBackends, ofPairs] = await Promise.all([
    Promise.all(
      listBackends(summary).map(async (backend) => [backend, (await cells.read("backend", backend)).views] as const),
    ),
    Promise.all(
      listPairs(summary).map(async ({ baseline, candidate }) => {
        const pair = pairName(baseline, candidate);
        return [pair, (await cells.read("pair", pair)).views] as const;
      }),
    ),
  ]);
  return hostProfile({
    ...counted,
    silentBefore: silentBefore(settings, source.now()),
    backendCells: new Map(ofBackends),
    pairCells: new Map(ofPairs),
  });
}

/**
 * The name under which a host is stored: names are stored in NFC. An earlier version stored them as they were sent: if there
 * is such a host, it is that one.
 */
export async function storedHostName({ host: find }: Pick<FleetSource, "host">, name: string): Promise<string> {
  const composed = name.normalize("NFC");
  return composed === name || (await find(name)) !== null ? name : composed;
}

/** The values on each backend, then the ratios. Of both views it shows `all`, and marks reads that do not count. */
function report(profile: HostProfile, options: RenderOptions): Report {
  const { host: name, cohort, pending, last_at, silent, retired_at, method_version, backends, ratios } = profile;
  return {
    title: options.title ?? formatTitle(name),
    lead:
      backends.length === 0
        ? `No results of ${name} are counted yet.`
        : `What ${name} measured on ${formatCount(new Set(backends.map(({ backend }) => backend)).size, "backend")}, over all time. A single host never gives a verdict.`,
    guide:
      "Below and above: how many hosts of the fleet are certainly slower and faster. Rates are in K/s (reads and writes), seeks/s or files/s.",
    facts: [
      { label: "attributes", text: formatCohort(cohort) },
      { label: "last seen", text: last_at === null ? "-" : `${formatInstant(last_at)}${silent ? ", silent" : ""}` },
      { label: "pending", text: pending ? "newer results" : "nothing" },
      { label: "method", text: method_version },
    ],
    notices: [
      ...(pending ? [warning("pending", "newer results of this host are not in these numbers yet.")] : []),
      ...(retired_at === null
        ? []
        : [warning("retired", `since ${formatInstant(retired_at)} lists leave it out, until its next result.`)]),
    ],
    sections: [
      ...backends.map((group) => backendSection(group, options)),
      ...ratios.map((pair) => pairSection(pair, options)),
    ],
    cursor: null,
  };
}

const VALUES = [
  column("<", "metric"),
  column(">", "median"),
  column(">", "runs"),
  column(">", "between runs", "run_sd_log"),
  column(">", "hosts"),
  column(">", "below"),
  column(">", "above"),
  column("<", "trusted"),
];

function backendSection(group: HostBackend, options: RenderOptions): Section {
  const { backend, stratum, runs, all, trusted } = group;
  const rows = shownMetrics(all, options).map(([name, value]) => [
    cell(name),
    ...valueCells(value),
    mark(value, trusted[name], formatRate),
  ]);
  return section(`${backend}, stratum ${stratum}, ${formatCount(runs, "run")}`, {
    table: { caption: `Medians of the runs on ${backend} in stratum ${stratum}`, columns: VALUES, rows },
    texts: describeGroup(group),
  });
}

function describeGroup({ cached, small_file: smallFile, bound_mismatch: boundMismatch }: HostBackend): LabeledText[] {
  return [
    ...(cached.length === 0 ? [] : [warning("suspect_cached_reads", `reads probably cached by ${cached.join(", ")}.`)]),
    ...(smallFile ? [warning("small_file", "the test file was under twice the memory.")] : []),
    ...(boundMismatch ? [warning("bound_mismatch", "a rate is above the maximum measurable for the test.")] : []),
  ];
}

function valueCells({ runs, run_sd_log, standing, ...value }: HostMetric): Cell[] {
  return [
    cell(formatEstimate(value, formatRate)),
    cell(formatNumber(runs)),
    cell(formatPercent(run_sd_log)),
    ...standingCells(standing),
  ];
}

const RATIOS = [
  column("<", "metric"),
  column(">", "ratio"),
  column(">", "hosts"),
  column(">", "below"),
  column(">", "above"),
  column("<", "trusted"),
];

function pairSection({ baseline, candidate, stratum, all, trusted }: HostPair, options: RenderOptions): Section {
  const rows = shownMetrics(all, options).map(([name, ratio]) => [
    cell(name),
    ...ratioCells(ratio),
    mark(ratio, trusted[name], formatRatio),
  ]);
  return section(`${candidate} vs ${baseline}, stratum ${stratum}: above 1, ${candidate} is faster`, {
    table: { caption: `Ratios ${candidate} / ${baseline} on this host in stratum ${stratum}`, columns: RATIOS, rows },
  });
}

const ratioCells = ({ standing, ...ratio }: HostRatio): Cell[] => [
  cell(formatEstimate(ratio, formatRatio)),
  ...standingCells(standing),
];

function standingCells(standing: HostRank | null): Cell[] {
  const { hosts, below, above } = standing ?? {};
  return [hosts, below, above].map((count) => cell(count === undefined ? "-" : formatNumber(count)));
}

/** The difference in view `trusted`, which comparisons use. */
function mark(all: Estimate, trusted: Estimate | undefined, numberText: NumberFormat): Cell {
  if (trusted === undefined) return cell("not trusted: probably cached", "unclear");
  const same = trusted.low === all.low && trusted.high === all.high;
  return cell(same ? "" : `trusted runs only: ${formatEstimate(trusted, numberText)}`);
}

interface Item {
  readonly profile: HostProfile;
  readonly quantity: "value" | "ratio";
  readonly backend: string;
  readonly baseline: string | null;
  readonly stratum: string;
  readonly view: View;
  readonly metric: string;
  readonly found: Estimate & { readonly standing: HostRank | null } & Partial<HostMetric>;
  readonly cached: readonly string[];
}

const FIELDS: readonly Field<Item>[] = [
  ["host", ({ profile }) => profile.host],
  ["quantity", ({ quantity }) => quantity],
  ["backend", ({ backend }) => backend],
  ["baseline", ({ baseline }) => baseline],
  ["stratum", ({ stratum }) => stratum],
  ["view", ({ view }) => view],
  ["metric", ({ metric }) => metric],
  ["low", ({ found }) => found.low],
  ["high", ({ found }) => found.high],
  ["runs", ({ found }) => found.runs],
  ["exact_runs", ({ found }) => found.exact_runs],
  ["run_sd_log", ({ found }) => found.run_sd_log],
  ["hosts", ({ found }) => found.standing?.hosts],
  ["below", ({ found }) => found.standing?.below],
  ["above", ({ found }) => found.standing?.above],
  ["cached_rules", ({ cached }) => cached.join(" ")],
  ...COHORT_KEYS.map((key): Field<Item> => [key, ({ profile }) => profile.cohort[key]]),
  ["pending", ({ profile }) => profile.pending],
  ["method_version", ({ profile }) => profile.method_version],
  ["last_at", ({ profile }) => profile.last_at],
  ["silent", ({ profile }) => profile.silent],
  ["retired_at", ({ profile }) => profile.retired_at],
];

/** A row for each value and each ratio, in both views. A value is one of `backend`; a ratio is `backend` / `baseline`. */
function records(profile: HostProfile, options: RenderOptions): Records {
  const values = profile.backends.flatMap((group) =>
    VIEWS.flatMap((view) =>
      shownMetrics(group[view], options).map(([metric, found]): Item => {
        const { backend, stratum, cached } = group;
        return { profile, quantity: "value", backend, baseline: null, stratum, view, metric, found, cached };
      }),
    ),
  );
  const ratios = profile.ratios.flatMap((pair) =>
    VIEWS.flatMap((view) =>
      shownMetrics(pair[view], options).map(([metric, found]): Item => {
        const { candidate: backend, baseline, stratum } = pair;
        return { profile, quantity: "ratio", backend, baseline, stratum, view, metric, found, cached: [] };
      }),
    ),
  );
  return buildRecords(FIELDS, [...values, ...ratios]);
}
