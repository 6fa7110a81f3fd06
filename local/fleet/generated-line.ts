// One run of a generated host as Bonnie++ would have printed it.

import { printBonnie } from "../../shared/bonnie/print.ts";
import { lowerBound } from "../../shared/run/bound.ts";
import type { BonnieSetup, Measurement } from "../../shared/model/measurement.ts";
import { METRICS, type MetricName, type PerMetric, perMetric } from "../../shared/run/metrics.ts";
import type { Random } from "../random.ts";
import type { FleetPlan, Release } from "../demo/fleet-plan.ts";

/** How much faster than the disk the page cache reads. */
const CACHE_SPEEDUP = 12;

/** From 1.92 on the character tests work on 3 MiB unless told otherwise: above this rate they take under half a second. */
const MOST_CHARACTERS = 2 * 3 * 1024;

const READ_PATH: ReadonlySet<MetricName> = new Set(METRICS.filter(({ readPath }) => readPath).map(({ name }) => name));

/** A CSV line, without its end, of a run with these true rates, give or take the noise of the plan. */
export function generatedLine(
  plan: FleetPlan,
  { guest, release, rates, cached }: { guest: string; release: Release; rates: PerMetric<number>; cached: boolean },
  random: Random,
): string {
  const setup = setupOf(plan, release, guest, random);
  const metrics = perMetric((name) => {
    const speedup = cached && READ_PATH.has(name) ? CACHE_SPEEDUP : 1;
    return measured(name, rates[name] * speedup * Math.exp(plan.runNoise * random.normal()), setup, random);
  });
  return printBonnie(setup, metrics);
}

function setupOf(plan: FleetPlan, release: Release, machine: string, random: Random): BonnieSetup {
  const common = {
    source: "csv" as const,
    machine,
    file_size_kib: plan.fileMib * 1024,
    files: { thousands: plan.fileThousands, max_size: null, min_size: null, num_dirs: 1 },
    chunk_size_bytes: null,
    seek_count: null,
    seek_procs: null,
  };
  const seed = String(1_760_000_000 + Math.floor(random.uniform() * 1_000_000));
  switch (release) {
    case "1.03":
      return { ...common, format: "v1", format_version: null, bonnie_version: null, concurrency: null, seed: null };
    case "1.96":
      return { ...common, format: "v2", format_version: release, bonnie_version: release, concurrency: 1, seed };
    case "2.00a": {
      const version = { format_version: "1.98", bonnie_version: release };
      return { ...common, ...version, format: "v2", concurrency: 1, seed, seek_count: 8192, seek_procs: 5 };
    }
  }
}

/** A rate as Bonnie++ prints it: truncated, or too fast to measure. */
function measured(name: MetricName, rate: number, setup: BonnieSetup, random: Random): Measurement {
  const isByteTest = name === "putc" || name === "getc";
  const bound = lowerBound(name, setup) ?? 0;
  const [cpu, latency] = [random.uniform(), random.uniform()];
  if (rate > (isByteTest && setup.format === "v2" ? MOST_CHARACTERS : bound)) {
    return { rate: null, cpu: null, latency_us: Math.floor(50 + 5_000 * latency), censored: true, lower_bound: bound };
  }
  const decimals = name === "seeks" && (setup.format === "v1" || rate < 1000) ? 10 : 1;
  return {
    rate: Math.floor(rate * decimals) / decimals,
    cpu: Math.floor(isByteTest ? 80 + 20 * cpu : 2 + 40 * cpu),
    // A test that can be measured takes half a second at least, and its longest operation less.
    latency_us: Math.floor(1_000 + 450_000 * latency ** 4),
    censored: false,
  };
}
