// Simulated fleets with known true effects, as raw runs, and the distribution of a count of them.

import { type MetricName, perMetric } from "../../shared/run/metrics.ts";
import type { Run } from "../../shared/run/run.ts";
import { random } from "../compare/random.ts";
import { runOf } from "../support/runs.ts";

/** Pseudorandom numbers, the same every time. */
export interface Draws {
  /** Above 0 and below 1. */
  readonly uniform: () => number;
  /** With mean 0 and standard deviation 1. */
  readonly normal: () => number;
}

export function drawsFrom(seed: number): Draws {
  const uniform = random(seed);
  return { uniform, normal: () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform()) };
}

export interface Simulation {
  /** Hosts, each with loop and phy; all metrics are independent of one another. */
  readonly hosts: number;
  /** Runs of each host on each backend. */
  readonly runs: number;
  /** True ratio of phy to loop on a typical host. */
  readonly ratio: number;
  /** Standard deviation of the log between runs of one host. */
  readonly noise: number;
  /** Draws a host's deviation from the log-ratio of a metric; its median is 0. */
  readonly effect: (draws: Draws) => number;
  /** Above this log of a rate, relative to a typical host's, a test is too fast to measure. */
  readonly bound: number;
}

const TYPICAL = 20_000;
const DISK_SPREAD = 0.4;

export function simulatedRuns({ hosts, runs, ratio, noise, effect, bound }: Simulation, draws: Draws): Run[] {
  const { normal } = draws;
  const limit = TYPICAL * Math.exp(bound);
  return Array.from({ length: hosts }, (_, host) => host).flatMap((host) => {
    const loop = perMetric(() => TYPICAL * Math.exp(DISK_SPREAD * normal()));
    const phy = perMetric((metric) => loop[metric] * ratio * Math.exp(effect(draws)));
    const sides = [["loop", loop] as const, ["phy", phy] as const];
    return sides.flatMap(([backend, rates], side) =>
      Array.from({ length: runs }, (_, run) => {
        const measured = (metric: MetricName) => {
          const rate = rates[metric] * Math.exp(noise * normal());
          return rate > limit ? (`>${limit}` as const) : rate;
        };
        return runOf({ host: `h${host}`, number: 100 * side + run, backend, rates: perMetric(measured) });
      }),
    );
  });
}

/** P(X <= count) for X ~ Binomial(trials, probability): the probability of so few. */
export function chanceOfSoFew(count: number, trials: number, probability: number): number {
  if (count < 0) return 0;
  let log = trials * Math.log1p(-probability);
  let sum = Math.exp(log);
  for (let i = 1; i <= count; i += 1) {
    log += Math.log((trials - i + 1) / i) + Math.log(probability / (1 - probability));
    sum += Math.exp(log);
  }
  return sum;
}
