import { expect, test } from "vitest";
import { formatShare } from "../../shared/report/format.ts";

test("all and none are never said of nearly all and nearly none", () => {
  expect([formatShare(999, 1000), formatShare(1000, 1000), formatShare(1, 1000), formatShare(0, 1000)]).toEqual([
    "99 %",
    "100 %",
    "1 %",
    "0 %",
  ]);
});
