// Bounds: what `+++++` says. Bonnie++ prints it for a test that took less than half a second, so the true rate is
// strictly above twice the test's work per second; by the same rule no printed rate can exceed that bound. 1.00 to 1.00e
// asked for a whole second, and did fewer seeks; only their tables tell them from other releases of v1.

import type { MetricName } from "./metrics.ts";
import type { BonnieSetup } from "./run.ts";

/** Seeks of a run whose output does not print their number. */
export const DEFAULT_SEEK_COUNT = 8192;

/** Seeks of 1.00 to 1.00e (bonnie-formats.md, section 1). */
const OLDEST_SEEK_COUNT = 8000;

/** The releases that asked for a whole second. */
const OLDEST: ReadonlySet<string> = new Set(["1.00", "1.00a", "1.00b", "1.00c", "1.00d", "1.00e"]);

/** How many times a second's work a test must do to be too fast. A CSV line of v1 names no release, and v2 is younger. */
function factorOf(setup: BonnieSetup): number {
  return setup.bonnie_version === null || setup.format === "v2" ? 2 : factorOfV1(setup.bonnie_version);
}

function factorOfV1(version: string): number {
  return OLDEST.has(version) ? 1 : 2;
}

/** KiB that putc and getc of v2 work on at the very least; the true amount is not printed. */
const MIN_BYTE_WORK_KIB = 1024;

/**
 * The work of one test: KiB, seeks or files, in the unit of the metric's rate times seconds. Null when the setup does
 * not have the test, and for putc and getc of v2, whose work is not printed (bonnie-formats.md, section 5).
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
      return setup.seek_count ?? (factorOf(setup) === 1 ? OLDEST_SEEK_COUNT : DEFAULT_SEEK_COUNT);
    default:
      return setup.files === null ? null : setup.files.thousands * 1024;
  }
}

/**
 * The rate that `+++++` lies strictly above, in the metric's unit; null when the setup does not have the test. For putc
 * and getc of v2 it is the guaranteed 2048 K/s: that the default of 3 MiB was used cannot be told from the output.
 * Source: bonnie-formats.md, section 5.
 */
export function lowerBound(metric: MetricName, setup: BonnieSetup): number | null {
  const work = knownWork(metric, setup);
  if (work !== null) return factorOf(setup) * work;
  const isByteTest = metric === "putc" || metric === "getc";
  return isByteTest && setup.file_size_kib !== null ? 2 * MIN_BYTE_WORK_KIB : null;
}

/**
 * The largest rate that can be printed as a number; null when there is none: the test is not in the setup, or its work
 * is unknown (putc and getc of v2 may exceed their guaranteed bound). Source: bonnie-formats.md, section 5.
 */
export function upperLimit(metric: MetricName, setup: BonnieSetup): number | null {
  const work = knownWork(metric, setup);
  return work === null ? null : factorOf(setup) * work;
}
