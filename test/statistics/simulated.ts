// Simulated fleets whose truth is known, as raw runs and by the whole way to a verdict.

import { addCell, emptyCell } from "../../shared/cells/merge.ts";
import { contributions } from "../../shared/cells/contribution.ts";
import { compare } from "../../shared/compare/compare.ts";
import type { Comparison } from "../../shared/compare/comparison.ts";
import { mergePeriods } from "../../shared/compare/merge-periods.ts";
import type { Cell } from "../../shared/cells/cell.ts";
import { type MetricName, perMetric } from "../../shared/model/metrics.ts";
import type { Run } from "../../shared/model/run.ts";
import { sampleOf } from "../../shared/summary/sample.ts";
import { summarise } from "../../shared/summary/summarise.ts";
import { runOf } from "../support/runs.ts";

export interface Simulation {
  readonly hosts: number;
  /** Runs of each host on each backend. */
  readonly runs: number;
  /** True ratio of phy to loop on a typical host. */
  readonly ratio: number;
  /** Standard deviation of the log between runs of one host. */
  readonly noise: number;
  /** What a host adds to the log-ratio of a metric; its median is 0. */
  readonly effect: () => number;
  /** The log of a rate above which a test is too fast to measure, the typical host being at 0; infinite: none is. */
  readonly bound: number;
  readonly normal: () => number;
}

const TYPICAL = 20_000;

/** The runs of a fleet in which every host has loop and phy. */
export function simulatedRuns({ hosts, runs, ratio, noise, effect, bound, normal }: Simulation): Run[] {
  const limit = TYPICAL * Math.exp(bound);
  return Array.from({ length: hosts }, (_, host) => host).flatMap((host) => {
    const loop = perMetric(() => TYPICAL * Math.exp(0.4 * normal()));
    const phy = perMetric((metric) => loop[metric] * ratio * Math.exp(effect()));
    return ([["loop", loop], ["phy", phy]] as const).flatMap(([backend, rates], which) =>
      Array.from({ length: runs }, (_, run) => {
        const measured = (metric: MetricName) => {
          const rate = rates[metric] * Math.exp(noise * normal());
          return rate > limit ? (`>${limit}` as const) : rate;
        };
        return runOf({ host: `h${host}`, number: 100 * which + run, backend, rates: perMetric(measured) });
      }),
    );
  });
}
