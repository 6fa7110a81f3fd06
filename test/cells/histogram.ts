// Histograms written as objects of hosts by bin, for tables of tests.

import { addBins, type Bins, emptyBins } from "../../shared/cells/bins.ts";

/** Bins from hosts by bin number, e.g. `{ "-3": 1, 7: 2 }`. */
export function binsFrom(hosts: Readonly<Record<string, number>>): Bins {
  const bins = emptyBins();
  for (const [bin, count] of Object.entries(hosts)) addBins(bins, { first: Number(bin), counts: [count] });
  return bins;
}

/** The inverse; bins without hosts are omitted. */
export function hostsByBin({ first, counts }: Bins): Record<string, number> {
  const entries = counts.map((count, index): [string, number] => [String(first + index), count]);
  return Object.fromEntries(entries.filter(([, count]) => count > 0));
}
