// One host of a generated fleet: what its disk does on each backend, and what it says about itself.

import type { Backend } from "../../shared/run/backends.ts";
import { COHORT_KEYS, type CohortKey } from "../../shared/run/cohort.ts";
import { STORAGES } from "../../shared/model/dimensions.ts";
import { type PerMetric, perMetric } from "../../shared/run/metrics.ts";
import type { Random } from "../random.ts";
import type { FleetPlan, Release } from "../demo/fleet-plan.ts";

export interface GeneratedHost {
  readonly name: string;
  readonly guest: string;
  readonly release: Release;
  /** Directives of the host's attributes. */
  readonly facts: readonly string[];
  /** The true rates on each backend: K/s, seeks/s, files/s. The baseline is the first. */
  readonly rates: readonly { readonly backend: Backend; readonly rates: PerMetric<number>; readonly cached: boolean }[];
}

/** What a disk of the fleet does on the baseline; rewrite follows from write and read. */
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

/** The character tests of 1.03 go through stdio, those of later releases make a system call for each byte. */
const TYPICAL_OF_1_03: PerMetric<number> = { ...TYPICAL, putc: 26_000, getc: 30_000 };

/** Speed of the hardware classes, in turn. */
const CLASS_SPEEDS = [1, 1.4, 0.7, 2, 0.5];

/** Spread of the log between disks of one class, and between what one disk does well and badly. */
const DISK_SPREAD = 0.35;
const TEST_SPREAD = 0.1;

/** A disk that reads and writes each block once cannot rewrite faster than this share of both together. */
const REWRITE_SHARE = 0.75;

/** The seeks of no disk are too fast to measure. */
const MOST_SEEKS = 15_000;

/** How much wider than those of other hosts the ratios of wild hosts spread. */
const WILDNESS = 5;

/** The host with a number, counted from 0; it takes what it needs of `random`, so hosts must be made in order. */
export function generatedHost(plan: FleetPlan, index: number, random: Random): GeneratedHost {
  const release = plan.releases[index % plan.releases.length] ?? "2.00a";
  const cohort = cohortNumbers(plan, index);
  const baseline = baselineRates(release, CLASS_SPEEDS[cohort.hardware % CLASS_SPEEDS.length] ?? 1, random);
  const spread = plan.hostSpread * (random.uniform() < plan.wildShare ? WILDNESS : 1);
  const candidates = plan.candidates.map(({ backend, trueRatio }) => {
    const effect = hostEffect(spread, random);
    const rates = perMetric((name) => baseline[name] * trueRatio[name] * effect[name]);
    return { backend, rates: { ...rates, seeks: Math.min(MOST_SEEKS, rates.seeks) }, cached: false };
  });
  return {
    name: `gen-dom0-${String(index + 1).padStart(6, "0")}`,
    guest: `vm${index + 1}`,
    release,
    facts: COHORT_KEYS.filter((key) => plan.cohortValues[key] > 0).map(
      (key) => `# ${key}: ${attributeValue[key](cohort[key])}`,
    ),
    rates: [{ backend: plan.baseline, rates: baseline, cached: index < plan.cachedHosts }, ...candidates],
  };
}

function baselineRates(release: Release, speed: number, random: Random): PerMetric<number> {
  const typical = release === "1.03" ? TYPICAL_OF_1_03 : TYPICAL;
  const disk = speed * Math.exp(DISK_SPREAD * random.normal());
  const rates = perMetric((name) => typical[name] * disk * Math.exp(TEST_SPREAD * random.normal()));
  const rewrite = REWRITE_SHARE / (1 / rates.put_block + 1 / rates.get_block);
  return { ...rates, rewrite, seeks: Math.min(MOST_SEEKS, rates.seeks) };
}

/** What a host adds to the true ratios. The block tests share one path and hence one effect: no disk rewrites faster than it writes. */
function hostEffect(spread: number, random: Random): PerMetric<number> {
  const effect = perMetric(() => Math.exp(spread * random.normal()));
  return { ...effect, rewrite: effect.put_block, get_block: effect.put_block };
}

/** Which value of each attribute a host has, counted from 0: the digits of its number, the first attribute turning fastest. */
function cohortNumbers(plan: FleetPlan, index: number): Record<CohortKey, number> {
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

const attributeValue: Readonly<Record<CohortKey, (number: number) => string>> = {
  site: (number) => `site-${number + 1}`,
  hardware: (number) => `generated-${number + 1}`,
  storage: (number) => STORAGES[number % STORAGES.length] ?? "unknown",
  xen_version: (number) => `4.${number + 1}.0`,
};
