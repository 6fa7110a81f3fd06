// Bounds: what `+++++` means. Bonnie++ prints it for a test that took less than half a second, so the true rate is strictly
// above twice the test's work per second; by the same rule no printed rate can exceed that bound. 1.00 to 1.00e required a
// whole second and did fewer seeks; only their tables show the release. Source: bonnie-formats.md, sections 1 and 5.

import type { MetricName } from "./metrics.ts";
import type { BonnieSetup } from "./run.ts";

/** The least amount that putc and getc of v2 work on, in KiB; the true amount is not printed. */
const MIN_BYTE_WORK_KIB = 1024;

/**
 * The rate that a result of `+++++` is strictly above, in the metric's unit; null if the setup does not include the test.
 * For putc and getc of v2 it is the guaranteed 2048 K/s: the output does not show whether the default of 3 MiB was used.
 */
export function lowerBound(metric: MetricName, setup: BonnieSetup): number | null {
  const work = knownWork(metric, setup);
  if (work !== null) return boundFactor(setup) * work;
  const isByteTest = metric === "putc" || metric === "getc";
  return isByteTest && setup.file_size_kib !== null ? 2 * MIN_BYTE_WORK_KIB : null;
}

/**
 * The largest rate that can be printed as a number, in the metric's unit; null if the setup does not include the test, or
 * if its work is unknown (putc and getc of v2 may exceed their guaranteed bound).
 */
export function upperLimit(metric: MetricName, setup: BonnieSetup): number | null {
  const work = knownWork(metric, setup);
  return work === null ? null : boundFactor(setup) * work;
}

/** Seeks of a run whose output does not print their number. */
export const DEFAULT_SEEK_COUNT = 8192;

/** Seeks of 1.00 to 1.00e (bonnie-formats.md, section 1). */
const OLDEST_SEEK_COUNT = 8000;

/**
 * The work of one test: KiB, seeks or files, in the unit of the metric's rate times seconds. Null if the setup does not
 * include the test, and for putc and getc of v2, whose work is not printed.
 */
export function knownWork(metric: MetricName, setup: BonnieSetup): number | null {
  switch (metric) {
    case "putc":
    case "getc":
      return setup.format === "v1" ? setup.file_size_kib : null;
    case "put_block":
    case "rewrite":
    case "get_block":
      return setup.file_size_kib;
    case "seeks":
      if (setup.file_size_kib === null) return null;
      return setup.seek_count ?? (boundFactor(setup) === 1 ? OLDEST_SEEK_COUNT : DEFAULT_SEEK_COUNT);
    default:
      return setup.files === null ? null : setup.files.thousands * 1024;
  }
}

/** The releases whose tests had to take a whole second. */
const OLDEST_RELEASES: ReadonlySet<string> = new Set(["1.00", "1.00a", "1.00b", "1.00c", "1.00d", "1.00e"]);

/** The bound divided by the work of a test, per second. A CSV line of v1 names no release: it is taken for a later one. */
function boundFactor({ format, bonnie_version: version }: BonnieSetup): number {
  return format === "v1" && version !== null && OLDEST_RELEASES.has(version) ? 1 : 2;
}
