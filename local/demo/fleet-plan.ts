// The plan of a generated fleet, and the flags that describe one. The plan has every true value, so that results can be compared with it.

import { type Backend, isBackend, STORAGES } from "../../shared/run/backends.ts";
import { COHORT_KEYS, type CohortKey } from "../../shared/run/cohort.ts";
import { METRIC_NAMES, type PerMetric, perMetric } from "../../shared/run/metrics.ts";
import { parseArguments, UsageError } from "../cli/arguments.ts";

/** Releases of Bonnie++ that hosts run, one for each CSV layout: 27, 48 and 50 fields. */
export const RELEASES = ["1.03", "1.96", "2.00a"] as const;

export type Release = (typeof RELEASES)[number];

/** A backend whose ratio to the baseline is known. */
interface Candidate {
  readonly backend: Backend;
  /** True median over hosts of candidate / baseline. */
  readonly trueRatio: PerMetric<number>;
}

export interface FleetPlan {
  /** The same plan with the same seed gives the same fleet, byte for byte. */
  readonly seed: number;
  readonly hosts: number;
  /** Runs of each host on each backend in each month. */
  readonly runs: number;
  readonly months: number;
  /** When the first run finished, ISO 8601 UTC; preferably the first day of a month, because the months follow from it. */
  readonly from: string;
  readonly baseline: Backend;
  /** Every host was measured on the baseline and on all of these. */
  readonly candidates: readonly Candidate[];
  /** Hosts take the releases in turn; each host keeps its release. */
  readonly releases: readonly Release[];
  /** How many values each attribute has; 0: not sent. Hosts go through all combinations; each combination is a cohort. */
  readonly cohortValues: Readonly<Record<CohortKey, number>>;
  /** Standard deviation of the log-ratio between hosts. */
  readonly hostSpread: number;
  /** Standard deviation of the log between runs of one host. */
  readonly runNoise: number;
  /** Share of hosts whose ratios spread five times as wide; the median does not change. */
  readonly wildShare: number;
  /** Size of the test file. The block tests of typical disks are too fast to measure below about 40. */
  readonly fileMib: number;
  /** Files of the file tests, in units of 1024. With 16 most file tests are too fast to measure, with 1024 none. */
  readonly fileThousands: number;
  /**
   * How many hosts, from the first on, read the baseline's file from Dom0's page cache. The cache rules detect it where the block tests are
   * measurable, that is with a file of 1 GiB or more.
   */
  readonly cachedHosts: number;
}

/** The same ratio for every metric, to be changed for single ones. */
export const sameRatio = (ratio: number): PerMetric<number> => perMetric(() => ratio);

/** A small fleet without differences: the defaults of the flags. */
export const PLAIN_FLEET: FleetPlan = {
  seed: 1,
  hosts: 10,
  runs: 3,
  months: 1,
  from: "2026-11-01T00:00:00.000Z",
  baseline: "loop",
  candidates: [{ backend: "blktap2", trueRatio: sameRatio(1) }],
  releases: ["2.00a"],
  cohortValues: { site: 0, hardware: 1, storage: 0, xen_version: 0 },
  hostSpread: 0.1,
  runNoise: 0.04,
  wildShare: 0,
  fileMib: 8192,
  fileThousands: 128,
  cachedHosts: 0,
};

export const USAGE = `options, with their defaults:
  --hosts 10 --runs 3 --months 1 --from 2026-11-01   runs per backend and month
  --baseline loop --candidate blktap2=1              a backend and its true ratio to the baseline, repeatable;
                                                     single metrics differently: blktap2=1,put_block=2.1,seeks=1.3
  --releases 2.00a                                   of ${RELEASES.join(", ")}, comma-separated; hosts take them in turn
  --site 0 --hardware 1 --storage 0 --xen-version 0  how many values; a cohort is a combination
  --spread 0.1 --noise 0.04 --wild 0                 sd of log between hosts, between runs; share of wild hosts
  --file-mib 8192 --files 128                        small ones make tests too fast to measure (+++++)
  --cached 0                                         how many hosts read the baseline from Dom0's page cache
  --seed 1 --out FOLDER                              a file for each host; without it everything goes to stdout`;

const text = { type: "string" } as const;
const OPTIONS = {
  ...{ seed: text, hosts: text, runs: text, months: text, from: text, baseline: text, releases: text, out: text },
  ...{ site: text, hardware: text, storage: text, "xen-version": text, spread: text, noise: text, wild: text },
  ...{ "file-mib": text, files: text, cached: text },
  candidate: { type: "string", multiple: true },
} as const;

/** The plan that the flags describe; `out` null means stdout. Throws UsageError. */
export function parseFleetFlags(flags: readonly string[]): { plan: FleetPlan; out: string | null } {
  const { values: given, positionals } = parseArguments(flags, OPTIONS);
  if (positionals.length > 0) throw new UsageError(`expected options only, found "${positionals[0]}"`);
  const whole = (name: keyof typeof given, fallback: number, min: number, max = 1e7): number => {
    const number = Number(given[name] ?? fallback);
    if (Number.isInteger(number) && number >= min && number <= max) return number;
    throw new UsageError(`--${name}: expected a whole number from ${min} to ${max}, found "${given[name]}"`);
  };
  const share = (name: keyof typeof given, fallback: number, max: number): number => {
    const number = Number(given[name] ?? fallback);
    if (number >= 0 && number <= max) return number;
    throw new UsageError(`--${name}: expected a number from 0 to ${max}, found "${given[name]}"`);
  };
  const baseline = given.baseline ?? PLAIN_FLEET.baseline;
  if (!isBackend(baseline)) throw new UsageError(`--baseline: expected a backend such as loop, found "${baseline}"`);
  const candidates = given.candidate?.map(parseCandidate) ?? PLAIN_FLEET.candidates;
  const backends = [baseline, ...candidates.map(({ backend }) => backend)];
  if (new Set(backends).size < backends.length) throw new UsageError("--candidate: expected each backend once");
  const values = (key: CohortKey) => {
    const flag = key === "xen_version" ? "xen-version" : key;
    return [key, whole(flag, PLAIN_FLEET.cohortValues[key], 0, key === "storage" ? STORAGES.length : 1e6)] as const;
  };
  const plan = {
    seed: whole("seed", PLAIN_FLEET.seed, 0, 2 ** 32 - 1),
    hosts: whole("hosts", PLAIN_FLEET.hosts, 1),
    runs: whole("runs", PLAIN_FLEET.runs, 1, 1000),
    months: whole("months", PLAIN_FLEET.months, 1, 120),
    from: parseTime(given.from ?? PLAIN_FLEET.from),
    baseline,
    candidates,
    releases: given.releases?.split(",").map(parseRelease) ?? PLAIN_FLEET.releases,
    // The record's keys, each once.
    cohortValues: Object.fromEntries(COHORT_KEYS.map(values)) as Record<CohortKey, number>,
    hostSpread: share("spread", PLAIN_FLEET.hostSpread, 2),
    runNoise: share("noise", PLAIN_FLEET.runNoise, 2),
    wildShare: share("wild", PLAIN_FLEET.wildShare, 1),
    fileMib: whole("file-mib", PLAIN_FLEET.fileMib, 1),
    fileThousands: whole("files", PLAIN_FLEET.fileThousands, 1),
    cachedHosts: whole("cached", PLAIN_FLEET.cachedHosts, 0),
  };
  return { plan, out: given.out ?? null };
}

function parseCandidate(flag: string): Candidate {
  const [[backend = "", ratio = ""] = [], ...metrics] = flag.split(",").map((part) => part.split("="));
  const number = (value: string | undefined) => {
    if (Number(value) > 0) return Number(value);
    throw new UsageError(`--candidate ${flag}: expected a ratio above 0, found "${value ?? ""}"`);
  };
  if (!isBackend(backend)) throw new UsageError(`--candidate ${flag}: expected a backend such as blktap2=1.5`);
  const trueRatio = sameRatio(number(ratio));
  for (const [name, value] of metrics) {
    const metric = METRIC_NAMES.find((known) => known === name);
    if (metric === undefined) throw new UsageError(`--candidate ${flag}: unknown metric "${name}"`);
    trueRatio[metric] = number(value);
  }
  return { backend, trueRatio };
}

function parseRelease(word: string) {
  const release = RELEASES.find((known) => known === word);
  if (release === undefined) throw new UsageError(`--releases: expected ${RELEASES.join(", ")}, found "${word}"`);
  return release;
}

function parseTime(word: string): string {
  const time = /^\d{4}-\d\d-\d\d/.test(word) ? Date.parse(word) : Number.NaN;
  if (Number.isNaN(time)) throw new UsageError(`--from: expected a date such as 2026-11-01, found "${word}"`);
  return new Date(time).toISOString();
}

/** The true ratios of blktap2 to loop in the demo. */
export const DEMO_CANDIDATE: Candidate = {
  backend: "blktap2",
  trueRatio: {
    ...perMetric(() => 1),
    putc: 1.4,
    put_block: 2.1,
    rewrite: 1.35,
    get_block: 0.8,
    seeks: 1.25,
    seq_create: 1.15,
    ran_delete: 0.7,
  },
};

/** The fleet of the demo, also of the image in the README. */
export const DEMO_FLEET: FleetPlan = {
  ...PLAIN_FLEET,
  seed: 2026,
  hosts: 24,
  candidates: [DEMO_CANDIDATE],
  cachedHosts: 2,
};
