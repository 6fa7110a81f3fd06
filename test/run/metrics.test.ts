import { expect, it } from "vitest";
import { METRIC_NAMES, METRICS, perMetric } from "../../shared/run/metrics.ts";

it("a value for every metric, in registry order, or every table would show rates under the wrong heading", () => {
  const places = perMetric((name, index) => [name, index]);
  expect(Object.entries(places)).toEqual(METRIC_NAMES.map((name, index) => [name, [name, index]]));
  expect(METRICS.map(({ name }) => name)).toEqual(METRIC_NAMES);
});
