import { noiseVariance } from "../summary/host-value.ts";
import { isBothTooFast, logRatio, voteOf, votingStrata } from "../summary/log-ratio.ts";
import { rnd } from "../summary/ticks.ts";
import type { HostValue } from "../summary/types.ts";
import { binsOf } from "./bins.ts";
import type { MetricCell } from "./cell.ts";
import { emptyMetricCell } from "./metric-cell.ts";

/** One metric of one host in one stratum, on both backends of a pair. */
export interface PairedValues {
  readonly baseline: HostValue;
  readonly candidate: HostValue;
}

/**
 * What a host adds to one metric of a pair cell (statistics.md, section 3, table of the pair cell): one vote over the given
 * strata, at least one. The cell of a single stratum is the case of one; scope ALL gets every stratum of the host that
 * has the metric on both sides.
 */
export function pairMetric(strata: readonly PairedValues[]): MetricCell {
  const voting = votingStrata(strata.map((pair) => ({ ...pair, ratio: logRatio(pair.baseline, pair.candidate) })));
  const { lo, hi } = voteOf(voting.map(({ ratio }) => ratio));
  const isExact = lo === hi;
  const sides = voting.flatMap(({ baseline, candidate }) => [baseline, candidate]);
  const noise = voting.length === 1 ? totalNoise(sides) : null;
  const cell = emptyMetricCell();
  cell.n = 1;
  cell.nx = isExact ? 1 : 0;
  cell.nb = isBothTooFast({ lo, hi }) ? 1 : 0;
  // A bound is never reached: the true rate is strictly above it, so a bound of 0 on d has a certain sign.
  cell.pos = (isExact ? lo > 0 : lo >= 0) ? 1 : 0;
  cell.neg = (isExact ? hi < 0 : hi <= 0) ? 1 : 0;
  cell.s1 = isExact ? lo : 0;
  cell.s2 = isExact ? lo * lo : 0;
  cell.wv = noise ?? 0;
  cell.wn = noise === null ? 0 : 1;
  cell.one = sides.some((side) => side.runs === 1) ? 1 : 0;
  cell.runs = sides.reduce((total, side) => total + side.runs, 0);
  if (isExact) cell.x = binsOf(lo);
  if (!isExact && Number.isFinite(lo)) cell.l = binsOf(lo);
  if (!isExact && Number.isFinite(hi)) cell.u = binsOf(hi);
  return cell;
}

/** The variance of d that is run-to-run noise, in whole ticks^2; null unless it is known on every side. */
function totalNoise(sides: readonly HostValue[]): number | null {
  const variances = sides.map(noiseVariance).filter((variance) => variance !== null);
  return variances.length === sides.length ? rnd(variances.reduce((total, variance) => total + variance, 0)) : null;
}
