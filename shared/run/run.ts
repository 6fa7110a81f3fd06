// A run: one Bonnie++ result of one guest disk on one backend, as it is stored and served (docs/api.md#read).
// The raw line is kept byte for byte; everything else here can be derived from it and from what the client said.

import type { Backend } from "./backends.ts";
import type { PerMetric } from "./metrics.ts";

// A view says which runs count. `trusted` leaves out the read-path metrics (rewrite, getc, get_block, seeks) of runs that
// are `cached` or `probably-cached`; `all` keeps them, as reported. Source: statistics.md, section 9, suspect_cached_reads.

export const VIEWS = ["trusted", "all"] as const;

export type View = (typeof VIEWS)[number];

// An issue: a fault of the input, as data. It says where, what was found and what was expected, so that the person who
// sent the line can mend it. Issues never abort a reading: the other lines of the upload are read all the same.

/** One fault in an upload. */
export interface Issue {
  /** 1-based line of the upload; 0 when the fault is not in a line (a query parameter). */
  readonly line: number;
  /**
   * Where in that line. In a CSV line the index of the field that is named, counted from 0 as in the tables of
   * bonnie-formats (4 is `put_block` of v1). Everywhere else (text tables, `# key: value` lines, a line at fault as a
   * whole) the character, counted from 1, at most the length of the line + 1. 0 with line 0.
   */
  readonly column: number;
  /** The column, metric or key at fault, e.g. `put_block`; null when the whole line is. */
  readonly field: string | null;
  /** A stable code, e.g. `bad_number`. */
  readonly code: string;
  /** What was expected and what was found, in one sentence; found text is quoted and cut to 60 characters. */
  readonly text: string;
  /** The offending line as received, for the quarantine; empty when there is none. */
  readonly raw: string;
}

// What one Bonnie++ run printed, once read: the setup of the run and a measurement for each test. The shapes are those
// of the HTTP contract (snake_case keys), so that a run is stored, served and read back without renaming anything.

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

/** A value a client may send as a fact. Facts are described one by one in `facts.ts`. */
export type FactValue = string | number | boolean;

/** Facts about a run by key, e.g. `{ dom0_mem_mb: 2048, rotational: true, "label.rack": "a7" }`. */
export type Facts = Readonly<Record<string, FactValue>>;

/** How far a rule that fired counts (xen-backends.md, section 5). `decisive` is C11, in both directions. */
export type RuleStrength = "decisive" | "strong" | "medium" | "weak";

/** One cache rule that fired, with the numbers that made it fire. */
export interface QualityReason {
  /** `C1` to `C12`. */
  readonly rule: string;
  readonly strength: RuleStrength;
  /** One sentence with the measured value and the limit, fit to show to an operator. */
  readonly text: string;
}

/** Whether the read-path numbers of a run can be those of the disk. */
export interface Quality {
  readonly verdict: "cached" | "probably-cached" | "suspect" | "clean" | "not-assessed";
  /** All rules that fired, in the order C1 to C12. */
  readonly reasons: readonly QualityReason[];
  /** Ids of the rules that carry the verdict, e.g. `["C1", "C2"]`; empty unless cached, probably-cached or suspect. */
  readonly decided_by: readonly string[];
}

/** A stored run. Times are ISO 8601 in UTC with milliseconds. */
export interface Run {
  readonly id: string;
  readonly fleet: string;
  readonly host: string;
  readonly vm: string;
  readonly backend: Backend;
  /** `v1/2G/8k/16`, see `stratum.ts`. */
  readonly stratum: string;
  readonly finished_at: string;
  readonly received_at: string;
  /** The line, or the lines of the text table, as received. */
  readonly raw: string;
  /** How `raw` maps to the bytes received: Latin-1 when the upload was not valid UTF-8. */
  readonly raw_encoding: "utf-8" | "latin-1";
  readonly parser_version: number;
  /** The client's own id of the run (key `run`), part of its identity; null when none was sent. */
  readonly client_run: string | null;
  readonly facts: Facts;
  readonly bonnie: BonnieSetup;
  readonly metrics: Measurements;
  readonly quality: Quality;
  readonly warnings: readonly string[];
  /** Set when an admin took the run out of all statistics. */
  readonly withdrawn_at: string | null;
}

/** A line that was rejected, with everything that is needed to try it again. */
export interface QuarantinedLine {
  readonly id: string;
  readonly fleet: string;
  readonly received_at: string;
  /** The line as received, at most 32 768 characters of it. */
  readonly raw: string;
  readonly raw_length: number;
  readonly raw_encoding: Run["raw_encoding"];
  readonly line: number;
  readonly column: number;
  readonly field: string | null;
  readonly code: string;
  readonly text: string;
  /** The metadata that was sent with the line: query parameters and `# key: value` lines. */
  readonly context: Readonly<Record<string, string>>;
  /** The hosts that the token it came with may post for; null for all. */
  readonly hosts: string | null;
}
