import { expect, test } from "vitest";
import { percent } from "../../shared/compare/sentences.ts";

test("all and none are never said of nearly all and nearly none", () => {
  expect([percent(999, 1000), percent(1000, 1000), percent(1, 1000), percent(0, 1000)]).toEqual([
    "99 %",
    "100 %",
    "1 %",
    "0 %",
  ]);
});
