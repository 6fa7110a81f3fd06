// What one Bonnie++ run printed, once read: the setup of the run and a measurement for each test. The shapes are those
// of the HTTP contract (snake_case keys), so that a run is stored, served and read back without renaming anything.

import type { PerMetric } from "../run/metrics.ts";

/**
 * One test of one run. Exactly three kinds exist, told apart by `censored` and `rate`:
 * - measured: `rate` is a number (0 means under one unit a second), `censored` false;
 * - too fast to measure (`+++++`): `rate` null, `censored` true, and the true rate is strictly above `lower_bound`;
 * - unknown: `rate` null, `censored` false. Only file rates of 1.98/2.00 text tables, which print a wrong number
 *   (bonnie-formats.md, section 4.3).
 * A test that was not run is `null` in place of a Measurement, never a zero.
 */
export interface Measurement {
  /** Units per second as printed (`metrics.ts` names the unit). */
  readonly rate: number | null;
  /** %CP as printed: 100 x CPU time / wall time, truncated; null when unknown (always for `+++`). */
  readonly cpu: number | null;
  /** The longest single operation in microseconds; null in v1 and where none was printed. */
  readonly latency_us: number | null;
  readonly censored: boolean;
  /** Present exactly when censored: work / 0.5 s (1 s where 1.00 to 1.00e is named), in the metric's unit (bonnie-formats.md, section 5). */
  readonly lower_bound?: number;
}

/** Measurements of one run; null for a test that was not run. */
export type Measurements = PerMetric<Measurement | null>;

/** The specification of the file tests (`-n`). */
export interface FileSpec {
  /** Number of files in units of 1024. */
  readonly thousands: number;
  /** Largest size in bytes, or the kind of link; null for empty files. */
  readonly max_size: number | "link" | "symlink" | null;
  /** Smallest size in bytes; null when `max_size` is not a size. */
  readonly min_size: number | null;
  readonly num_dirs: number;
}

/** How a run was made, as far as its line or table says. Null means: the output does not say. */
export interface BonnieSetup {
  /** v1 = 1.00 to 1.04, v2 = 1.92b to 2.00a. Never comparable with each other (bonnie-formats.md, section 7). */
  readonly format: "v1" | "v2";
  /** Whether the values come from a CSV line or from a text table (two or three digits only in 2.00). */
  readonly source: "csv" | "text";
  /** The first field of a v2 line, e.g. `1.98`. */
  readonly format_version: string | null;
  /** The program version, e.g. `2.00a`; v1 lines do not say, v1 tables do (`1.03c`). */
  readonly bonnie_version: string | null;
  /** The machine name exactly as printed; may be empty, may hold any character. */
  readonly machine: string;
  /** A label only: `-c` runs nothing in parallel. */
  readonly concurrency: number | null;
  /** Decimal, or the name of the file given to `-Z`. */
  readonly seed: string | null;
  /** Size of the test file in KiB; null when the IO tests were not run. */
  readonly file_size_kib: number | null;
  /** Null when IO was not run, and in format 1.98, which never prints it. */
  readonly chunk_size_bytes: number | null;
  readonly seek_count: number | null;
  readonly seek_procs: number | null;
  /** Null when the file tests were not run. */
  readonly files: FileSpec | null;
}
