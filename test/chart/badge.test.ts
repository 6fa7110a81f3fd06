import { expect, test } from "vitest";
import { badge } from "../../shared/chart/badge.ts";
import { compare } from "../../shared/compare/compare.ts";
import { describeComparison } from "../../shared/report/sentences.ts";
import type { MetricName } from "../../shared/run/metrics.ts";
import { cellOf, type Host, input, metricCellOf, onePeriod, put, query } from "../compare/build.ts";
import { allEqual, clearWin, empty, mixed, seed } from "../support/comparisons.ts";

test.each<[string, ReturnType<typeof seed>, MetricName]>([
  ["blktap2 vs loop: block write 1.95x (1.86-2.13)", clearWin(), "put_block"],
  ["blktap2 vs loop: random seeks 0.735x (0.674-0.775)", clearWin(), "seeks"],
  ["phy vs loop: char write 0.989x (0.981-1.006), equivalent", allEqual(), "putc"],
  ["blktap2 vs loop: sequential stat 1.053x (0.938-1.092), too close to call", clearWin(), "seq_stat"],
  ["blktap1 vs loop: char write 2.72x on 1 host, no verdict", seed(), "putc"],
  ["blktap1 vs loop: sequential create <= 0.903x on 1 host, no verdict", seed(), "seq_create"],
  ["blktap1 vs loop: char read suspected cache", seed(), "getc"],
  ["blktap1 vs loop: sequential stat too fast to measure", seed(), "seq_stat"],
  ["qdisk vs loop: sequential delete >= 4.12x (>= 2.88)", mixed(), "seq_delete"],
  ["qdisk vs loop: sequential create <= 0.302x (<= 0.367)", mixed(), "seq_create"],
  ["tapdisk3 vs loop: char write no data yet", empty(), "putc"],
])("a badge claims no more than is known: %s", (words, comparison, metric) => {
  const scene = badge(comparison, metric);
  expect(scene.title).toBe(words);
  const drawn = scene.items.flatMap((item) => (item.kind === "text" ? [item.text] : []));
  expect(drawn.join(" ")).toBe(words);
});

test("a badge of a metric that was not asked for has no data, rather than failing the page it is in", () => {
  const only = describeComparison(compare(input({ query: query("loop", "phy", { metrics: ["seeks"] }) })));
  expect(badge(only, "putc").title).toBe("phy vs loop: char write no data yet");
});

test("hosts repeated over several periods count once", () => {
  const hosts = Array<Host>(20).fill(5000);
  const merged = { ...put(hosts), nEff: onePeriod(cellOf({ put_block: metricCellOf(hosts.slice(0, 5)) })).nEff };
  const found = describeComparison(
    compare(input({ query: query("blktap2", "loop", { metrics: ["put_block"] }), pair: new Map([["ALL", merged]]) })),
  );
  expect(badge(found, "put_block").title).toBe("loop vs blktap2: block write 1.65x on 5 hosts, no verdict");
});
