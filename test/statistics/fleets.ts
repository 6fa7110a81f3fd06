// Random fleets as raw runs: hosts with one backend, with both, in one or several strata and months; rates that tie, that
// are missing, zero, too fast to measure or impossible; cached reads, small files, little CPU.

import type { Backend } from "../../shared/run/backends.ts";
import { perMetric } from "../../shared/run/metrics.ts";
import type { Measurement, Quality, Run } from "../../shared/run/run.ts";
import { random } from "../compare/random.ts";
import { runOf } from "../support/runs.ts";
import { METRICS, type Metric } from "./host-values.ts";

export const BACKENDS = ["loop", "phy", "blktap2"] as const satisfies readonly Backend[];
const STRATA = ["v1/2G/8k/16", "v1/8G/8k/16", "v2/2G/?/16"];
export const MONTHS = ["2026-10", "2026-11", "2027-01"];

/** Twice the KiB, seeks and files of the runs: the rate that `+++++` is above. */
const boundOf = (metric: Metric): number => {
  if (metric === "seeks") return 2 * 8192;
  return METRICS.indexOf(metric) < 5 ? 2 * 2 ** 21 : 2 * 16 * 1024;
};

/** The runs of a fleet of 1 to 40 hosts; the same seed gives the same fleet. */
export function randomFleet(seed: number): Run[] {
  const uniform = random(seed);
  const chance = (probability: number): boolean => uniform() < probability;
  const below = (count: number): number => Math.floor(uniform() * count);
  const normal = (): number => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
  const one = <T>(first: T, ...others: T[]): T => [first, ...others][below(others.length + 1)] ?? first;

  const hosts = 1 + Math.floor(40 * uniform() ** 2);
  const strata = STRATA.filter((_, index) => index === 0 || chance(0.4));
  const months = MONTHS.filter((_, index) => index === 0 || chance(0.4));
  const spread = one(0.005, 0.1, 0.1, 0.5);
  const noise = one(0, 0.01, 0.05);
  /** Coarse rates tie often. */
  const coarse = chance(0.2) ? 2_000 : 1;
  const isOnBoth = one(0.4, 0.7, 1);
  const [missing, zero, impossible, cached] = [one(0, 0.1), one(0, 0.02), one(0, 0.01), one(0, 0, 0.2)];
  /** How close the rates are to the limit of measurement, by metric; the true log-ratios to loop, by backend and metric. */
  const nearness = perMetric(() => one(0.01, 0.2, 0.6, 1, 3));
  const effects = BACKENDS.map(() => perMetric(() => one(0, 0, 0.03, 0.1, 0.6, -0.3)));
  /** Strata may reverse the effects, and hosts without loop may have the better disks. */
  const turned = chance(0.2) ? -1 : 1;
  const better = chance(0.2) ? 1.5 : 0;

  function measurement(metric: Metric, typical: number): Measurement | null {
    if (chance(missing)) return null;
    const bound = boundOf(metric);
    const cpu = chance(0.1) ? null : chance(0.15) ? 0 : below(one(5, 99));
    if (chance(impossible)) return { rate: bound + 1 + below(50), cpu, latency_us: null, censored: false };
    const rate = typical * Math.exp(noise * normal());
    if (rate > bound) return { rate: null, cpu: null, latency_us: null, censored: true, lower_bound: bound };
    const printed = metric === "seeks" ? Math.floor(10 * rate) / 10 : Math.floor(rate);
    return { rate: chance(zero) ? 0 : printed, cpu, latency_us: null, censored: false };
  }

  function quality(): Quality {
    if (!chance(cached)) return { verdict: one("clean", "not-assessed"), reasons: [], decided_by: [] };
    const decided_by = one(["C1"], ["C2", "C10"], ["C1", "C12"]);
    return { verdict: one("cached", "probably-cached", "suspect"), reasons: [], decided_by };
  }

  const runs: Run[] = [];
  for (let host = 0; host < hosts; host += 1) {
    const own = strata.filter(() => chance(0.7));
    const backends = BACKENDS.map(() => chance(isOnBoth));
    for (const [which, backend] of BACKENDS.entries()) {
      if (backends[which] !== true) continue;
      for (const stratum of own.length > 0 ? own : strata.slice(0, 1)) {
        const typical = perMetric((metric) => {
          const effect = (effects[which]?.[metric] ?? 0) * (stratum === STRATA[0] ? 1 : turned);
          const disk = backends[0] === true ? 0 : better;
          return (nearness[metric] * boundOf(metric) * Math.exp(disk + effect + spread * normal())) / coarse;
        });
        // Sometimes more runs than count.
        const count = chance(0.01) ? 99 + below(20) : 1 + below(5);
        for (let run = 0; run < count; run += 1) {
          const facts = {
            ...(chance(0.05) ? { guest_mem_mb: one(900, 2_000) } : {}),
            ...(chance(0.05) ? { dom0_mem_mb: 400, storage: one("file", "lvm") } : {}),
          };
          const day = `${one(months[0] ?? "", ...months)}-${String(1 + below(28)).padStart(2, "0")}`;
          runs.push({
            ...runOf({ host: `h${host}`, number: runs.length, backend, stratum, at: `${day}T00:00:00.000Z`, facts }),
            metrics: perMetric((metric) => measurement(metric, typical[metric])),
            quality: quality(),
          });
        }
      }
    }
  }
  return runs;
}
