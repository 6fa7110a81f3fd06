// What to mind about a comparison, in a line or two below its chart: the flags, and the metrics that have them.

import type { Comparison } from "../compare/comparison.ts";
import type { Flag } from "../compare/flag.ts";
import type { Reason } from "../compare/verdict.ts";
import { METRICS } from "../run/metrics.ts";
import { countOf } from "../run/format.ts";
import { CACHE_SIGN, type RatioRow } from "./ratio-row.ts";

/** What each flag says, in as few words as a picture has room for. */
const FLAG_WORDS: Readonly<Record<Flag, string>> = {
  single_host: "one host only",
  mostly_single_runs: "mostly single runs",
  many_too_fast: "many too fast to measure",
  outlier_hosts: "some hosts far from the rest",
  mixed_effect: "some hosts gain and others lose",
  strata_disagree: "strata disagree",
  simpson: "all results thrown together say the opposite",
  paired_and_between_disagree: "hosts with one backend say otherwise",
  suspect_cached_reads: "suspected cached reads",
  small_file: "test files too small for the memory",
  mixed_versions: "Bonnie++ 1.0x beside 1.9x and 2.0",
  bound_mismatch: "rates above what can be measured",
  low_cpu: "CPU too small to tell",
  inflated_cpu: "CPU counted several times over",
};

/** Reasons of an undecided verdict that no mark of the chart shows. */
const TOO_FEW_HOSTS = [
  ["too_few_hosts", "fewer than 6 hosts"],
  ["not_significant_after_holm", "too few hosts to decide so many metrics at once"],
] as const satisfies readonly (readonly [Reason, string])[];

/** So many metrics are named; of more only how many they are. */
const MOST_NAMED = 3;

/** The notes about these rows. */
export function ratioNotes({ view, fleet }: Comparison, rows: readonly RatioRow[]): string[] {
  const isCached = rows.some((row) => row.isCached);
  const flags = fleet.flags.flatMap((flag) => {
    if (flag === "suspect_cached_reads" && isCached) return [];
    const metrics = fleet.flag_details[flag]?.metrics;
    if (metrics === undefined) return [FLAG_WORDS[flag]];
    const flagged = rows.filter(({ name }) => metrics.includes(name));
    return withMetrics(FLAG_WORDS[flag], flagged, rows);
  });
  const undecided = TOO_FEW_HOSTS.flatMap(([reason, words]) =>
    withMetrics(
      words,
      rows.filter(({ metric }) => metric.reason === reason),
      rows,
    ),
  );
  const fate = view === "trusted" ? "left out" : "counted here";
  return [
    ...(isCached
      ? [
          `${CACHE_SIGN} Suspected cache: some reads probably came from a page cache, not from the disk; they are ${fate}.`,
        ]
      : []),
    ...(undecided.length === 0 ? [] : [`No verdict yet: ${undecided.join("; ")}.`]),
    ...(flags.length === 0 ? [] : [`Mind: ${flags.join("; ")}.`]),
  ];
}

/** What holds for some of the rows, with their metrics where they are not all; nothing where it holds for none. */
function withMetrics(words: string, some: readonly RatioRow[], rows: readonly RatioRow[]): string[] {
  if (some.length === 0) return [];
  if (some.length === rows.length) return [words];
  const labels = METRICS.filter(({ name }) => some.some((row) => row.name === name)).map(({ label }) => label);
  return [`${words} (${labels.length > MOST_NAMED ? countOf(labels.length, "metric") : labels.join(", ")})`];
}
