import { expect, test } from "vitest";
import { holm } from "../../shared/compare/tests.ts";

test("step-down adjustment by hand, in the order given", () => {
  // Sorted 0.01 0.02 0.03 0.5 times 4 3 2 1: 0.04 0.06 0.06 0.5; the third is 0.06 as well.
  const adjusted = holm([0.03, 0.01, 0.5, 0.02]);
  const expected = [0.06, 0.04, 0.5, 0.06].map((p) => expect.closeTo(p, 12));
  expect(adjusted).toEqual(expected);
});

test("an adjusted p never falls below an earlier one and never exceeds 1", () => {
  // 0.01 * 3 = 0.03; 0.012 * 2 = 0.024 is lifted to 0.03; 1 stays 1.
  expect(holm([0.01, 0.012, 1])).toEqual([0.03, 0.03, 1]);
});

test("metrics without a test do not cost the others any power", () => {
  expect(holm([null, 0.04, null])).toEqual([null, 0.04, null]);
  expect(holm([])).toEqual([]);
});
