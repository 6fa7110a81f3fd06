// Two recomputations that share no code: a batch on raw runs (batch.ts), and the product's summaries, cells and comparison.
// Counts must be equal, every other number within 1e-9 of itself; words, names, nulls and the set of keys must be equal.

import { describe, expect, test } from "vitest";
import { random } from "../compare/random.ts";
import { type BatchQuery, batchComparison } from "./batch.ts";
import { BACKENDS, MONTHS, randomFleet } from "./fleets.ts";
import { productComparison } from "./product.ts";

const COUNTS = new Set([
  ...["hosts", "n_eff", "exact", "both_too_fast", "faster_hosts", "slower_hosts", "runs", "censored_hosts"],
  ...["single_run_hosts", "count"],
]);

/** Texts for people, and the query; everything else in the result is compared. */
const NOT_COMPARED = new Set([
  ...["sentence", "text", "baseline", "candidate", "periods", "view", "filters", "margin"],
  ...["method_version", "as_of", "pending_hosts", "notices"],
]);

/** The words that occurred, with their key, and how many numbers were compared. */
const words = new Set<string>();
let numbers = 0;

/** Members by key; the order of flags is not compared. */
const membersOf = (value: object, name: string): Map<string, unknown> =>
  new Map(Object.entries(name === "flags" && Array.isArray(value) ? value.toSorted() : value));

/** The places where two results differ. */
function differences(found: unknown, expected: unknown, path: readonly string[] = []): string[] {
  const name = path.findLast((each) => !/^\d+$/.test(each)) ?? "";
  if (typeof found === "object" && found !== null && typeof expected === "object" && expected !== null) {
    const [a, b] = [membersOf(found, name), membersOf(expected, name)];
    const keys = [...new Set([...a.keys(), ...b.keys()])].filter((key) => !NOT_COMPARED.has(key));
    return keys.flatMap((key) => differences(a.get(key), b.get(key), [...path, key]));
  }
  if (typeof found === "string") words.add(`${name} ${found}`);
  if (typeof found === "number") numbers += 1;
  const areNear =
    typeof found === "number" &&
    typeof expected === "number" &&
    !COUNTS.has(name) &&
    Math.abs(found - expected) <= 1e-9 * Math.abs(expected);
  return found === expected || areNear ? [] : [`${path.join(".")}: found ${found}, expected ${expected}`];
}

/** A query about a fleet: any two backends in either order, any periods, view, margin and metrics. */
function randomQuery(seed: number): BatchQuery {
  const uniform = random(seed);
  const one = <T>(first: T, ...others: T[]): T =>
    [first, ...others][Math.floor(uniform() * (others.length + 1))] ?? first;
  const baseline = one(...BACKENDS);
  const candidate = BACKENDS[(BACKENDS.indexOf(baseline) + one(1, 2)) % BACKENDS.length] ?? baseline;
  return {
    baseline,
    candidate,
    periods: one<string[]>(["all"], MONTHS, MONTHS.slice(0, 2), ["2026-Q4", "2027"], ["2026"], ["2026-11", "all"]),
    view: one("trusted", "all"),
    margin: one(0.03, 0.03, 0.005, 0.2),
    metrics: one<BatchQuery["metrics"]>([], [], ["put_block"], ["seeks", "get_block", "ran_stat"]),
  };
}

const BATCHES = 5;
const FLEETS = 40;

describe("every number of a comparison equals a batch over all raw runs", () => {
  test.each(Array.from({ length: BATCHES }, (_, batch) => batch))(`${FLEETS} fleets from seed %i00 on`, (batch) => {
    for (let seed = 100 * batch; seed < 100 * batch + FLEETS; seed += 1) {
      const runs = randomFleet(seed);
      const query = randomQuery(seed + 1e6);
      const found = productComparison(runs, query);
      const expected = batchComparison(runs, query);
      expect({ seed, query, differences: differences(found, expected) }).toEqual({
        seed,
        query,
        differences: [],
      });
    }
  });
});

test("the fleets gave every possible verdict, flag and kind of value", () => {
  const seen = (name: string) =>
    [...words].flatMap((word) => (word.startsWith(`${name} `) ? [word.split(" ")[1]] : []));
  expect(seen("reason").sort()).toEqual([
    ...["ci_above_1", "ci_below_1", "ci_includes_1", "ci_within_margin", "difference_below_margin", "mostly_too_fast"],
    ...["no_paired_hosts", "not_significant_after_holm", "too_fast_hides_size", "too_fast_on_both", "too_few_hosts"],
  ]);
  expect(seen("flags").sort()).toEqual([
    ...["bound_mismatch", "inflated_cpu", "low_cpu", "many_too_fast", "mixed_effect", "mixed_versions"],
    ...["mostly_single_runs", "outlier_hosts", "paired_and_between_disagree", "simpson", "single_host", "small_file"],
    ...["strata_disagree", "suspect_cached_reads"],
  ]);
  expect(seen("relation").sort()).toEqual(["<=", "=", ">=", "between", "unknown"]);
  expect(seen("kind").sort()).toEqual(["central_90", "min_max"]);
  expect(seen("indication").sort()).toEqual(["faster", "none", "slower"]);
  expect(numbers).toBeGreaterThan(100_000);
});
