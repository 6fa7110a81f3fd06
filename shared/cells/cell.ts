// Cells: the mergeable state behind every comparison (statistics.md, section 3). A cell adds up the contributions of many
// hosts in integers only, so that merging, subtracting and recomputing agree to the last bit. What comes in: host
// summaries. What goes out: cells that `compare/` reads. One type serves pair cells and value cells.

import type { Bins } from "./bins.ts";

/**
 * One quantity of a cell. All fields are integers; a host adds at most one value.
 * Pair cell of backends b < c (alphabetically): d is the host's log-ratio of c over b in ticks.
 * Value cell of one backend: d is the host value; `nb`, `pos`, `neg` stay 0 and `u` stays empty.
 */
export interface MetricCell {
  /** Hosts. */
  n: number;
  /** Hosts whose d is exact. */
  nx: number;
  /** Hosts too fast to measure on both sides: d in (-inf, +inf). */
  nb: number;
  /** Hosts with certain sign: c faster. */
  pos: number;
  /** Hosts with certain sign: c slower. */
  neg: number;
  /** Sum of d over exact hosts, in ticks. */
  s1: number;
  /** Sum of d squared over exact hosts, in ticks^2. */
  s2: number;
  /** Run-to-run noise, in ticks^2, and its weight; see statistics.md, section 3 for the two meanings. */
  wv: number;
  wn: number;
  /** Hosts with a single run on a side. */
  one: number;
  /** Runs behind this metric. */
  runs: number;
  /** Bins of exact d. */
  x: Bins;
  /** Bins of finite lower ends of hosts that are not exact. */
  l: Bins;
  /** Bins of finite upper ends of hosts that are not exact. */
  u: Bins;
}

/**
 * A cell: a head that counts hosts, and one entry for each quantity, null where no host has it. Efficiencies are in pair
 * cells alone: nothing asks for those of one backend, and they would double the cells that are read for every answer.
 */
export interface Cell {
  /** Hosts behind the cell with any metric at all. */
  hosts: number;
  /** Runs of those hosts, both sides. */
  runs: number;
  /**
   * Hosts by note, e.g. `cached` (a run that is cached or probably-cached), `cached:C1` (by rule), `small_file`,
   * `bound_mismatch` and `cached+phy` (on phy as well, `noteOnBoth`) in backend cells, `low_cpu:put_block` (by metric) in pair cells. Counts above 0 only.
   */
  notes: Map<string, number>;
  /** In the order of the quantities, `QUANTITY_COUNT` entries. */
  metrics: (MetricCell | null)[];
}

/** What a cell is about: a pair of backends, one backend, or the whole fleet (head only). */
export type CellKind = "pair" | "backend" | "fleet";

/** The scope of a cell: `ALL`, where a host has one vote over its strata, or one stratum. */
export const SCOPE_ALL = "ALL";
