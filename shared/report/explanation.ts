// The explanation of a verdict: which rule gave it, which hosts it rests on, and what would change it. In: a published
// comparison and a metric. Out: sentences for a page. compare/sample-size.ts makes the projections.

import type { Comparison, MetricComparison } from "../compare/comparison.ts";
import { isReadPath } from "../compare/flags.ts";
import {
  fewestHosts,
  hostsForDirection,
  hostsForEquality,
  hostsToOverturn,
  type Split,
} from "../compare/sample-size.ts";
import { isSignificant } from "../compare/verdict.ts";
import { formatCount, formatMargin, formatNumber, formatPValue, formatRatio } from "../run/format.ts";
import type { MetricName } from "../run/metrics.ts";
import { capitalize, formatHostCount, formatHosts, formatInterval } from "./format.ts";
import { TEST_LABELS, unlikeMedian } from "./sentences.ts";

/** Why the verdict, on which hosts, and what would change it: each in whole sentences. */
export interface Explanation {
  readonly why: string;
  readonly hosts: readonly string[];
  readonly change: readonly string[];
}

/** The explanation of one metric of the fleet; null where the comparison does not have it. */
export function explainMetric(comparison: Comparison, name: MetricName): Explanation | null {
  const metric = comparison.fleet.metrics[name];
  if (metric === undefined) return null;
  return {
    why: explainVerdict(comparison, metric),
    hosts: describeHosts(comparison, name, metric),
    change: projectChange(comparison, name, metric),
  };
}

function explainVerdict(comparison: Comparison, metric: MetricComparison): string {
  const { candidate, margin } = comparison;
  const { ci, p, p_holm, hosts, both_too_fast: tooFast, reason, share } = metric;
  const interval = `the 95 % interval, ${formatInterval(ci, formatRatio, "words")},`;
  const within = formatMargin(margin);
  const tests = Object.values(comparison.fleet.metrics).filter((one) => one.p !== null).length;
  const test = `the sign test over ${formatCount(tests, "metric")} has p ${formatPValue(p_holm)}, against a limit of 0.05`;
  switch (reason) {
    case "no_paired_hosts":
      return "No host has usable results for both backends; comparing different hosts is not evidence.";
    case "too_fast_on_both":
      return `Bonnie++ could not time this test on either backend: it took under half a second on ${hosts === 1 ? "the one host" : "every host"}.`;
    case "mostly_too_fast":
      return `On so many hosts this test took under half a second (on both backends on ${formatNumber(tooFast)} of ${formatNumber(hosts)}) that the median has no limit on either side.`;
    case "too_few_hosts":
      return "The median of fewer than 6 hosts has no 95 % interval, for any numbers.";
    case "ci_within_margin": {
      const unlike = unlikeMedian(share);
      return `${capitalize(interval)} is entirely within ${within} of 1: on the median host any difference is too small to matter.${unlike === null ? "" : ` Hosts are not all alike: ${unlike}.`}`;
    }
    case "too_fast_hides_size":
      return `More hosts go one way than chance explains (${test}), but tests too fast to be timed hide how far: ${interval} includes 1.`;
    case "ci_includes_1":
      return isSignificant(p_holm)
        ? `More hosts go one way than chance explains (${test}), but ${interval} includes 1: so many hosts are equal, or nearly equal, that there may be no difference at the median.`
        : `${capitalize(interval)} includes 1, so ${candidate} may be slower or faster; and it is wider than ${within} either way, so they cannot be called equal.`;
    case "not_significant_after_holm":
      return `${capitalize(interval)} does not include 1, but ${test}.${tests === 1 ? "" : ` Before the correction for so many tests it is ${formatPValue(p)}.`}`;
    case "ci_above_1":
      return `${capitalize(interval)} is above 1, the median more than ${within} above it, and ${test}.`;
    case "ci_below_1":
      return `${capitalize(interval)} is below 1, the median more than ${within} below it, and ${test}.`;
    case "difference_below_margin":
      return `${capitalize(interval)} does not include 1, but the median is not shown to be more than ${within} away from it.`;
  }
}

function describeHosts(comparison: Comparison, name: MetricName, metric: MetricComparison): string[] {
  const { baseline, candidate, strata, cached, view, periods } = comparison;
  const { hosts, faster_hosts: faster, slower_hosts: slower, both_too_fast: tooFast } = metric;
  const rest = hosts - faster - slower;
  const isRepeated = metric.n_eff < hosts;
  const noun = isRepeated ? "result" : "host";
  const measured = Object.entries(strata).flatMap(([stratum, { metrics }]) => {
    const own = metrics[name];
    return own === undefined || own.hosts === 0 ? [] : [`${stratum} ${formatHostCount(own)}`];
  });
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
          `${capitalize(formatHosts(metric))} with both ${baseline} and ${candidate}: ${candidate} is faster on ${formatNumber(faster)}, slower on ${formatNumber(slower)}${rest === 0 ? "" : `, neither or unknown on ${formatNumber(rest)}`}.`,
        ]),
    ...(tooFast === 0 ? [] : [`Too fast to measure on both backends: ${formatCount(tooFast, noun)}.`]),
    ...(isRepeated ? ["A host has a result in each period, and counts once in each."] : []),
    ...(measured.length < 2 ? [] : [`By stratum: ${measured.join(", ")}.`]),
    ...(isReadPath(name) && suspects.length > 0
      ? [
          `Reads that probably came from a cache ${view === "trusted" ? "are left out" : "are included"}: ${suspects.join(", ")}.`,
        ]
      : []),
    // The sentence before already names cached reads, with their hosts.
    ...Object.entries(metric.flag_details).flatMap(([flag, { text }]) =>
      flag === "suspect_cached_reads" ? [] : [text],
    ),
  ];
}

function projectChange(comparison: Comparison, name: MetricName, metric: MetricComparison): string[] {
  const { margin } = comparison;
  const { n_eff: hosts, p, p_holm, reason } = metric;
  const { remedy } = TEST_LABELS[name];
  const tests = countTested(comparison);
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
      return [`More hosts like these do not help: ${remedy}, so that the test takes longer.`];
    case "ci_includes_1":
    case "not_significant_after_holm":
    case "difference_below_margin":
      return projectDecision(comparison, metric, tests);
    case "ci_within_margin":
      return [
        `Only hosts that differ from these: enough of them to move the interval more than ${within} away from 1.`,
      ];
    case "ci_above_1":
    case "ci_below_1": {
      const factor = p === null || p === 0 || p_holm === null ? tests : p_holm / p;
      const overturning = hostsToOverturn(splitHosts(metric), factor);
      return [
        `${formatCount(overturning, "further host")} would overturn it, if ${overturning === 1 ? "it shows" : "all of them show"} the opposite.`,
      ];
    }
  }
}

/** The projection for a verdict that is still open. */
function projectDecision({ candidate, margin }: Comparison, metric: MetricComparison, tests: number): string[] {
  const { n_eff, ratio, ci, reason, p_holm } = metric;
  const within = formatMargin(margin);
  const split = splitHosts(metric);
  const equal = hostsForEquality(n_eff, ratio, ci, margin);
  if (equal !== null) {
    return [
      `If further hosts are like these, about ${about(equal)} in all would show that the two are equal within ${within}, where the median is now.`,
    ];
  }
  const decisive = isBeyondMargin(metric, margin) ? hostsForDirection(split, tests) : null;
  if (reason === "ci_includes_1" && isSignificant(p_holm)) {
    return ["More hosts narrow the interval; where so many are equal it may always include 1."];
  }
  const direction = split.faster > split.slower ? "faster" : "slower";
  if (decisive !== null) {
    return [
      `If further hosts split like these, about ${about(decisive)} in all would show that ${candidate} is ${direction}. Chance can make it more or fewer.`,
    ];
  }
  return 2 * Math.max(split.faster, split.slower) <= split.hosts
    ? ["The hosts are too evenly split: more hosts that split like these would not decide it."]
    : ["More hosts narrow the interval; how many are needed cannot be estimated from these data."];
}

function isBeyondMargin({ ratio: { low, high } }: MetricComparison, margin: number): boolean {
  return (low !== null && low > 1 + margin) || (high !== null && high < 1 / (1 + margin));
}

/** The hosts of a metric, scaled down to those that are certainly distinct. */
function splitHosts({ hosts, n_eff, faster_hosts, slower_hosts }: MetricComparison): Split {
  return { hosts: n_eff, faster: (faster_hosts * n_eff) / hosts, slower: (slower_hosts * n_eff) / hosts };
}

/** The number of metrics tested together once each has enough hosts: those that any host has, or else all. */
function countTested({ fleet }: Comparison): number {
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
