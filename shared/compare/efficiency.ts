// CPU efficiency of one scope: the rate for each per cent of CPU, candidate over baseline, as if it were a metric of its own
// (statistics.md, section 8). It sees the CPU of the guest, or of Dom0, where Bonnie++ ran, and no other: a backend that moves
// its work to Dom0 looks efficient. So it has a ratio and an interval, and neither test nor verdict.

import { lowCpuNote } from "../cells/low-cpu.ts";
import type { MetricName } from "../run/metrics.ts";
import { efficiencyName } from "../cells/quantities.ts";
import type { medianRank } from "./tests.ts";
import type { EfficiencyComparison } from "./comparison.ts";
import { type Flag, type FlagDetail, flagsOf } from "./flag.ts";
import { hostFlags, ofHosts } from "./flags.ts";
import { known, limits } from "./estimate.ts";
import { measure } from "./measure.ts";
import { type CachedHosts, noted } from "./notes.ts";
import type { Merged } from "./question.ts";

/** What the efficiency of one metric in one scope is derived from. */
interface EfficiencyEvidence {
  readonly pair: Merged | undefined;
  readonly metric: MetricName;
  /** Cached runs of both backends, for a metric of the read path; else null. */
  readonly cached: CachedHosts | null;
  /** Whether runs of Bonnie++ 1.9x or 2.0 are in the scope. */
  readonly hasV2: boolean;
  readonly rankOf: typeof medianRank;
}

/** The efficiency of one metric in one scope; without hosts the ratio is unknown. */
export function compareEfficiency(evidence: EfficiencyEvidence): EfficiencyComparison {
  const { pair, metric, cached, hasV2, rankOf } = evidence;
  const own = measure(pair, efficiencyName(metric), rankOf);
  const { n, nx } = own.cell;
  const details: Partial<Record<Flag, FlagDetail>> = { ...hostFlags(own, cached) };
  const low = noted(pair, lowCpuNote(metric));
  if (low > n / 2) {
    const text = `A side used less than 10 % CPU, of which only whole per cents are known, on ${ofHosts(low, own)}.`;
    details.low_cpu = { text, count: low };
  }
  if (metric === "seeks" && hasV2 && n > 0) {
    const text = "Bonnie++ 1.9x and 2.0 count the CPU of the seeks once for every seeker, up to fivefold.";
    details.inflated_cpu = { text };
  }
  return {
    hosts: n,
    n_eff: own.nEff,
    exact: nx,
    ratio: known(own.estimate),
    ci: limits(own.interval),
    flags: flagsOf(details),
    flag_details: details,
  };
}
