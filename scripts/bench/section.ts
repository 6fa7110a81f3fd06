// A section of the benchmark: its options, and code that sections share.

import type { Row } from "./rows.ts";
import type { BenchServer } from "./server.ts";

export interface BenchOptions {
  /** An empty folder for data; removed at the end. */
  readonly folder: string;
  /** Tiny sizes, which only check that everything works. */
  readonly quick: boolean;
  /** Fleet sizes of the sections `comparison` and `capacity`; the section's own unless given. */
  readonly hosts?: readonly number[];
  /** The file name of a CPU profile; null without --profile. */
  profile(name: string): string | null;
}

export type Section = (options: BenchOptions) => Promise<readonly Row[]>;

/** Waits until no host is pending; returns the duration in seconds. */
export async function untilAggregated(server: BenchServer): Promise<number> {
  const started = performance.now();
  let waits = 0;
  while (!(await server.ask("/v1/status")).includes('"pending_hosts":0,')) {
    // Not too often: counting pending hosts costs the server time as well.
    await new Promise((resolve) => setTimeout(resolve, Math.min(500, 20 * 2 ** waits)));
    waits += 1;
  }
  return (performance.now() - started) / 1000;
}
