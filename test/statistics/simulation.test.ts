// What an operator must be able to rely on, over fleets with known true effects: if nothing differs, hardly any fleet gets a
// winner, and a true difference of 10 % is found. From raw runs to the verdict, with fixed seeds.
//
// The margin: a count of simulated fleets is random too, so it must be so far on the right side of its limit that a method
// that just missed the limit would give such a count in at most 1 of 100 simulations.

import { expect, test } from "vitest";
import type { MetricComparison } from "../../shared/compare/comparison.ts";
import { METRIC_NAMES } from "../../shared/run/metrics.ts";
import { comparisonOf, fleetOf } from "../support/fleet.ts";
import { chanceOfSoFew, type Draws, drawsFrom, type Simulation, simulatedRuns } from "./simulated.ts";

const MARGIN = 0.01;

const SPREAD = 0.1;
const plain = ({ normal }: Draws) => SPREAD * normal();
/** Student's t with 2 degrees of freedom: a normal number over the root of a mean of two squares. */
const heavy = ({ normal, uniform }: Draws) => (SPREAD * normal()) / Math.sqrt(-Math.log(uniform()));
const wild = (draws: Draws) => (draws.uniform() < 0.1 ? 10 : 1) * plain(draws);
const skewed = ({ uniform }: Draws) => 3 * SPREAD * (-Math.log(uniform()) - Math.LN2);

/** How hosts differ although the backends do not, and how many rates are too fast to measure. */
type Kind = Pick<Simulation, "effect" | "bound"> & { readonly name: string };

const NOTHING_DIFFERS: readonly Kind[] = [
  { name: "all alike", effect: () => 0, bound: Infinity },
  { name: "normal", effect: plain, bound: Infinity },
  { name: "normal with heavy tails", effect: heavy, bound: Infinity },
  { name: "normal but for a wild tenth", effect: wild, bound: Infinity },
  { name: "skewed", effect: skewed, bound: Infinity },
  { name: "normal, a fifth of the rates too fast to measure", effect: plain, bound: 0.35 },
  { name: "normal with heavy tails, half of the rates too fast to measure", effect: heavy, bound: 0 },
];

const FLEETS = 80;

const isDecided = ({ verdict }: MetricComparison): boolean => verdict === "faster" || verdict === "slower";

const counted = new Map<Kind, number>();

/** How many of `FLEETS` fleets have a winner in any metric. */
function fleetsWithWinner(kind: Kind): number {
  const known = counted.get(kind);
  if (known !== undefined) return known;
  const fleets = Array.from({ length: FLEETS }, (_, seed) => {
    const draws = drawsFrom(seed);
    const whole = (least: number, most: number) => least + Math.floor((most - least + 1) * draws.uniform());
    const plan = { ...kind, hosts: whole(6, 50), runs: whole(1, 5), ratio: 1, noise: 0.05 };
    return comparisonOf(fleetOf(simulatedRuns(plan, draws)), "loop", "phy").fleet;
  });
  const winners = fleets.filter(({ metrics }) => Object.values(metrics).some(isDecided)).length;
  counted.set(kind, winners);
  return winners;
}

test.each(NOTHING_DIFFERS)("no winner without a difference, with hosts that are: $name", (kind) => {
  // So few fleets cannot prove 5 %; they show that no kind of fleet is far above it.
  expect(1 - chanceOfSoFew(fleetsWithWinner(kind) - 1, FLEETS, 0.05)).toBeGreaterThan(MARGIN);
});

test("in at most 5 % of fleets of 6 to 50 hosts any of 12 metrics has a winner if nothing differs", () => {
  const winners = NOTHING_DIFFERS.reduce((sum, kind) => sum + fleetsWithWinner(kind), 0);
  // The fleets are not trivial: chance does produce a winner sometimes.
  expect(winners).toBeGreaterThan(0);
  expect(chanceOfSoFew(winners, FLEETS * NOTHING_DIFFERS.length, 0.05)).toBeLessThan(MARGIN);
});

// A single run of each backend finds it in four of five fleets: the reason for running Bonnie++ more than once.
const RUNS = [{ runs: 2 }, { runs: 3 }, { runs: 5 }];
test.each(RUNS)("a true +10 % on 20 hosts of $runs runs with 8 % noise is found in at least 90 %", ({ runs }) => {
  const found = { faster: 0, slower: 0, other: 0 };
  for (let fleet = 0; fleet < 25; fleet += 1) {
    const plan = { hosts: 20, runs, ratio: 1.1, noise: 0.08, effect: () => 0, bound: Infinity };
    const simulated = fleetOf(simulatedRuns(plan, drawsFrom(fleet)));
    for (const metric of METRIC_NAMES) {
      const { metrics } = comparisonOf(simulated, "loop", "phy", { metrics: [metric] }).fleet;
      const verdict = metrics[metric]?.verdict;
      found[verdict === "faster" || verdict === "slower" ? verdict : "other"] += 1;
    }
  }
  expect(found.slower).toBe(0);
  expect(chanceOfSoFew(found.other, 25 * METRIC_NAMES.length, 0.1)).toBeLessThan(MARGIN);
});
