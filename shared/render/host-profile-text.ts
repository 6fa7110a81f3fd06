// The profile of a host as text for a terminal of 100 columns: its values on each backend, then its ratios. Of both views it
// shows `all`, with the reads that count nowhere marked.

import type { Known } from "../compare/comparison.ts";
import type { HostBackend, HostMetric, HostPair, HostProfile, HostRatio } from "../compare/host-profile.ts";
import type { Standing } from "../compare/standing.ts";
import { METRIC_NAMES } from "../model/metrics.ts";
import { cohortText } from "./cohort-text.ts";
import { columns } from "./columns.ts";
import { knownText } from "./known-text.ts";
import { printable } from "./printable.ts";
import { significant } from "./significant.ts";
import { wrapped } from "./wrapped.ts";

const WIDTH = 100;

/** The profile as lines of at most 100 columns, ending in a line feed. */
export function hostProfileText(profile: HostProfile): string {
  const { host, cohort, pending, method_version, backends, ratios } = profile;
  const about = `Attributes ${cohortText(cohort)}, ${pending ? "newer results pending" : "nothing pending"}, method ${method_version}.`;
  return `${[
    ...wrapped(`Host ${printable(host)}`, WIDTH),
    ...wrapped(about, WIDTH),
    "Below and above: hosts of the fleet that are certainly slower and faster.",
    ...backends.flatMap(backendLines),
    ...ratios.flatMap(ratioLines),
  ].join("\n")}\n`;
}

function backendLines(group: HostBackend): string[] {
  const { backend, stratum, runs, cached } = group;
  const rows = METRIC_NAMES.flatMap((name) => {
    const value = group.all[name];
    return value === undefined ? [] : [[name, ...valueCells(value), mark(value, group.trusted[name])]];
  });
  return [
    "",
    `${backend.toUpperCase()}, stratum ${printable(stratum)}, ${runs} ${runs === 1 ? "run" : "runs"}${cached.length === 0 ? "" : `, reads probably cached by ${cached.join(", ")}`}`,
    ...columns("<>>>>>>>", [["metric", "median", "runs", "between runs", "hosts", "below", "above", ""], ...rows]),
  ];
}

function valueCells({ runs, run_sd_log: sd, standing, ...value }: HostMetric): string[] {
  return [
    knownText(value),
    String(runs),
    sd === null ? "-" : `${significant(sd * 100, 2)} %`,
    ...standingCells(standing),
  ];
}

function ratioLines(pair: HostPair): string[] {
  const { baseline, candidate, stratum } = pair;
  const rows = METRIC_NAMES.flatMap((name) => {
    const ratio = pair.all[name];
    return ratio === undefined ? [] : [[name, ...ratioCells(ratio), mark(ratio, pair.trusted[name])]];
  });
  return [
    "",
    `${candidate} AGAINST ${baseline}, stratum ${printable(stratum)}: above 1, ${candidate} is faster`,
    ...columns("<>>>>>", [["metric", "ratio", "hosts", "below", "above", ""], ...rows]),
  ];
}

const ratioCells = ({ standing, ...ratio }: HostRatio): string[] => [knownText(ratio), ...standingCells(standing)];

function standingCells(standing: Standing | null): string[] {
  return standing === null ? ["-", "-", "-"] : [String(standing.hosts), String(standing.below), String(standing.above)];
}

/** What differs in view `trusted`, which comparisons use. */
function mark(all: Known, trusted: Known | undefined): string {
  if (trusted === undefined) return "not trusted: probably cached";
  const same = trusted.low === all.low && trusted.high === all.high;
  return same ? "" : `trusted runs alone: ${knownText(trusted)}`;
}
