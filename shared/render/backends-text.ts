// The values of every backend as text for a terminal of 100 columns: for each stratum a table, metric by metric.

import type { AllBackends, MeasuredBackend } from "../compare/all-backends.ts";
import type { BackendValue } from "../compare/comparison.ts";
import { METRICS } from "../model/metrics.ts";
import { aboutLines } from "./about-lines.ts";
import { columns } from "./columns.ts";
import { intervalText, knownText } from "./known-text.ts";
import { significant } from "./significant.ts";

const HEAD = ["metric", "backend", "hosts", "runs", "median", "95 % interval", "10 % of hosts", "90 %", "between runs"];

/** The values as lines of at most 100 columns, ending in a line feed. */
export function backendsText(answer: AllBackends): string {
  const backends = Object.entries(answer.backends);
  const strata = [...new Set(backends.flatMap(([, { strata: own }]) => Object.keys(own)))].sort();
  return `${[
    "Each backend by itself, over different hosts: to compare two, ask for the comparison.",
    ...aboutLines(answer),
    "",
    ...columns("<>><", [
      ["backend", "hosts", "runs", "cached reads"],
      ...backends.map(([name, { hosts, runs, cached }]) => [name, String(hosts), String(runs), cachedText(cached)]),
    ]),
    ...strata.flatMap((stratum) => [
      "",
      `STRATUM ${stratum}`,
      ...columns("<<>>>>>>>", [HEAD, ...rows(stratum, backends)]),
    ]),
  ].join("\n")}\n`;
}

function cachedText({ hosts, rules }: MeasuredBackend["cached"]): string {
  return hosts === 0 ? "-" : `on ${hosts} ${hosts === 1 ? "host" : "hosts"}, by ${rules.join(", ")}`;
}

function rows(stratum: string, backends: readonly (readonly [string, MeasuredBackend])[]): string[][] {
  return METRICS.flatMap(({ name }) =>
    backends.flatMap(([backend, { strata }]) => {
      const value = strata[stratum]?.[name];
      return value === undefined ? [] : [[name, backend, ...cells(value)]];
    }),
  );
}

function cells({ hosts, runs, median, ci, p10, p90, run_sd_log: sd }: BackendValue): string[] {
  return [
    String(hosts),
    String(runs),
    knownText(median),
    ci === null ? "-" : intervalText(ci),
    knownText(p10),
    knownText(p90),
    sd === null ? "-" : `${significant(sd * 100, 2)} %`,
  ];
}
