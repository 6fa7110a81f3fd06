// How many hosts stand behind a number. Over several periods a host has a result in each, and only `n_eff` of the hosts are
// certainly different ones.

import { countOf, exactText } from "../run/format.ts";

/** What counts hosts. */
interface Counted {
  readonly hosts: number;
  readonly n_eff: number;
}

const isRepeated = ({ hosts, n_eff }: Counted): boolean => n_eff < hosts;

/** The hosts of one metric, in a column: `40`, `>= 10`. */
export function hostCountText(counted: Counted): string {
  return `${isRepeated(counted) ? ">= " : ""}${exactText(counted.n_eff)}`;
}

/** The hosts of one metric in a sentence: `40 hosts`, `at least 10 hosts (30 results over the periods)`. */
export function hostsText(counted: Counted): string {
  const hosts = countOf(counted.n_eff, "host");
  return isRepeated(counted) ? `at least ${hosts} (${countOf(counted.hosts, "result")} over the periods)` : hosts;
}

/** The hosts of several metrics, from the one with fewest to the one with most: `9 to 40 hosts`, `at least 10 hosts`. */
export function hostsOfAll(metrics: readonly Counted[]): string {
  const counts = metrics.flatMap(({ n_eff }) => (n_eff > 0 ? [n_eff] : []));
  const most = Math.max(0, ...counts);
  const fewest = Math.min(most, ...counts);
  const range = fewest === most ? countOf(most, "host") : `${exactText(fewest)} to ${countOf(most, "host")}`;
  return metrics.some(isRepeated) ? `at least ${range}` : range;
}
