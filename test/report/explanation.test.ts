// When one of these fails, a page gives an operator a wrong reason for a verdict, or advice that does not lead to one.

import { describe, expect, test } from "vitest";
import type { Comparison, MetricComparison } from "../../shared/compare/comparison.ts";
import type { Reason } from "../../shared/compare/verdict.ts";
import { explainMetric } from "../../shared/report/explanation.ts";
import { METRIC_NAMES, type MetricName } from "../../shared/run/metrics.ts";
import * as comparisons from "../support/comparisons.ts";

const ALL: Readonly<Record<string, Comparison>> = {
  seed: comparisons.seed(),
  "seed as reported": comparisons.seed("all"),
  "clear win": comparisons.clearWin(),
  "all equal": comparisons.allEqual(),
  "all censored": comparisons.allCensored(),
  empty: comparisons.empty(),
  "six hosts": comparisons.sixHosts(),
  "100 000 hosts": comparisons.hundredThousandHosts(),
  mixed: comparisons.mixed(),
};

function explanationOf(comparison: Comparison, metric: MetricName) {
  const explanation = explainMetric(comparison, metric);
  if (explanation === null) throw new Error(`there is no explanation of ${metric}`);
  return explanation;
}

/** The first metric of any comparison with a reason. */
function withReason(reason: Reason) {
  for (const comparison of Object.values(ALL)) {
    for (const metric of METRIC_NAMES) {
      if (comparison.fleet.metrics[metric]?.reason === reason) return explanationOf(comparison, metric);
    }
  }
  throw new Error(`no comparison has the reason ${reason}`);
}

describe.each(Object.entries(ALL))("%s", (_, comparison) => {
  test("every metric has whole sentences, none with a hole in it", () => {
    for (const metric of METRIC_NAMES) {
      const { why, hosts, change } = explanationOf(comparison, metric);
      expect(change.length, metric).toBeGreaterThan(0);
      for (const text of [why, ...hosts, ...change]) {
        expect(text).toMatch(/^[A-Z0-9].*[.]$/);
        expect(text).not.toMatch(/NaN|undefined|null|Infinity|\s{2}/);
      }
    }
  });

  test("the hosts named add up", () => {
    for (const metric of METRIC_NAMES) {
      const found = comparison.fleet.metrics[metric];
      const [first = ""] = explanationOf(comparison, metric).hosts;
      const split = /^([\d ]+) hosts? with.* faster on ([\d ]+), slower on ([\d ]+)(?:, .* on ([\d ]+))?\.$/.exec(
        first,
      );
      if (found === undefined || found.hosts === 0) continue;
      const [total, ...parts] = (split ?? []).slice(1).map((part) => Number((part ?? "0").replaceAll(" ", "")));
      expect(total, `${metric}: ${first}`).toBe(found.hosts);
      expect(parts.reduce((sum, part) => sum + part, 0)).toBe(found.hosts);
    }
  });
});

test("a metric that was not asked for has none", () => {
  const { fleet } = comparisons.seed();
  const only = { ...comparisons.seed(), fleet: { ...fleet, metrics: {} } };
  expect(explainMetric(only, "putc")).toBeNull();
});

/** putc of the clear win with other findings. */
function found(change: Partial<MetricComparison>) {
  const comparison = comparisons.clearWin();
  const putc = comparison.fleet.metrics.putc;
  if (putc === undefined) throw new Error("the clear win lacks putc");
  const fleet = { ...comparison.fleet, metrics: { ...comparison.fleet.metrics, putc: { ...putc, ...change } } };
  return explanationOf({ ...comparison, fleet }, "putc");
}

test("equal at the median: hosts that differ by more are named, if there are enough of them", () => {
  const equal = { verdict: "equivalent", reason: "ci_within_margin", ci: { low: 0.99, high: 1.01 } } as const;
  const share = { faster: 0, slower: 1 / 3, same: 2 / 3, undetermined: 0 };
  expect(found({ ...equal, share }).why).toBe(
    "The 95 % interval, 0.990 to 1.010, is entirely within 3 % of 1: on the median host any difference is too small to matter. Hosts are not all alike: 33 % of them were slower by more than 3 %.",
  );
  expect(found({ ...equal, share: { ...share, slower: 0.09 } }).why).toMatch(/is too small to matter\.$/);
});

test("a direction without a size because of ties: no advice to make the file larger", () => {
  const ties = { reason: "ci_includes_1", p_holm: 0.03, ci: { low: 0.998, high: 1.5 } } as const;
  const { why, change } = found({ ...ties, verdict: "inconclusive" });
  expect(why).toMatch(
    /^More hosts go one way than chance explains .*0\.998 to 1\.50, includes 1: so many hosts are equal/,
  );
  expect(change.join()).not.toMatch(/-s|larger/);
  expect(found({ ...ties, p_holm: 0.06 }).why).toMatch(/may be slower or faster/);
});

describe("what would change it", () => {
  test("one host: the hosts that are missing, and how many more that is", () => {
    // Eight metrics of the seed have a host; 2^9 = 512 >= 40 * 8 = 320 > 2^8.
    expect(explanationOf(comparisons.seed(), "putc").change).toEqual([
      "At least 9 hosts that all agree, 8 more than now, show a difference, since 8 metrics are tested together. Equality within 3 % takes at least 6, and usually far more.",
    ]);
  });

  test("no host with both: to measure the same hosts", () => {
    expect(withReason("no_paired_hosts").change.join()).toContain("the same hosts on both backends");
  });

  test("too fast: longer tests and not more hosts", () => {
    expect(withReason("too_fast_on_both").change.join()).toMatch(/^More hosts like these do not help: .*\(-[sn]/);
  });

  test("decided: what it takes to overturn it", () => {
    expect(withReason("ci_above_1").change.join()).toMatch(/^\d+ further hosts would overturn it, if all of them show/);
    expect(withReason("ci_below_1").change.join()).toMatch(/further hosts? would overturn it/);
  });

  test("six hosts that agree lack the hosts that twelve metrics take", () => {
    const { fleet } = comparisons.sixHosts();
    expect(fleet.metrics.put_block).toMatchObject({ reason: "not_significant_after_holm", faster_hosts: 6 });
    expect(explanationOf(comparisons.sixHosts(), "put_block").change).toEqual([
      "If further hosts split like these, about 9 in all would show that blktap2 is faster. Chance can make it more or fewer.",
    ]);
  });
});

test("cached reads are named with their rules and hosts, where they could matter", () => {
  const { hosts } = explanationOf(comparisons.seed(), "get_block");
  expect(hosts.join()).toContain("Reads that probably came from a cache are left out: loop on 1 host (C1, C2).");
  expect(explanationOf(comparisons.seed("all"), "get_block").hosts.join()).toContain("are included: loop on 1 host");
  expect(explanationOf(comparisons.seed(), "putc").hosts.join()).not.toContain("cache");
});
