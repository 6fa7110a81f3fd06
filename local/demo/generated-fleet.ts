// A generated fleet: Bonnie++ lines of hosts that do not exist, with known true ratios, so that a comparison can be checked against the truth.
// In: a plan of the fleet. Out: one upload for each host, in the real format, one at a time, so that a fleet may be larger than memory.

import { printBonnie } from "../../shared/bonnie/print.ts";
import { type Backend, STORAGES } from "../../shared/run/backends.ts";
import { lowerBound } from "../../shared/run/bound.ts";
import { COHORT_KEYS, type CohortKey } from "../../shared/run/cohort.ts";
import { METRICS, type MetricName, type PerMetric, perMetric } from "../../shared/run/metrics.ts";
import type { BonnieSetup, Measurement } from "../../shared/run/run.ts";
import type { FleetPlan, Release } from "./fleet-plan.ts";

// Reproducible randomness: the same seed gives the same fleet, on every machine and in every version.

interface Random {
  /** Uniform between 0 (inclusive) and 1 (exclusive). */
  uniform(): number;
  /** Normal with mean 0 and standard deviation 1. */
  normal(): number;
}

/** A generator with 32 bits of state (mulberry32); normal numbers from pairs of uniform ones (Box and Muller 1958). */
export function makeRandom(seed: number): Random {
  let state = seed >>> 0;
  const uniform = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  return { uniform, normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()) };
}

/** How much faster the page cache reads than the disk. */
const CACHE_SPEEDUP = 12;

/** From 1.92 on the character tests use 3 MiB by default: above this rate, in K/s, they take less than half a second. */
const MAX_CHARACTER_RATE = 2 * 3 * 1024;

const READ_PATH: ReadonlySet<MetricName> = new Set(METRICS.filter(({ readPath }) => readPath).map(({ name }) => name));

/** A CSV line, without a newline, of a run with these true rates plus the noise of the plan. */
function generateLine(
  plan: FleetPlan,
  { guest, release, rates, cached }: { guest: string; release: Release; rates: PerMetric<number>; cached: boolean },
  random: Random,
): string {
  const setup = makeSetup(plan, release, guest, random);
  const metrics = perMetric((name) => {
    const speedup = cached && READ_PATH.has(name) ? CACHE_SPEEDUP : 1;
    return measure(name, rates[name] * speedup * Math.exp(plan.runNoise * random.normal()), setup, random);
  });
  return printBonnie(setup, metrics);
}

function makeSetup(plan: FleetPlan, release: Release, machine: string, random: Random): BonnieSetup {
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
function measure(name: MetricName, rate: number, setup: BonnieSetup, random: Random): Measurement {
  const isByteTest = name === "putc" || name === "getc";
  const bound = lowerBound(name, setup) ?? 0;
  const [cpu, latency] = [random.uniform(), random.uniform()];
  if (rate > (isByteTest && setup.format === "v2" ? MAX_CHARACTER_RATE : bound)) {
    return { rate: null, cpu: null, latency_us: Math.floor(50 + 5_000 * latency), censored: true, lower_bound: bound };
  }
  const decimals = name === "seeks" && (setup.format === "v1" || rate < 1000) ? 10 : 1;
  return {
    rate: Math.floor(rate * decimals) / decimals,
    cpu: Math.floor(isByteTest ? 80 + 20 * cpu : 2 + 40 * cpu),
    // A measurable test takes at least half a second, and its longest operation less.
    latency_us: Math.floor(1_000 + 450_000 * latency ** 4),
    censored: false,
  };
}

interface GeneratedHost {
  readonly name: string;
  readonly guest: string;
  readonly release: Release;
  /** Directives of the host's attributes. */
  readonly facts: readonly string[];
  /** The true rates on each backend, the baseline first: K/s, seeks/s, files/s. */
  readonly rates: readonly { readonly backend: Backend; readonly rates: PerMetric<number>; readonly cached: boolean }[];
}

/** The typical rates of a disk on the baseline; rewrite is derived from write and read. */
const TYPICAL: PerMetric<number> = {
  putc: 2_600,
  put_block: 80_000,
  rewrite: 0,
  getc: 3_100,
  get_block: 110_000,
  seeks: 210,
  seq_create: 24_000,
  seq_stat: 900_000,
  seq_delete: 60_000,
  ran_create: 21_000,
  ran_stat: 950_000,
  ran_delete: 52_000,
};

/** The character tests of 1.03 go through stdio; in later releases they make a system call for each byte. */
const TYPICAL_OF_1_03: PerMetric<number> = { ...TYPICAL, putc: 26_000, getc: 30_000 };

/** Speed of the hardware classes, in turn. */
const CLASS_SPEEDS = [1, 1.4, 0.7, 2, 0.5];

/** Standard deviation of the log between disks of one class, and between the tests of one disk. */
const DISK_SPREAD = 0.35;
const TEST_SPREAD = 0.1;

/** The rate of rewriting as a share of reading and writing each block once. */
const REWRITE_SHARE = 0.75;

/** The maximum of seeks per second, which keeps them measurable. */
const MAX_SEEKS = 15_000;

/** How much wider the ratios of wild hosts spread. */
const WILDNESS = 5;

/** The host with an index from 0; it consumes `random`, so hosts must be generated in order. */
function generateHost(plan: FleetPlan, index: number, random: Random): GeneratedHost {
  const release = plan.releases[index % plan.releases.length] ?? "2.00a";
  const cohort = cohortValueIndexes(plan, index);
  const baseline = generateBaselineRates(release, CLASS_SPEEDS[cohort.hardware % CLASS_SPEEDS.length] ?? 1, random);
  const spread = plan.hostSpread * (random.uniform() < plan.wildShare ? WILDNESS : 1);
  const candidates = plan.candidates.map(({ backend, trueRatio }) => {
    const effect = generateHostEffect(spread, random);
    const rates = perMetric((name) => baseline[name] * trueRatio[name] * effect[name]);
    return { backend, rates: { ...rates, seeks: Math.min(MAX_SEEKS, rates.seeks) }, cached: false };
  });
  return {
    name: `gen-dom0-${String(index + 1).padStart(6, "0")}`,
    guest: `vm${index + 1}`,
    release,
    facts: COHORT_KEYS.filter((key) => plan.cohortValues[key] > 0).map(
      (key) => `# ${key}: ${formatAttribute[key](cohort[key])}`,
    ),
    rates: [{ backend: plan.baseline, rates: baseline, cached: index < plan.cachedHosts }, ...candidates],
  };
}

function generateBaselineRates(release: Release, speed: number, random: Random): PerMetric<number> {
  const typical = release === "1.03" ? TYPICAL_OF_1_03 : TYPICAL;
  const disk = speed * Math.exp(DISK_SPREAD * random.normal());
  const rates = perMetric((name) => typical[name] * disk * Math.exp(TEST_SPREAD * random.normal()));
  const rewrite = REWRITE_SHARE / (1 / rates.put_block + 1 / rates.get_block);
  return { ...rates, rewrite, seeks: Math.min(MAX_SEEKS, rates.seeks) };
}

/** A host's deviation from the true ratios. The block tests share one path and hence one effect: no disk rewrites faster than it writes. */
function generateHostEffect(spread: number, random: Random): PerMetric<number> {
  const effect = perMetric(() => Math.exp(spread * random.normal()));
  return { ...effect, rewrite: effect.put_block, get_block: effect.put_block };
}

/** Which value of each attribute a host has, from 0: the digits of its index, the first attribute changing fastest. */
function cohortValueIndexes(plan: FleetPlan, index: number): Record<CohortKey, number> {
  let rest = index;
  const digit = (key: CohortKey): number => {
    const values = Math.max(1, plan.cohortValues[key]);
    const value = rest % values;
    rest = Math.floor(rest / values);
    return value;
  };
  return {
    site: digit("site"),
    hardware: digit("hardware"),
    storage: digit("storage"),
    xen_version: digit("xen_version"),
  };
}

const formatAttribute: Readonly<Record<CohortKey, (number: number) => string>> = {
  site: (number) => `site-${number + 1}`,
  hardware: (number) => `generated-${number + 1}`,
  storage: (number) => STORAGES[number % STORAGES.length] ?? "unknown",
  xen_version: (number) => `4.${number + 1}.0`,
};

/** One host's results, ready to be posted. */
export interface GeneratedUpload {
  readonly host: string;
  readonly body: string;
  /** The number of results in the body: backends times runs times months. */
  readonly results: number;
}

const HOUR_MS = 3_600_000;
const DAYS_27_MS = 27 * 24 * HOUR_MS;

/** The uploads of a fleet, host by host. A larger fleet begins with the hosts of a smaller one. */
export function* generateFleet(plan: FleetPlan): Generator<GeneratedUpload> {
  const random = makeRandom(plan.seed);
  for (let index = 0; index < plan.hosts; index += 1) yield makeUpload(plan, generateHost(plan, index, random), random);
}

function makeUpload(plan: FleetPlan, host: GeneratedHost, random: Random): GeneratedUpload {
  const { name, guest, release, facts } = host;
  const lines = [`# host: ${name}`, ...facts, "# label.source: generated by vbdstat, not measured"];
  const results = host.rates.length * plan.runs * plan.months;
  // An hour apart, or closer if that does not fit into a month.
  const gap = Math.min(HOUR_MS, Math.floor(DAYS_27_MS / (host.rates.length * plan.runs)));
  for (const [order, { backend, rates, cached }] of host.rates.entries()) {
    lines.push(`# backend: ${backend}`);
    for (let run = 0; run < plan.months * plan.runs; run += 1) {
      const start = monthsLater(plan.from, Math.floor(run / plan.runs));
      lines.push(`# finished: ${new Date(start + (order * plan.runs + (run % plan.runs)) * gap).toISOString()}`);
      lines.push(generateLine(plan, { guest, release, rates, cached }, random));
    }
  }
  return { host: name, body: `${lines.join("\n")}\n`, results };
}

function monthsLater(from: string, months: number): number {
  const date = new Date(from);
  return date.setUTCMonth(date.getUTCMonth() + months);
}
