// A section of the benchmark: what it is given, and what sections share.

import type { Row } from "./rows.ts";
import type { BenchServer } from "./server.ts";

export interface BenchOptions {
  /** An empty folder for data; removed at the end. */
  readonly folder: string;
  /** Tiny sizes, which only show that everything works. */
  readonly quick: boolean;
  /** Fleet sizes of the comparison. */
  readonly hosts: readonly number[];
  /** The name of the profile to take, or null when none is wanted. */
  profile(name: string): string | null;
}

export type Section = (options: BenchOptions) => Promise<readonly Row[]>;

/** Waits until no host has an open work mark; seconds. */
export async function untilAggregated(server: BenchServer): Promise<number> {
  const started = performance.now();
  let waits = 0;
  while (!(await server.ask("/v1/status")).includes('"pending_hosts":0,')) {
    // Counting marks takes the server's time as well, so it is not asked too often.
    await new Promise((resolve) => setTimeout(resolve, Math.min(500, 20 * 2 ** waits)));
    waits += 1;
  }
  return (performance.now() - started) / 1000;
}
