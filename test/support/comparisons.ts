// The situations that every format is tried on, each made from runs by the product's own steps, and the same every time.

import type { Comparison } from "../../shared/compare/comparison.ts";
import type { HostProfile } from "../../shared/compare/host.ts";
import type { MatrixResult, TrendResult } from "../../shared/compare/trend.ts";
import type { Backend } from "../../shared/run/backends.ts";
import { METRIC_NAMES, type MetricName } from "../../shared/run/metrics.ts";
import type { Run, View } from "../../shared/run/run.ts";
import { random } from "../compare/random.ts";
import { comparisonOf, type Fleet, fleetOf, matrixOf, profileOf, trendOf } from "./fleet.ts";
import { type Rate, runOf } from "./runs.ts";

type Ratios = Readonly<Partial<Record<MetricName, number>>>;
type Rates = Readonly<Partial<Record<MetricName, Rate>>>;

/** What a backend does of loop's rates, and how much hosts and runs differ, as standard deviations of the log. */
interface Plan {
  readonly hosts: number;
  readonly runs?: number;
  readonly seed?: number;
  readonly diskSpread?: number;
  readonly hostSpread?: number;
  readonly runSpread?: number;
  /** By backend other than loop, the true ratio to loop of each metric; 1 unless given. */
  readonly backends: Readonly<Partial<Record<Backend, Ratios>>>;
  /** Metrics that are too fast to measure, by backend. */
  readonly tooFast?: Readonly<Partial<Record<Backend, readonly MetricName[]>>>;
  /** Backends whose reads come from a cache on every fourth host. */
  readonly cached?: readonly Backend[];
  readonly at?: string;
}

const LOOP: Readonly<Record<MetricName, number>> = {
  putc: 42_000,
  put_block: 61_000,
  rewrite: 28_000,
  getc: 47_000,
  get_block: 96_000,
  seeks: 260,
  seq_create: 8_100,
  seq_stat: 9_600,
  seq_delete: 7_300,
  ran_create: 7_800,
  ran_stat: 8_800,
  ran_delete: 5_900,
};

/** The runs of a plan: every host has every backend. */
function runsOf(plan: Plan): Run[] {
  const {
    hosts,
    runs = 3,
    seed = 1,
    diskSpread = 0.4,
    hostSpread = 0.12,
    runSpread = 0.03,
    tooFast = {},
    cached = [],
  } = plan;
  const uniform = random(seed);
  const normal = () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
  const backends: [Backend, Ratios][] = [["loop", {}], ...entries<Backend, Ratios>(plan.backends)];
  return Array.from({ length: hosts }, (_, index) => index).flatMap((index) => {
    const host = `dom0-${String(index + 1).padStart(4, "0")}`;
    const disk = Math.exp(diskSpread * normal());
    return backends.flatMap(([backend, ratios]) => {
      const own = METRIC_NAMES.map((name) => LOOP[name] * disk * (ratios[name] ?? 1) * Math.exp(hostSpread * normal()));
      return Array.from({ length: runs }, (_, run) =>
        runOf({
          host,
          backend,
          number: hash(host, backend, run),
          ...(plan.at === undefined ? {} : { at: plan.at }),
          cached: cached.includes(backend) && index % 4 === 0 ? ["C1"] : [],
          rates: Object.fromEntries(
            METRIC_NAMES.map((name, place): [MetricName, Rate] => {
              const rate = Math.round(10 * (own[place] ?? 1) * Math.exp(runSpread * normal())) / 10;
              return [name, tooFast[backend]?.includes(name) ? ">32768" : rate];
            }),
          ),
        }),
      );
    });
  });
}

const hash = (host: string, backend: string, run: number): number =>
  [...`${host} ${backend} ${run}`].reduce((sum, character) => (sum * 31 + character.charCodeAt(0)) % 1e15, 7);

function entries<K extends string, V>(record: Readonly<Partial<Record<K, V>>>): [K, V][] {
  // Object.entries forgets the keys; the record has no others.
  return Object.entries(record) as [K, V][];
}

const compared = (plan: Plan, candidate: Backend, copies = 1): Comparison =>
  comparisonOf(fleetOf(runsOf(plan), copies), "loop", candidate, { view: "trusted" });

const SEED_LOOP: Rates = {
  putc: 25_511,
  put_block: 18_075,
  rewrite: 199_488,
  getc: 71_094,
  get_block: 937_880,
  seeks: ">16384",
  seq_create: ">32768",
  seq_stat: ">32768",
  seq_delete: ">32768",
  ran_create: ">32768",
  ran_stat: ">32768",
  ran_delete: ">32768",
};
const SEED_BLKTAP: Rates = {
  putc: 69_438,
  put_block: 93_549,
  rewrite: 38_118,
  getc: 54_955,
  get_block: 131_645,
  seeks: 249.1,
  seq_create: 29_488,
  seq_stat: ">32768",
  seq_delete: ">32768",
  ran_create: ">32768",
  ran_stat: ">32768",
  ran_delete: ">32768",
};

/** The two lines the project grew out of: one host, one run on each backend, loop's reads from a page cache. */
export function seed(view: View = "trusted"): Comparison {
  const fleet = fleetOf([
    runOf({ number: 1, host: "vm101", backend: "loop", rates: SEED_LOOP, cached: ["C1", "C2"] }),
    runOf({ number: 2, host: "vm101", backend: "blktap1", rates: SEED_BLKTAP }),
  ]);
  return comparisonOf(fleet, "loop", "blktap1", { view });
}

/** The seed's loop, with cached reads, against a backend that no host has run. */
export function neverMeasured(): Comparison {
  const runs = [runOf({ number: 1, host: "vm101", backend: "loop", rates: SEED_LOOP, cached: ["C1"] })];
  return comparisonOf(fleetOf(runs), "loop", "phy");
}

const TAP: Ratios = {
  putc: 1.4,
  put_block: 2.1,
  rewrite: 1.6,
  getc: 1.15,
  get_block: 1.3,
  seeks: 0.72,
  seq_create: 1.02,
  ran_create: 1.01,
  seq_delete: 0.95,
  ran_delete: 1.2,
};

/** 40 hosts on which blktap2 writes twice as fast. */
export const clearWin = (): Comparison => compared({ hosts: 40, backends: { blktap2: TAP } }, "blktap2");

/** 60 hosts without any difference. */
export const allEqual = (): Comparison =>
  compared({ hosts: 60, hostSpread: 0.02, runSpread: 0.01, backends: { phy: {} } }, "phy");

/** 12 hosts that are too fast to measure in everything, on both. */
export const allCensored = (): Comparison =>
  compared({ hosts: 12, backends: { qdisk: {} }, tooFast: { loop: METRIC_NAMES, qdisk: METRIC_NAMES } }, "qdisk");

/** Nobody has measured anything. */
export const empty = (): Comparison => comparisonOf(fleetOf([]), "loop", "tapdisk3");

/** 6 hosts: the least that can have an interval, and too few for a verdict on twelve metrics. */
export const sixHosts = (): Comparison => compared({ hosts: 6, backends: { blktap2: TAP } }, "blktap2");

/** 100 000 hosts: 500 different ones, 200 of each. */
export const hundredThousandHosts = (): Comparison =>
  compared({ hosts: 500, runs: 1, backends: { tapdisk3: TAP } }, "tapdisk3", 200);

/** Everything at once: bounds on either side, metrics that cannot be compared, cached reads, and far ratios. */
export const mixed = (view: View = "trusted"): Comparison =>
  comparisonOf(
    fleetOf(
      runsOf({
        hosts: 24,
        backends: { qdisk: { ...TAP, get_block: 0.04, putc: 0.9 } },
        cached: ["loop"],
        tooFast: {
          loop: ["seq_stat", "seq_create", "ran_stat"],
          qdisk: ["seq_stat", "ran_stat", "seq_delete", "ran_create"],
        },
      }),
    ),
    "loop",
    "qdisk",
    { view },
  );

const threeBackends = (): Fleet =>
  fleetOf(
    runsOf({
      hosts: 30,
      backends: { blktap2: TAP, phy: { put_block: 1.8, seeks: 1.01, get_block: 1.02 }, qdisk: { put_block: 0.6 } },
      tooFast: { qdisk: ["seq_stat", "ran_stat"], loop: ["seq_stat"] },
    }),
  );

/** Four backends on 30 hosts. */
export const fourBackends = (): MatrixResult => matrixOf(threeBackends());

/** One host among 30. */
export const oneOfMany = (): HostProfile => profileOf(threeBackends(), "dom0-0007");

/** One month of it, which has nothing to be held against. */
export const monthOfBlktap2 = (): TrendResult =>
  trendOf([["2026-01", fleetOf(runsOf({ hosts: 12, backends: { blktap2: TAP } }))]], "blktap2", "put_block");

/** A year in which blktap2 became faster in June, with nothing measured in March and hardly anything in September. */
export function yearOfBlktap2(metric: MetricName = "put_block"): TrendResult {
  const months = Array.from({ length: 12 }, (_, index): [string, Fleet] => {
    const month = `2026-${String(index + 1).padStart(2, "0")}`;
    const backends = { blktap2: { put_block: index < 5 ? 1.5 : 2.1 } };
    const hosts = index === 2 ? 0 : index === 8 ? 4 : 12 + index;
    return [month, fleetOf(runsOf({ hosts, diskSpread: 0.1, backends, at: `${month}-05T00:00:00.000Z` }))];
  });
  return trendOf(months, "blktap2", metric);
}
