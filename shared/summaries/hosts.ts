// The hosts of a fleet that have results, page by page, each with what is known about it. They are read from the summaries of
// hosts over all time, which aggregation keeps.

import * as z from "zod";
import { type HostEntry, hostEntry } from "../compare/host.ts";
import { formatCohort } from "../report/format.ts";
import { cell, column, named, type RenderOptions, type Report, section } from "../report/model.ts";
import { buildRecords, type Field, type Records } from "../report/records.ts";
import { COHORT_KEYS } from "../run/cohort.ts";
import { formatCount, formatNumber } from "../run/format.ts";
import { cursorParameter, limit } from "./fields.ts";
import type { FleetSource, SummaryKind } from "./kind.ts";
import { lazily, schemas } from "./schemas.ts";

/** A cursor holds the name of a host, of up to 255 characters. */
const query = z.strictObject({ limit, cursor: cursorParameter(1_400) });

/** A page of hosts; `cursor` is null on the last page. */
export interface HostPage {
  readonly hosts: readonly HostEntry[];
  readonly cursor: string | null;
}

const result = lazily(() => {
  const { backendSlug, cohort, count, nextCursor, stratum } = schemas();
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
    })
    .meta({ id: "HostEntry" }) satisfies z.ZodType<HostEntry>;

  return z.strictObject({ hosts: z.array(hostEntry), cursor: nextCursor }).meta({ id: "HostPage" });
});

export const hosts: SummaryKind<typeof query, HostPage> = {
  endpoint: {
    id: "listHosts",
    summary: "Hosts with results, in the order of their names.",
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

async function compute(source: FleetSource, { limit: most, cursor }: z.output<typeof query>): Promise<HostPage> {
  const page = await source.hosts(most, cursor);
  return { hosts: page.items.map(hostEntry), cursor: page.cursor };
}

function report({ hosts: entries, cursor }: HostPage, options: RenderOptions): Report {
  const rows = entries.map(({ host, runs, backends, strata, cached, cohort }) => [
    named(host, "host", host),
    cell(formatNumber(runs)),
    cell(backends.join(" ")),
    cell(strata.join(" ")),
    cell(cachedText(cached)),
    cell(formatCohort(cohort)),
  ]);
  const columns = [
    column("<", "host"),
    column(">", "runs"),
    column("<", "backends"),
    column("<", "strata"),
    column("<", "cached reads", "cached"),
    column("<", "attributes", "cohort"),
  ];
  return {
    title: options.title ?? TITLE,
    lead: leadText(entries.length, cursor !== null),
    guide: null,
    facts: [],
    notices: [],
    sections: [section("Hosts with results", { table: { caption: "Hosts and what they measured", columns, rows } })],
    cursor,
  };
}

/** A page does not know how many hosts come before it, so its count is never called that of the fleet while more follow. */
function leadText(count: number, isFollowed: boolean): string {
  if (count === 0) return "No host has results yet.";
  const hosts = formatCount(count, "host");
  return isFollowed
    ? `${hosts} on this page, in the order of their names; more follow on the next page.`
    : `${hosts} in the order of their names, up to the last one.`;
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
];

/** A row for each host of the page. */
function records({ hosts: entries }: HostPage): Records {
  return buildRecords(FIELDS, entries);
}
