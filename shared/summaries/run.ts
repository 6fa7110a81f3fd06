// One run: what was measured, whether its reads can be the disk's, its metadata, and the line itself, which is its text form.

import * as z from "zod";
import { AppError } from "../errors.ts";
import { formatInstant } from "../report/format.ts";
import {
  cell,
  column,
  type Fact,
  type LabeledText,
  labeled,
  type RenderOptions,
  type Report,
  section,
  type Table,
  warning,
} from "../report/model.ts";
import { type Records, runRecords } from "../report/records.ts";
import { formatNumber } from "../run/format.ts";
import { METRIC_NAMES, METRICS } from "../run/metrics.ts";
import type { BonnieSetup, Measurement, Quality, Run, SentBy } from "../run/run.ts";
import type { FleetSource, SummaryKind } from "./kind.ts";
import { lazily, schemas } from "./schemas.ts";

const query = z.strictObject({});

const result = lazily(() => {
  const { backendSlug, instant, qualityVerdict, stratum } = schemas();
  const measurement = z
    .strictObject({
      rate: z.number().min(0).nullable().meta({ description: "Units per second; null when it could not be measured." }),
      cpu: z.number().nullable().meta({ description: "%CP: processor time / wall time in per cent." }),
      latency_us: z.number().nullable().meta({ description: "The longest single operation, in microseconds." }),
      censored: z.boolean().meta({ description: "Too fast to measure (`+++++`): the rate is above `lower_bound`." }),
      lower_bound: z.number().exactOptional().meta({ description: "Present exactly when censored." }),
    })
    .meta({ id: "Measurement", description: "One test of one run." }) satisfies z.ZodType<Measurement>;

  const bonnie = z.strictObject({
    format: z.enum(["v1", "v2"]).meta({ description: "v1: Bonnie++ 1.00 to 1.04; v2: 1.92b and later." }),
    source: z.enum(["csv", "text"]),
    format_version: z.string().nullable(),
    bonnie_version: z.string().nullable(),
    machine: z.string().meta({ description: "As printed." }),
    concurrency: z.int().nullable(),
    seed: z.string().nullable(),
    file_size_kib: z.number().nullable().meta({ description: "Null when the IO tests were not run." }),
    chunk_size_bytes: z.number().nullable(),
    seek_count: z.number().nullable(),
    seek_procs: z.number().nullable(),
    files: z
      .strictObject({
        thousands: z.number().meta({ description: "Number of files in units of 1024." }),
        max_size: z.union([z.number(), z.enum(["link", "symlink"])]).nullable(),
        min_size: z.number().nullable(),
        num_dirs: z.number(),
      })
      .nullable()
      .meta({ description: "Null when the file tests were not run." }),
  }) satisfies z.ZodType<BonnieSetup>;

  const quality = z.strictObject({
    verdict: qualityVerdict,
    reasons: z.array(
      z.strictObject({
        rule: z.string().meta({ description: "C1 to C12.", examples: ["C1"] }),
        strength: z.enum(["decisive", "strong", "medium", "weak"]),
        text: z.string(),
      }),
    ),
    decided_by: z.array(z.string()).meta({ description: "The rules that carry the verdict." }),
  }) satisfies z.ZodType<Quality>;

  const sentBy = z.strictObject({ token_id: z.string(), label: z.string().nullable() }).meta({
    id: "SentBy",
    description: "The token that it was sent with, and the label that the token had.",
  }) satisfies z.ZodType<SentBy>;

  return z
    .strictObject({
      id: z.string(),
      fleet: z.string(),
      host: z.string(),
      vm: z.string(),
      backend: backendSlug,
      stratum,
      finished_at: instant,
      received_at: instant,
      raw: z.string().meta({ description: "The line, or the lines of the text table, as received." }),
      raw_encoding: z.enum(["utf-8", "latin-1"]).meta({ description: "How `raw` maps to the bytes received." }),
      parser_version: z.int(),
      client_run: z.string().nullable().meta({ description: "The client's own id of the run." }),
      facts: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
      bonnie,
      metrics: z
        .record(z.enum(METRIC_NAMES), measurement.nullable())
        .meta({ description: "Null: the test was not run." }),
      quality,
      warnings: z.array(z.string()),
      // An export of an earlier version does not say it.
      sent_by: sentBy.nullable().default(null),
      withdrawn_at: instant.nullable().meta({ description: "When an admin took it out of all statistics." }),
    })
    .meta({ id: "Run", description: "One Bonnie++ result of one guest disk on one backend." }) satisfies z.ZodType<Run>;
});

export const run: SummaryKind<typeof query, Run> = {
  endpoint: {
    id: "getRun",
    summary: "One run as it was received; as text its raw line.",
    description: "An ingest token can read the runs of the hosts it may post for.",
    parameter: "Id of the run, from its receipt.",
    result: "The run.",
    errors: ["unreadable"],
  },
  query,
  result,
  title: () => "Run",
  compute,
  report,
  // All columns, whatever metrics are shown.
  records: (found): Records => runRecords([found]),
  raw: ({ raw, raw_encoding: encoding }) => ({ text: `${raw}\n`, encoding }),
};

/** What an id of this service may options like: hexadecimal digits, or groups of them with hyphens. */
const ID = /^[\w-]{1,64}$/;

/** Throws `not_found` for text that is no id without reading anything. */
async function compute(source: FleetSource, _: z.output<typeof query>, id = ""): Promise<Run> {
  if (!ID.test(id)) throw new AppError("not_found", "this fleet has no run with that id");
  return source.run(id);
}

/** What was measured, whether the reads can be the disk's, the metadata, and the line itself. */
function report(found: Run, options: RenderOptions): Report {
  const { host, backend, finished_at, quality, warnings, withdrawn_at, raw } = found;
  return {
    title: options.title ?? `Run on ${host}, backend ${backend}`,
    lead: `Finished ${formatInstant(finished_at)}. Cache check: ${quality.verdict}.`,
    guide: null,
    facts: runFacts(found),
    notices:
      withdrawn_at === null
        ? []
        : [warning("withdrawn", `since ${formatInstant(withdrawn_at)} it counts in no statistics.`)],
    sections: [
      section("Measured", {
        table: metricTable(found, options),
        texts: warnings.map((text) => warning("warning", text)),
      }),
      section("Cache check", { texts: reasons(found) }),
      section("Metadata", { table: factTable(found) }),
      section("As Bonnie++ printed it", { verbatim: raw }),
    ],
    cursor: null,
  };
}

function runFacts({ id, host, vm, backend, stratum, received_at, client_run, bonnie, sent_by }: Run): Fact[] {
  const version = bonnie.bonnie_version ?? bonnie.format_version;
  return [
    { label: "host", text: host },
    { label: "vm", text: vm },
    { label: "backend", text: backend },
    { label: "stratum", text: stratum },
    { label: "Bonnie++", text: version === null ? bonnie.format : `${bonnie.format}, ${version}` },
    { label: "received", text: formatInstant(received_at) },
    ...(sent_by === null ? [] : [{ label: "sent by", text: sent_by.label ?? `token ${sent_by.token_id}` }]),
    ...(client_run === null ? [] : [{ label: "client run", text: client_run }]),
    { label: "id", text: id },
  ];
}

function metricTable({ metrics }: Run, options: RenderOptions): Table {
  const shown = METRICS.filter(({ name }) => options.metrics.length === 0 || options.metrics.includes(name));
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

function reasons({ quality }: Run): LabeledText[] {
  if (quality.reasons.length === 0) return [labeled("no rule", "none of the cache rules fired.")];
  return quality.reasons.map(({ rule, strength, text }) => {
    const decides = quality.decided_by.includes(rule);
    return { label: rule, text: `${text} (${strength})`, isWarning: decides };
  });
}

function factTable({ facts }: Run): Table {
  const rows = Object.entries(facts).map(([key, value]) => [cell(key), cell(String(value))]);
  return { caption: "Facts sent with the run", columns: [column("<", "fact"), column("<", "value")], rows };
}

/** A rate as printed, its lower bound, `unknown`, or `-` for a test that was not run. */
export function measuredText(measurement: Measurement | null): string {
  if (measurement === null) return "-";
  const { rate, lower_bound: bound } = measurement;
  if (rate !== null) return formatNumber(rate);
  return bound === undefined ? "unknown" : `> ${formatNumber(bound)}`;
}
