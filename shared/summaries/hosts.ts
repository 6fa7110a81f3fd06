import type { HostEntry } from "../compare/host.ts";
import { formatCohort } from "../report/format.ts";
import { cell, column, type HostPage, named, type RenderOptions, type Report, section } from "../report/model.ts";
import { buildRecords, type Field, type Records } from "../report/records.ts";
import { COHORT_KEYS } from "../run/cohort.ts";
import { formatCount, formatNumber } from "../run/format.ts";

/** A page of hosts as a report. */
export function hostsReport({ hosts, cursor }: HostPage, look: RenderOptions): Report {
  const rows = hosts.map(({ host, runs, backends, strata, cached, cohort }) => [
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
    title: look.title ?? "Hosts",
    lead:
      hosts.length === 0
        ? "No host has results yet."
        : `${formatCount(hosts.length, "host")} in the order of their names.`,
    guide: null,
    facts: [],
    notices: [],
    sections: [section("Hosts with results", { table: { caption: "Hosts and what they measured", columns, rows } })],
    cursor,
  };
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
export function hostsRecords({ hosts }: HostPage): Records {
  return buildRecords(FIELDS, hosts);
}
