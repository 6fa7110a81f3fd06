// The command line of the fleet generator: flags in, a plan out.

import { parseArgs } from "node:util";
import { isBackend } from "../../shared/run/backends.ts";
import { COHORT_KEYS, type CohortKey } from "../../shared/run/cohort.ts";
import { STORAGES } from "../../shared/model/dimensions.ts";
import { METRIC_NAMES } from "../../shared/run/metrics.ts";
import { type Candidate, type FleetPlan, PLAIN_FLEET, RELEASES, sameRatio } from "../demo/fleet-plan.ts";

/** A flag that cannot be understood, in words for the person at the terminal. */
export class FlagFault extends Error {
  override readonly name = "FlagFault";
}

export const USAGE = `options, with their defaults:
  --hosts 10 --runs 3 --months 1 --from 2026-11-01   runs are for each backend and month
  --baseline loop --candidate blktap2=1              a backend and its true ratio to the baseline, repeatable;
                                                     single metrics apart: blktap2=1,put_block=2.1,seeks=1.3
  --releases 2.00a                                   of ${RELEASES.join(", ")}, comma-separated; hosts take them in turn
  --site 0 --hardware 1 --storage 0 --xen-version 0  how many values; a cohort is a combination
  --spread 0.1 --noise 0.04 --wild 0                 sd of log between hosts, between runs; share of wild hosts
  --file-mib 8192 --files 128                        small ones make tests too fast to measure (+++++)
  --cached 0                                         the first hosts, whose baseline reads come from Dom0's page cache
  --seed 1 --out FOLDER                              a file for each host; without it all go to stdout`;

const text = { type: "string" } as const;

/** What the flags ask for; `out` null stands for stdout. Throws FlagFault. */
export function fleetPlanOf(flags: readonly string[]): { plan: FleetPlan; out: string | null } {
  const given = parsed(flags);
  const whole = (name: keyof typeof given, otherwise: number, least: number, most = 1e7): number => {
    const number = Number(given[name] ?? otherwise);
    if (Number.isInteger(number) && number >= least && number <= most) return number;
    throw new FlagFault(`--${name}: expected a whole number from ${least} to ${most}, found "${given[name]}"`);
  };
  const share = (name: keyof typeof given, otherwise: number, most: number): number => {
    const number = Number(given[name] ?? otherwise);
    if (number >= 0 && number <= most) return number;
    throw new FlagFault(`--${name}: expected a number from 0 to ${most}, found "${given[name]}"`);
  };
  const baseline = given.baseline ?? PLAIN_FLEET.baseline;
  if (!isBackend(baseline)) throw new FlagFault(`--baseline: expected a backend such as loop, found "${baseline}"`);
  const candidates = given.candidate?.map(candidateOf) ?? PLAIN_FLEET.candidates;
  const backends = [baseline, ...candidates.map(({ backend }) => backend)];
  if (new Set(backends).size < backends.length) throw new FlagFault("--candidate: expected each backend once");
  const values = (key: CohortKey) => {
    const flag = key === "xen_version" ? "xen-version" : key;
    return [key, whole(flag, PLAIN_FLEET.cohortValues[key], 0, key === "storage" ? STORAGES.length : 1e6)] as const;
  };
  const plan = {
    seed: whole("seed", PLAIN_FLEET.seed, 0, 2 ** 32 - 1),
    hosts: whole("hosts", PLAIN_FLEET.hosts, 1),
    runs: whole("runs", PLAIN_FLEET.runs, 1, 1000),
    months: whole("months", PLAIN_FLEET.months, 1, 120),
    from: timeOf(given.from ?? PLAIN_FLEET.from),
    baseline,
    candidates,
    releases: given.releases?.split(",").map(releaseOf) ?? PLAIN_FLEET.releases,
    // The keys are those of the record, each once.
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

function parsed(flags: readonly string[]) {
  try {
    return parseArgs({
      args: [...flags],
      options: {
        ...{ seed: text, hosts: text, runs: text, months: text, from: text, baseline: text, releases: text, out: text },
        ...{ site: text, hardware: text, storage: text, "xen-version": text, spread: text, noise: text, wild: text },
        ...{ "file-mib": text, files: text, cached: text },
        candidate: { type: "string", multiple: true },
      },
    }).values;
  } catch (error) {
    throw new FlagFault(error instanceof Error ? error.message : String(error));
  }
}

function candidateOf(flag: string): Candidate {
  const [[backend = "", ratio = ""] = [], ...apart] = flag.split(",").map((part) => part.split("="));
  const number = (value: string | undefined) => {
    if (Number(value) > 0) return Number(value);
    throw new FlagFault(`--candidate ${flag}: expected a ratio above 0, found "${value ?? ""}"`);
  };
  if (!isBackend(backend)) throw new FlagFault(`--candidate ${flag}: expected a backend such as blktap2=1.5`);
  const trueRatio = sameRatio(number(ratio));
  for (const [name, value] of apart) {
    const metric = METRIC_NAMES.find((known) => known === name);
    if (metric === undefined) throw new FlagFault(`--candidate ${flag}: there is no metric "${name}"`);
    trueRatio[metric] = number(value);
  }
  return { backend, trueRatio };
}

function releaseOf(word: string) {
  const release = RELEASES.find((known) => known === word);
  if (release === undefined) throw new FlagFault(`--releases: expected ${RELEASES.join(", ")}, found "${word}"`);
  return release;
}

function timeOf(word: string): string {
  const time = /^\d{4}-\d\d-\d\d/.test(word) ? Date.parse(word) : Number.NaN;
  if (Number.isNaN(time)) throw new FlagFault(`--from: expected a date such as 2026-11-01, found "${word}"`);
  return new Date(time).toISOString();
}
