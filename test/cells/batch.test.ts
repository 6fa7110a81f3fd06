// statistics.md, sections 1 to 3, implemented a second time, directly on the samples of all hosts, without summaries or cells.
// Both must agree to the last bit.

import fc from "fast-check";
import { expect, it } from "vitest";
import { emptyMetricCell } from "../../shared/cells/cell.ts";
import { contributions } from "../../shared/cells/contribution.ts";
import { type RunSample, type Sample, summarize } from "../../shared/cells/host-values.ts";
import { QUANTITY_NAMES } from "../../shared/cells/quantities.ts";
import { METRIC_NAMES } from "../../shared/run/metrics.ts";
import { hostsByBin } from "./histogram.ts";
import { find, mergedCell } from "./hosts.ts";
import { randomSamples } from "./random-samples.ts";

fc.configureGlobal({ seed: 20_261_101, numRuns: 60 });

const READ_PATH = ["rewrite", "getc", "get_block", "seeks"];

const round = (x: number) => (x < 0 ? -Math.floor(0.5 - x) : Math.floor(x + 0.5)) || 0;

function median(xs: number[]): number {
  const sorted = xs.toSorted((a, b) => (a === b ? 0 : a - b));
  const half = sorted.length / 2;
  return sorted.length % 2 === 1 ? sorted[half - 0.5]! : (sorted[half - 1]! + sorted[half]!) / 2;
}

/** Lower end, upper end and noise of one side; null without runs. */
function side(samples: Sample[]) {
  if (samples.length === 0) return null;
  const lo = median(samples.map(({ ticks }) => ticks));
  const hi = median(samples.map(({ ticks, censored }) => (censored ? Number.POSITIVE_INFINITY : ticks)));
  const r = samples.length;
  const mean = samples.reduce((sum, { ticks }) => sum + ticks, 0) / r;
  const ss = samples.reduce((sum, { ticks }) => sum + (ticks - mean) ** 2, 0);
  const isNoiseKnown = r >= 2 && samples.every(({ censored }) => !censored);
  const v = isNoiseKnown ? (ss / (r - 1) / r) * (r === 2 ? 1 : Math.PI / 2) : null;
  return { lo: round(lo), hi: lo === hi ? round(lo) : Number.POSITIVE_INFINITY, r, v };
}

/** The vote of one host on one metric of phy against loop, over the strata given. */
function vote(samples: RunSample[], strata: string[], metric: number) {
  const on = (backend: string, stratum: string) =>
    side(
      samples
        .filter((each) => each.backend === backend && each.stratum === stratum)
        .flatMap((each) => each.values[metric] ?? []),
    );
  const paired = strata.flatMap((stratum) => {
    const [b, c] = [on("loop", stratum), on("phy", stratum)];
    return b && c ? [{ b, c, lo: c.lo - b.hi, hi: c.hi - b.lo }] : [];
  });
  const telling = paired.filter(({ lo, hi }) => Number.isFinite(lo) || Number.isFinite(hi));
  const used = telling.length > 0 ? telling : paired;
  if (used.length === 0) return null;
  return { used, lo: round(median(used.map(({ lo }) => lo))), hi: round(median(used.map(({ hi }) => hi))) };
}

/** The fields of a pair cell in one metric, as a plain object of counts. */
function batch(fleet: RunSample[][], scope: string, metric: number, view: string): Record<string, number> {
  const cell: Record<string, number> = {};
  const add = (field: string, amount: number) => {
    const sum = (cell[field] ?? 0) + amount;
    if (sum === 0) delete cell[field];
    else cell[field] = sum;
  };
  for (const all of fleet) {
    const isLeftOut = view === "trusted" && READ_PATH.includes(QUANTITY_NAMES[metric]!.replace(":eff", ""));
    const samples = all.filter(({ cached }) => !isLeftOut || cached.length === 0);
    const strata = [...new Set(samples.map(({ stratum }) => stratum))].filter(
      (each) => scope === "ALL" || each === scope,
    );
    const d = vote(samples, strata, metric);
    if (d === null) continue;
    const isExact = d.lo === d.hi;
    const isUnknown = d.lo === Number.NEGATIVE_INFINITY && d.hi === Number.POSITIVE_INFINITY;
    add("n", 1);
    add(isExact ? "nx" : isUnknown ? "nb" : "bounded", 1);
    if (isExact ? d.lo > 0 : d.lo >= 0) add("pos", 1);
    if (isExact ? d.lo < 0 : d.hi <= 0) add("neg", 1);
    if (isExact) add("s1", d.lo);
    if (isExact) add("s2", d.lo ** 2);
    if (isExact) add(`x${round(d.lo / 50)}`, 1);
    if (!isExact && Number.isFinite(d.lo)) add(`l${round(d.lo / 50)}`, 1);
    if (!isExact && Number.isFinite(d.hi)) add(`u${round(d.hi / 50)}`, 1);
    const only = d.used.length === 1 ? d.used[0]! : null;
    if (only && only.b.v !== null && only.c.v !== null) {
      add("wv", round(only.b.v + only.c.v));
      add("wn", 1);
    }
    if (d.used.some(({ b, c }) => b.r === 1 || c.r === 1)) add("one", 1);
    add(
      "runs",
      d.used.reduce((sum, { b, c }) => sum + b.r + c.r, 0),
    );
  }
  delete cell["bounded"];
  return cell;
}

/** Hosts with little CPU in a metric: 1e4 ln 10 = 23025.85, and runs of which half or more printed a %CP of 0. */
function lowCpuHosts(fleet: RunSample[][], scope: string, metric: number, view: string): number {
  return fleet.filter((all) => {
    const isLeftOut = view === "trusted" && READ_PATH.includes(QUANTITY_NAMES[metric]!);
    const samples = all.filter(({ cached }) => !isLeftOut || cached.length === 0);
    const on = (backend: string, stratum: string) => {
      const group = samples.filter((each) => each.backend === backend && each.stratum === stratum);
      const rate = side(group.flatMap((each) => each.values[metric] ?? []));
      const efficiency = side(group.flatMap((each) => each.values[metric + 12] ?? []));
      return rate && efficiency && { isLow: efficiency.hi === Infinity || rate.lo - efficiency.lo < 23_026 };
    };
    return [...new Set(samples.map(({ stratum }) => stratum))].some((stratum) => {
      const [b, c] = [on("loop", stratum), on("phy", stratum)];
      return (scope === "ALL" || scope === stratum) && b && c && (b.isLow || c.isLow);
    });
  }).length;
}

it("cells built host by host equal the batch over all raw runs, in every field of every metric", () => {
  const fleets = fc.array(randomSamples(14), { maxLength: 5 });
  const scopes = fc.constantFrom("ALL", "v1/2G/8k/16");
  fc.assert(
    fc.property(fleets, scopes, fc.constantFrom("all", "trusted"), (fleet, scope, view) => {
      const lists = fleet.map((samples) => contributions(summarize("h", samples)));
      const merged = mergedCell(lists.flatMap((list) => find(list, `pair loop:phy ${scope}`, view)?.cell ?? []));
      QUANTITY_NAMES.forEach((_, metric) => {
        const { x, l, u, ...counts } = merged.metrics[metric] ?? emptyMetricCell();
        const bins = Object.entries({ x, l, u }).flatMap(([field, histogram]) =>
          Object.entries(hostsByBin(histogram)).map(([bin, hosts]): [string, number] => [`${field}${bin}`, hosts]),
        );
        const fields = Object.entries<number>(counts).filter(([, value]) => value !== 0);
        expect(Object.fromEntries([...fields, ...bins])).toEqual(batch(fleet, scope, metric, view));
      });
      METRIC_NAMES.forEach((name, metric) => {
        expect(merged.notes.get(`low_cpu:${name}`) ?? 0).toBe(lowCpuHosts(fleet, scope, metric, view));
      });
    }),
  );
});
