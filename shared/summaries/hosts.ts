// The hosts of a fleet that have results, page by page, each with what is known about it and when it was last seen. They are
// read from the summaries of hosts over all time, which aggregation keeps.

import * as z from "zod";
import { type HostEntry, hostEntry } from "../compare/host.ts";
import { formatCohort, formatInstant } from "../report/format.ts";
import { cell, column, named, type RenderOptions, type Report, section } from "../report/model.ts";
import { buildRecords, type Field, type Records } from "../report/records.ts";
import { COHORT_KEYS } from "../run/cohort.ts";
import { formatCount, formatNumber } from "../run/format.ts";
import { HOST_ORDERS, type HostOrder } from "../run/listing.ts";
import { DURATION, silentBefore } from "../run/settings.ts";
import { cursorParameter, limit, oneLine, single } from "./fields.ts";
import type { FleetSource, SummaryKind } from "./kind.ts";
import { cohortFilters, filtersIn } from "./parameters.ts";
import { lazily, schemas } from "./schemas.ts";

const SILENT_SINCE = "expected a duration such as 7d, or a date or ISO 8601 time";

const query = z.strictObject({
  q: single(
    oneLine(255).meta({ description: "Only hosts with this in their name, in upper or lower case." }),
  ).optional(),
  silent_since: single(
    z.union([z.string().regex(DURATION), z.iso.date(), z.iso.datetime({ offset: true })], SILENT_SINCE).meta({
      description:
        "Only hosts without a result since this time, or for this long (hours, days or weeks: `36h`, `7d`, `5w`).",
      examples: ["7d", "2026-11-22"],
    }),
  ).optional(),
  order: single(
    z.enum(HOST_ORDERS).meta({
      description:
        "By name; by their last results, the host without one for the longest time first; or by runs, most first.",
    }),
  ).prefault("name"),
  ...cohortFilters,
  limit,
  // A cursor holds the name of a host, of up to 255 characters.
  cursor: cursorParameter(1_400),
});

/** A page of hosts; `cursor` is null on the last page. */
export interface HostPage {
  readonly order: HostOrder;
  readonly hosts: readonly HostEntry[];
  readonly cursor: string | null;
}

const result = lazily(() => {
  const { backendSlug, cohort, count, instant, nextCursor, stratum } = schemas();
  const hostEntry = z
    .strictObject({
      host: z.string(),
      url: z.string(),
      backends: z.array(backendSlug),
      strata: z.array(stratum),
      runs: count.meta({ description: "Runs that count, at most 99 of each backend and stratum." }),
      cached: z
        .partialRecord(backendSlug, z.array(z.string()))
        .meta({ description: "Rules that say that reads are probably cached." }),
      cohort,
      last_at: instant.meta({
        description: "When the newest run that counts finished; not later than the time of its receipt.",
      }),
      silent: z.boolean().meta({ description: "Without a result for `silent_after` of the settings." }),
    })
    .meta({ id: "HostEntry" }) satisfies z.ZodType<HostEntry>;

  return z
    .strictObject({ order: z.enum(HOST_ORDERS), hosts: z.array(hostEntry), cursor: nextCursor })
    .meta({ id: "HostPage" });
});

export const hosts: SummaryKind<typeof query, HostPage> = {
  endpoint: {
    id: "listHosts",
    summary: "Hosts with results, and when they were last seen.",
    description:
      "Without hosts that were retired and have sent nothing since. A host whose attributes exceed what its token may name is listed by its own attributes.",
    result: "A page of hosts.",
  },
  query,
  result,
  title: () => TITLE,
  compute,
  report,
  records,
};

const TITLE = "Hosts";

async function compute(source: FleetSource, parameters: z.output<typeof query>): Promise<HostPage> {
  const { q: part, silent_since: since, order, limit: most, cursor } = parameters;
  const before = since === undefined ? undefined : startOf(since, source.now());
  const asked = { part, before, order, filters: filtersIn(parameters), limit: most, cursor };
  const [page, settings] = await Promise.all([source.hosts(asked), source.settings()]);
  const limitOfSilence = silentBefore(settings, source.now());
  return {
    order,
    hosts: page.items.flatMap((each) => hostEntry(each, limitOfSilence) ?? []),
    cursor: page.cursor,
  };
}

/** The time that `silent_since` means, ISO 8601 UTC. */
const startOf = (since: string, now: number): string =>
  DURATION.test(since) ? silentBefore({ silent_after: since }, now) : new Date(since).toISOString();

const ORDER_TEXTS: Readonly<Record<HostOrder, string>> = {
  name: "in the order of their names",
  last_at: "the one without a result for the longest time first",
  runs: "the one with most runs first",
};

function report({ order, hosts: entries, cursor }: HostPage, options: RenderOptions): Report {
  const rows = entries.map(({ host, runs, backends, strata, cached, cohort, last_at, silent }) => [
    named(host, "host", host),
    silent ? cell(`${formatInstant(last_at)}, silent`, "unclear") : cell(formatInstant(last_at)),
    cell(formatNumber(runs)),
    cell(backends.join(" ")),
    cell(strata.join(" ")),
    cell(cachedText(cached)),
    cell(formatCohort(cohort)),
  ]);
  const columns = [
    column("<", "host"),
    column("<", "last seen", "last_at"),
    column(">", "runs"),
    column("<", "backends"),
    column("<", "strata"),
    column("<", "cached reads", "cached"),
    column("<", "attributes", "cohort"),
  ];
  return {
    title: options.title ?? TITLE,
    lead: leadText(entries.length, order, cursor !== null),
    guide: null,
    facts: [],
    notices: [],
    sections: [section("Hosts with results", { table: { caption: "Hosts and what they measured", columns, rows } })],
    cursor,
  };
}

/** A page does not know how many hosts come before it, so its count is never called that of the fleet while more follow. */
function leadText(count: number, order: HostOrder, isFollowed: boolean): string {
  if (count === 0) return "No host is listed.";
  const hosts = formatCount(count, "host");
  const text = ORDER_TEXTS[order];
  return isFollowed
    ? `${hosts} on this page, ${text}; more follow on the next page.`
    : `${hosts}${order === "name" ? "" : ","} ${text}, up to the last one.`;
}

function cachedText(cached: HostEntry["cached"]): string {
  const parts = Object.entries(cached).map(([backend, rules]) => `${backend}: ${rules.join(" ")}`);
  return parts.length === 0 ? "-" : parts.join(", ");
}

const FIELDS: readonly Field<HostEntry>[] = [
  ["host", ({ host }) => host],
  ["runs", ({ runs }) => runs],
  ["backends", ({ backends }) => backends.join(" ")],
  ["strata", ({ strata }) => strata.join(" ")],
  ["cached", ({ cached }) => JSON.stringify(cached)],
  ...COHORT_KEYS.map((key): Field<HostEntry> => [key, ({ cohort }) => cohort[key]]),
  ["url", ({ url }) => url],
  ["last_at", ({ last_at }) => last_at],
  ["silent", ({ silent }) => silent],
];

/** A row for each host of the page. */
function records({ hosts: entries }: HostPage): Records {
  return buildRecords(FIELDS, entries);
}
