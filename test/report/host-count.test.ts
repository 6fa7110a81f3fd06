// When one of these fails, a report counts a host once for each period, or says that all metrics have the hosts of one.

import { describe, expect, test } from "vitest";
import type { Comparison, MetricComparison } from "../../shared/compare/comparison.ts";
import { comparisonLead } from "../../shared/report/details.ts";
import { explainMetric } from "../../shared/report/explanation.ts";
import { formatHostCount, formatHostRange, formatHosts } from "../../shared/report/format.ts";
import { DEFAULT_RENDER_OPTIONS } from "../../shared/report/model.ts";
import { METRIC_NAMES, type MetricName } from "../../shared/run/metrics.ts";
import * as comparisons from "../support/comparisons.ts";
import { reportOf } from "../support/kinds.ts";

const of = (hosts: number, n_eff = hosts) => ({ hosts, n_eff });

test.each([
  [of(40), "40", "40 hosts"],
  [of(1), "1", "1 host"],
  [of(0), "0", "0 hosts"],
  [of(3000, 1240), ">= 1 240", "at least 1 240 hosts (3 000 results over the periods)"],
])("the hosts of one metric: %o", (counted, column, sentence) => {
  expect(formatHostCount(counted)).toBe(column);
  expect(formatHosts(counted)).toBe(sentence);
});

test.each([
  [[of(40), of(40)], "40 hosts"],
  [[of(9), of(40), of(0)], "9 to 40 hosts"],
  [[of(30, 10), of(30, 10)], "at least 10 hosts"],
  [[of(9, 3), of(30, 10), of(0)], "at least 3 to 10 hosts"],
  [[of(0)], "0 hosts"],
  [[], "0 hosts"],
])("the hosts of several metrics: %o", (metrics, text) => {
  expect(formatHostRange(metrics)).toBe(text);
});

/** The comparison with other numbers of hosts in some metrics. */
function withHosts(comparison: Comparison, of: (name: MetricName) => Partial<MetricComparison>): Comparison {
  const metrics = Object.fromEntries(
    METRIC_NAMES.flatMap((name) => {
      const metric = comparison.fleet.metrics[name];
      return metric === undefined ? [] : [[name, { ...metric, ...of(name) }]];
    }),
  );
  return { ...comparison, fleet: { ...comparison.fleet, metrics } };
}

describe("a comparison", () => {
  test("leads with the range of hosts, where metrics have different ones", () => {
    const found = withHosts(comparisons.clearWin(), (name) => (name === "put_block" ? of(9) : {}));
    expect(comparisonLead(found, DEFAULT_RENDER_OPTIONS)).toMatch(
      /^On 9 to 40 hosts with both, blktap2 compared with loop/,
    );
    expect(comparisonLead(found, { metrics: ["put_block"] })).toMatch(/^On 9 hosts with both, /);
  });

  test("over several periods claims no more hosts than are certainly different ones", () => {
    const found = { ...withHosts(comparisons.clearWin(), () => of(40, 10)), periods: ["2026-10", "2026-11"] };
    const { lead, sections } = reportOf({ kind: "compare", result: found }, DEFAULT_RENDER_OPTIONS);
    expect(lead).toMatch(/^On at least 10 hosts with both, /);
    expect(sections[0]?.table?.rows.map((row) => row[1]?.text)).toEqual(METRIC_NAMES.map(() => ">= 10"));
    expect(sections[0]?.texts[0]?.text).toMatch(/^at least this many distinct hosts/);
    expect(explainMetric(found, "putc")?.hosts[0]).toMatch(
      /^At least 10 hosts \(40 results over the periods\) with both loop and blktap2: /,
    );
  });

  test("of one period has no such remark", () => {
    const { sections } = reportOf({ kind: "compare", result: comparisons.clearWin() }, DEFAULT_RENDER_OPTIONS);
    expect(sections[0]?.texts.map(({ label }) => label)).not.toContain("hosts");
  });
});

test("backends over several periods say that hosts count in each", () => {
  const question = { periods: ["2026-10", "2026-11"], view: "trusted", filters: {} } as const;
  const about = { as_of: null, pending_hosts: 0, notices: [], method_version: "1", backends: {} };
  const noticesOf = (periods: readonly string[]) =>
    reportOf({ kind: "backends", result: { ...question, ...about, periods } }, DEFAULT_RENDER_OPTIONS).notices;
  expect(noticesOf(question.periods).map(({ text }) => text)).toEqual([
    "a host counts once in each period; the first table shows the hosts of the period with most hosts.",
  ]);
  expect(noticesOf(["all"])).toEqual([]);
});
