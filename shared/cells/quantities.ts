// The quantities that statistics are made of: the rate of each metric and, behind the rates, its CPU efficiency, the rate
// for each per cent of CPU (statistics.md, section 8). Samples, host values and cells hold one entry for each quantity in this
// order; stored ones know a quantity by its place, so new ones go to the end.

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
  /** As for the metric: left out of view `trusted` for cached runs. */
  readonly readPath: boolean;
}

export const QUANTITIES: readonly Quantity[] = [
  ...METRICS.map(({ name, readPath }) => ({ name, metric: name, isEfficiency: false, readPath })),
  ...METRICS.map(({ name, readPath }) => ({
    name: efficiencyName(name),
    metric: name,
    isEfficiency: true,
    readPath,
  })),
];

export const QUANTITY_NAMES: readonly QuantityName[] = QUANTITIES.map(({ name }) => name);

/** How many quantities there are: 24. */
export const QUANTITY_COUNT = QUANTITIES.length;

const PLACES = new Map(QUANTITY_NAMES.map((name, place) => [name, place]));

/** The place of a quantity in samples, host values and cells. */
export function placeOf(name: QuantityName): number {
  const place = PLACES.get(name);
  if (place === undefined) throw new RangeError(`there is no quantity ${name}`);
  return place;
}
