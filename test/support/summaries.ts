// The summaries that every format is tried on, by name: those of comparisons.ts, and one of each other kind.

import { computeCohort } from "../../shared/cells/host-values.ts";
import { allBackends } from "../../shared/compare/backends.ts";
import { hostEntry } from "../../shared/compare/host.ts";
import type { Run } from "../../shared/run/run.ts";
import * as situations from "./comparisons.ts";
import { type Fleet, fleetOf } from "./fleet.ts";
import type { Summary } from "./kinds.ts";
import { runOf } from "./runs.ts";

/** Comparisons by situation. */
export const COMPARISONS: Readonly<Record<string, () => Summary>> = {
  seed: () => ({ kind: "compare", result: situations.seed() }),
  "clear-win": () => ({ kind: "compare", result: situations.clearWin() }),
  "all-equal": () => ({ kind: "compare", result: situations.allEqual() }),
  "all-censored": () => ({ kind: "compare", result: situations.allCensored() }),
  empty: () => ({ kind: "compare", result: situations.empty() }),
  "six-hosts": () => ({ kind: "compare", result: situations.sixHosts() }),
  "hundred-thousand-hosts": () => ({ kind: "compare", result: situations.hundredThousandHosts() }),
  mixed: () => ({ kind: "compare", result: situations.mixed() }),
};

/** Runs of three hosts on two backends, one of them fast enough to be a bound, one read from a cache. */
const RUNS: readonly Run[] = ["dom0-a", "dom0-b", "dom0-c"].flatMap((host, index) => [
  runOf({
    host,
    number: 2 * index,
    at: `2026-11-0${index + 1}T08:00:00.000Z`,
    rates: { put_block: 60_000 + 5_000 * index, get_block: 900_000, seeks: ">16384" },
    cached: index === 0 ? ["C1", "C2"] : [],
    facts: { site: "fra", dom0_mem_mb: 2_048, "label.rack": `a${index}` },
  }),
  runOf({
    host,
    number: 2 * index + 1,
    backend: "phy",
    at: `2026-11-0${index + 1}T09:00:00.000Z`,
    rates: { put_block: 90_000 + 4_000 * index, get_block: 130_000, seeks: 249.1 },
  }),
]);

/** Every backend of a fleet by itself. */
export function backendsSummary(fleet: Fleet): Summary {
  return {
    kind: "backends",
    result: allBackends({
      query: { periods: ["all"], view: "trusted", filters: {}, metrics: [] },
      asOf: "2026-11-22T12:00:00.000Z",
      pendingHosts: 0,
      notices: [],
      values: new Map(["loop", "phy"].map((name) => [name, fleet.scopes("trusted", "backend", name)])),
    }),
  };
}

/** A list of the hosts of a fleet. */
export function hostsSummary({ summaries }: Fleet, cursor: string | null): Summary {
  return {
    kind: "hosts",
    result: {
      order: "name",
      hosts: summaries.flatMap(
        // One of the hosts is silent.
        (summary) => hostEntry({ summary, cohort: computeCohort(summary) }, "2026-11-02T00:00:00.000Z") ?? [],
      ),
      cursor,
    },
  };
}

/** A run with everything that one can have. */
const FULL: Run = {
  ...runOf({
    number: 7,
    rates: { putc: 25_511, put_block: 18_075, seeks: ">16384" },
    raw: "vm101,2064M,25511,35,18075,3,,,,,,,+++++,+++,,,,,,,,,,,,,",
    facts: { site: "fra", rotational: true, dom0_mem_mb: 2_048 },
  }),
  quality: {
    verdict: "probably-cached",
    reasons: [
      { rule: "C2", strength: "strong", text: "seeks were too fast to measure." },
      { rule: "C12", strength: "weak", text: "all six file tests were too fast." },
    ],
    decided_by: ["C2"],
  },
  client_run: "nightly-7",
  warnings: ["zero_rate: getc was 0"],
  sent_by: { token_id: "4f6d8a52-6a0e-4f4e-9f0a-2b1c3d4e5f60", label: "Frankfurt" },
  withdrawn_at: "2026-11-21T00:00:00.000Z",
};

/** One summary of each kind but a comparison. */
export const OTHERS: Readonly<Record<string, () => Summary>> = {
  matrix: () => ({ kind: "matrix", result: situations.fourBackends() }),
  trend: () => ({ kind: "trend", result: situations.yearOfBlktap2() }),
  backends: () => backendsSummary(fleetOf(RUNS)),
  hosts: () => hostsSummary(fleetOf(RUNS), "ZG9tMC1j"),
  host: () => ({ kind: "host", result: situations.oneOfMany() }),
  runs: () => ({ kind: "runs", result: { runs: RUNS.toReversed(), cursor: null } }),
  run: () => ({ kind: "run", result: FULL }),
};
