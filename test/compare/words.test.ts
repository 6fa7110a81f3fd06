import { expect, test } from "vitest";
import { counted, percent, pText, ratioText } from "../../shared/compare/words.ts";

test.each([
  [2.149, "none", "2.1"],
  [1.0367, "none", "1.037"],
  [1.649, "none", "1.65"],
  [12.4, "none", "12"],
  [0.47, "none", "0.47"],
  [0.015204, "none", "0.015"],
  [0.0152, "upper", "0.016"], // "at most 0.015" would be false
  [0.015, "upper", "0.015"],
  [2.19, "lower", "2.1"], // "at least 2.2" would be false
  [2.11, "lower", "2.1"],
] as const)("%f as %s bound reads %s", (ratio, bound, text) => {
  expect(ratioText(ratio, bound)).toBe(text);
});

test("all and none are never said of nearly all and nearly none", () => {
  expect([percent(999, 1000), percent(1000, 1000), percent(1, 1000), percent(0, 1000)]).toEqual([
    "99 %",
    "100 %",
    "1 %",
    "0 %",
  ]);
});

test("counts read well", () => {
  expect([counted(1, "host"), counted(999, "host"), counted(1240, "host"), counted(1_234_567, "run")]).toEqual([
    "1 host",
    "999 hosts",
    "1 240 hosts",
    "1 234 567 runs",
  ]);
  expect([pText(0.0123), pText(1e-30)]).toEqual(["0.012", "below 0.001"]);
});
