// Quantities: what statistics are computed for. They are the rate of each metric and, after the rates, its CPU efficiency, the
// rate per percent of CPU (statistics.md, section 8). Samples, host values and cells have one entry for each quantity in this
// order; stored ones identify a quantity by its index, so new ones are added at the end.

import { METRICS, type MetricName } from "../run/metrics.ts";

/** `put_block` is a rate, `put_block:eff` the efficiency of the same test. */
export type QuantityName = MetricName | EfficiencyName;

export type EfficiencyName = `${MetricName}:eff`;

/** The name of a metric's efficiency. */
export function efficiencyName(metric: MetricName): EfficiencyName {
  return `${metric}:eff`;
}

/** One quantity. */
interface Quantity {
  readonly name: QuantityName;
  /** The test that it comes from. */
  readonly metric: MetricName;
  readonly isEfficiency: boolean;
  /** As for the metric: excluded from view `trusted` for cached runs. */
  readonly readPath: boolean;
}

/** All quantities, in their order. */
export const QUANTITIES: readonly Quantity[] = [
  ...METRICS.map(({ name, readPath }) => ({ name, metric: name, isEfficiency: false, readPath })),
  ...METRICS.map(({ name, readPath }) => ({
    name: efficiencyName(name),
    metric: name,
    isEfficiency: true,
    readPath,
  })),
];

/** Their names, in the same order. */
export const QUANTITY_NAMES: readonly QuantityName[] = QUANTITIES.map(({ name }) => name);

/** Number of quantities: 24. */
export const QUANTITY_COUNT = QUANTITIES.length;

const INDEXES = new Map(QUANTITY_NAMES.map((name, index) => [name, index]));

/** The index of a quantity in samples, host values and cells. */
export function quantityIndex(name: QuantityName): number {
  const index = INDEXES.get(name);
  if (index === undefined) throw new RangeError(`unknown quantity ${name}`);
  return index;
}
