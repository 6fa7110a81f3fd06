import type { HostEntry } from "../compare/host-entry.ts";
import { cohortText } from "./cohort-text.ts";
import { columns } from "./columns.ts";
import { printable } from "./printable.ts";

/** A page of hosts as lines of at most 100 columns, ending in a line feed. */
export function hostsText({ hosts, cursor }: { hosts: readonly HostEntry[]; cursor: string | null }): string {
  const rows = hosts.map(({ host, runs, backends, strata, cached, cohort }) => [
    printable(host),
    String(runs),
    backends.join(" "),
    strata.map(printable).join(" "),
    cachedText(cached),
    cohortText(cohort),
  ]);
  const table = columns("<><<<<", [["host", "runs", "backends", "strata", "cached reads", "attributes"], ...rows]);
  return `${[...table, ...(cursor === null ? [] : ["", "There are more: ask with", `cursor=${cursor}`])].join("\n")}\n`;
}

function cachedText(cached: HostEntry["cached"]): string {
  const parts = Object.entries(cached).map(([backend, rules]) => `${backend}: ${rules.join(" ")}`);
  return parts.length === 0 ? "-" : parts.join(", ");
}
