// Behind a verdict: which rule gave it, which hosts it rests on, and what would change it. All from the published answer.

import type { Comparison, MetricComparison } from "../compare/comparison.ts";
import {
  fewestHosts,
  hostsForDirection,
  hostsForEquality,
  hostsToOverturn,
  type Split,
} from "../compare/sample-size.ts";
import { unlikeMedian, WORDS } from "../compare/sentences.ts";
import { isSignificant } from "../compare/verdict.ts";
import { formatCount, formatMargin, formatNumber, formatPValue, formatRatio } from "../run/format.ts";
import { METRICS, type MetricName } from "../run/metrics.ts";
import { hostCountText, hostsText, intervalOrNone } from "./format.ts";

/** Three answers, each in sentences. */
export interface Explanation {
  readonly why: string;
  readonly hosts: readonly string[];
  readonly change: readonly string[];
}

/** The explanation of one metric of the fleet; null where the comparison does not have it. */
export function explained(comparison: Comparison, name: MetricName): Explanation | null {
  const metric = comparison.fleet.metrics[name];
  if (metric === undefined) return null;
  return {
    why: whyText(comparison, metric),
    hosts: hostTexts(comparison, name, metric),
    change: changeTexts(comparison, name, metric),
  };
}

function whyText(comparison: Comparison, metric: MetricComparison): string {
  const { candidate, margin } = comparison;
  const { ci, p, p_holm, hosts, both_too_fast: tooFast, reason, share } = metric;
  const interval = `The 95 % interval, ${intervalOrNone(ci, formatRatio)},`;
  const within = formatMargin(margin);
  const tests = Object.values(comparison.fleet.metrics).filter((one) => one.p !== null).length;
  const test = `the sign test over ${formatCount(tests, "metric")} has p ${formatPValue(p_holm)}, against a limit of 0.05`;
  switch (reason) {
    case "no_paired_hosts":
      return "No host has a result of both backends in this test that counts, and different hosts are no evidence.";
    case "too_fast_on_both":
      return `Bonnie++ could not time this test on either backend: it took under half a second on ${hosts === 1 ? "the one host" : "every host"}.`;
    case "mostly_too_fast":
      return `On so many hosts this test took under half a second (on both backends on ${formatNumber(tooFast)} of ${formatNumber(hosts)}) that the median has no limit on either side.`;
    case "too_few_hosts":
      return "The median of fewer than 6 hosts has no 95 % interval, whatever their numbers are.";
    case "ci_within_margin": {
      const unlike = unlikeMedian(share);
      return `${interval} lies within ${within} of 1 as a whole: on the median host a difference, if there is one, is too small to matter.${unlike === null ? "" : ` Hosts are not all alike: ${unlike}.`}`;
    }
    case "too_fast_hides_size":
      return `More hosts go one way than chance explains (${test}), but tests too fast to be timed hide how far: ${interval.replace("The", "the")} includes 1.`;
    case "ci_includes_1":
      return isSignificant(p_holm)
        ? `More hosts go one way than chance explains (${test}), but ${interval.replace("The", "the")} includes 1: so many hosts are equal, or differ by next to nothing, that the median difference may be none.`
        : `${interval} includes 1, so ${candidate} may as well be slower as faster; and it is wider than ${within} either way, so they cannot be called equal.`;
    case "not_significant_after_holm":
      return `${interval} does not include 1, but ${test}.${tests === 1 ? "" : ` Before the correction for testing so many it is ${formatPValue(p)}.`}`;
    case "ci_above_1":
      return `${interval} lies above 1, the median more than ${within} above it, and ${test}.`;
    case "ci_below_1":
      return `${interval} lies below 1, the median more than ${within} below it, and ${test}.`;
    case "difference_below_margin":
      return `${interval} does not include 1, but the median is not shown to be more than ${within} away from it.`;
  }
}

function hostTexts(comparison: Comparison, name: MetricName, metric: MetricComparison): string[] {
  const { baseline, candidate, strata, cached, view, periods } = comparison;
  const { hosts, faster_hosts: faster, slower_hosts: slower, both_too_fast: tooFast } = metric;
  const rest = hosts - faster - slower;
  const isRepeated = metric.n_eff < hosts;
  const noun = isRepeated ? "result" : "host";
  const measured = Object.entries(strata).flatMap(([stratum, { metrics }]) => {
    const own = metrics[name];
    return own === undefined || own.hosts === 0 ? [] : [`${stratum} ${hostCountText(own)}`];
  });
  const isRead = METRICS.some((one) => one.name === name && one.readPath);
  const repeated = periods.length > 1 ? ", counted once in each period" : "";
  const suspects = Object.entries(cached).flatMap(([backend, reads]) =>
    reads.hosts === 0
      ? []
      : [`${backend} on ${formatCount(reads.hosts, "host")}${repeated} (${reads.rules.join(", ")})`],
  );
  return [
    ...(hosts === 0
      ? []
      : [
          `${capitalised(hostsText(metric))} with both ${baseline} and ${candidate}: ${candidate} is faster on ${formatNumber(faster)}, slower on ${formatNumber(slower)}${rest === 0 ? "" : `, neither or unknown on ${formatNumber(rest)}`}.`,
        ]),
    ...(tooFast === 0 ? [] : [`Too fast to measure on both backends: ${formatCount(tooFast, noun)}.`]),
    ...(isRepeated ? ["A host has a result in each period, and counts once in each."] : []),
    ...(measured.length < 2 ? [] : [`By stratum: ${measured.join(", ")}.`]),
    ...(isRead && suspects.length > 0
      ? [
          `Reads that probably came from a cache ${view === "trusted" ? "are left out" : "are in it"}: ${suspects.join(", ")}.`,
        ]
      : []),
    // Cached reads are in the sentence before, with their hosts.
    ...Object.entries(metric.flag_details).flatMap(([flag, { text }]) =>
      flag === "suspect_cached_reads" ? [] : [text],
    ),
  ];
}

function changeTexts(comparison: Comparison, name: MetricName, metric: MetricComparison): string[] {
  const { margin } = comparison;
  const { n_eff: hosts, p, p_holm, reason } = metric;
  const { remedy } = WORDS[name];
  const tests = testedMetrics(comparison);
  const fewest = fewestHosts(tests);
  const within = formatMargin(margin);
  const more = (wanted: number) => (wanted > hosts ? `, ${formatNumber(wanted - hosts)} more than now` : "");
  switch (reason) {
    case "no_paired_hosts":
      return [
        `Measure the same hosts on both backends. At least ${fewest} hosts that all agree show a difference${withTests(tests)}; equality takes at least 6, and usually far more.`,
      ];
    case "too_few_hosts":
      return [
        `At least ${fewest} hosts that all agree${more(fewest)}, show a difference${withTests(tests)}. Equality within ${within} takes at least 6, and usually far more.`,
      ];
    case "too_fast_on_both":
    case "mostly_too_fast":
    case "too_fast_hides_size":
      return [`More hosts like these do not help; ${remedy} does, because the test then takes longer.`];
    case "ci_includes_1":
    case "not_significant_after_holm":
    case "difference_below_margin":
      return undecidedTexts(comparison, metric, tests);
    case "ci_within_margin":
      return [`Only hosts that differ from these: so many that the interval leaves 1 by more than ${within}.`];
    case "ci_above_1":
    case "ci_below_1": {
      const factor = p === null || p === 0 || p_holm === null ? tests : p_holm / p;
      const undoing = hostsToOverturn(splitOf(metric), factor);
      return [
        `${formatCount(undoing, "further host")} would undo it, if ${undoing === 1 ? "it says" : "all of them say"} the opposite.`,
      ];
    }
  }
}

/** A projection for each way it can still be decided. */
function undecidedTexts({ candidate, margin }: Comparison, metric: MetricComparison, tests: number): string[] {
  const { n_eff, ratio, ci, reason, p_holm } = metric;
  const within = formatMargin(margin);
  const split = splitOf(metric);
  const equal = hostsForEquality(n_eff, ratio, ci, margin);
  if (equal !== null) {
    return [
      `If the hosts to come are like these, about ${about(equal)} in all would show that the two are equal within ${within}, which is where the median lies now.`,
    ];
  }
  const decisive = isBeyondMargin(metric, margin) ? hostsForDirection(split, tests) : null;
  if (reason === "ci_includes_1" && isSignificant(p_holm)) {
    return ["More hosts narrow the interval; where so many are equal it may include 1 however many there are."];
  }
  const way = split.faster > split.slower ? "faster" : "slower";
  if (decisive !== null) {
    return [
      `If the hosts to come split as these, about ${about(decisive)} in all would show that ${candidate} is ${way}. Chance can make it more or fewer.`,
    ];
  }
  return 2 * Math.max(split.faster, split.slower) <= split.hosts
    ? ["The hosts are too evenly split: more that split as these would not decide it."]
    : ["More hosts narrow the interval; how many it takes cannot be told from these."];
}

function isBeyondMargin({ ratio: { low, high } }: MetricComparison, margin: number): boolean {
  return (low !== null && low > 1 + margin) || (high !== null && high < 1 / (1 + margin));
}

const capitalised = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;

/** The hosts of a metric as certainly distinct ones. */
function splitOf({ hosts, n_eff, faster_hosts, slower_hosts }: MetricComparison): Split {
  return { hosts: n_eff, faster: (faster_hosts * n_eff) / hosts, slower: (slower_hosts * n_eff) / hosts };
}

/** The metrics that will be tested together once each has hosts enough: those that any host has, or else all. */
function testedMetrics({ fleet }: Comparison): number {
  const metrics = Object.values(fleet.metrics);
  const measured = metrics.filter(({ hosts }) => hosts > 0).length;
  return Math.max(1, measured === 0 ? metrics.length : measured);
}

const withTests = (tests: number): string =>
  tests === 1 ? "" : `, since ${formatNumber(tests)} metrics are tested together`;

/** A projected count, in two digits: `870`, `1 300`. */
function about(count: number): string {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(count)) - 1);
  return formatNumber(Math.ceil(count / unit) * unit);
}
