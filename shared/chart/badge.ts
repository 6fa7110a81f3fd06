// A badge: one metric of a comparison in a line, small enough for the head of a README. In: a published comparison and a
// metric. Out: a scene with the subject on the left, and the ratio or the reason for its absence on the right.

import type { Comparison, ConfidenceInterval, MetricComparison } from "../compare/comparison.ts";
import { aboutFacts } from "../report/about.ts";
import { formatInterval, formatTimes } from "../report/format.ts";
import { verdictLabel } from "../report/verdicts.ts";
import { formatCount, formatRatio } from "../run/format.ts";
import { type MetricName, metricLabel } from "../run/metrics.ts";
import { printable } from "../run/text.ts";
import { marker, middle, rect, type Scene, text } from "./scene.ts";
import { type Font, textWidth } from "./text-metrics.ts";
import { VERDICT_MARKS } from "./verdict-mark.ts";

const FONT: Font = { size: 11, weight: "normal" };
const HEIGHT = 22;
const PADDING = 8;
const SHAPE = 9;
const AFTER_SHAPE = 5;

/**
 * The finding of one metric, e.g. `blktap2 vs loop: block write 2.12x (2.04-2.19)`. Without a clear finding it says so:
 * `2.72x on 1 host, no verdict`, `>= 4.12x (>= 2.88)`, `no data yet`.
 */
export function badge(comparison: Comparison, metric: MetricName): Scene {
  const { baseline, candidate } = comparison;
  const found = comparison.fleet.metrics[metric];
  const label = metricLabel(metric);
  const subject = `${candidate} vs ${baseline}: ${label}`;
  const value = toKeyboard(valueText(found));
  const about = aboutFacts(comparison).map(({ label: name, text: content }) => `${name} ${content}`);
  const { role, shape } = VERDICT_MARKS[found?.verdict ?? "not comparable"];
  const left = textWidth(subject, FONT) + 2 * PADDING;
  const width = Math.ceil(left + PADDING + SHAPE + AFTER_SHAPE + textWidth(value, FONT) + PADDING);
  const baselineY = middle(HEIGHT / 2, FONT.size);
  return {
    width,
    height: HEIGHT,
    title: `${subject} ${value}`,
    desc: printable([found?.sentence ?? "", `${about.join(", ")}.`].filter((part) => part !== "").join(" ")),
    items: [
      rect("paper", 0, 0, width, HEIGHT),
      rect("equal", 0, 0, left, HEIGHT),
      rect(role, left, 0, width - left, HEIGHT),
      // A seam, in case both sides have the same color.
      rect("paper", left - 0.5, 0, 1, HEIGHT),
      ...text(subject, PADDING, baselineY, { ...FONT, role: "paper" }),
      marker(shape === "ring" ? "circle" : shape, "paper", left + PADDING + SHAPE / 2, HEIGHT / 2, SHAPE),
      ...text(value, left + PADDING + SHAPE + AFTER_SHAPE, baselineY, { ...FONT, role: "paper" }),
    ],
  };
}

function valueText(metric: MetricComparison | undefined): string {
  if (metric === undefined) return "no data yet";
  const { ratio, ci, reason, verdict, n_eff: hosts, flags } = metric;
  switch (reason) {
    case "no_paired_hosts":
      return flags.includes("suspect_cached_reads") ? "suspected cache" : "no data yet";
    case "too_fast_on_both":
    case "mostly_too_fast":
      return "too fast to measure";
    case "too_few_hosts":
      return `${formatTimes(ratio)} on ${formatCount(hosts, "host")}, no verdict`;
    default:
      return verdict === "faster" || verdict === "slower"
        ? `${formatTimes(ratio)}${limitsText(ci)}`
        : `${formatTimes(ratio)}${limitsText(ci)}, ${verdictLabel(metric)}`;
  }
}

/** ` (2.04-2.19)`; empty where the interval has no limit. */
function limitsText(ci: ConfidenceInterval | null): string {
  return ci === null || (ci.low === null && ci.high === null) ? "" : ` (${formatInterval(ci, formatRatio, "compact")})`;
}

/** With characters of a keyboard, as people type them into a text. */
function toKeyboard(words: string): string {
  return words.replaceAll("×", "x").replaceAll("–", "-").replaceAll("≥", ">=").replaceAll("≤", "<=");
}
