// A run: one Bonnie++ result of one guest disk on one backend, as it is stored and served (docs/api.md#read), with its
// parts: the setup and a measurement for each test as Bonnie++ printed them, the facts that the client sent, and the cache
// assessment. The raw line is kept byte for byte, and everything else can be derived from it and from the metadata. The
// shapes are those of the HTTP contract (snake_case keys), so a run is stored, served and read back without renaming
// anything. Also here: the issue, which a line gives instead of a run, and the view, which says which runs count.

import type { Backend } from "./backends.ts";
import type { PerMetric } from "./metrics.ts";

/** A stored run. Times are ISO 8601 in UTC with milliseconds. */
export interface Run {
  readonly id: string;
  readonly fleet: string;
  readonly host: string;
  readonly vm: string;
  readonly backend: Backend;
  /** E.g. `v1/2G/8k/16`; see `computeStratum`. */
  readonly stratum: string;
  readonly finished_at: string;
  readonly received_at: string;
  /** The line, or the lines of the text table, as received. */
  readonly raw: string;
  /** How `raw` maps to the bytes received: Latin-1 if the upload was not valid UTF-8. */
  readonly raw_encoding: "utf-8" | "latin-1";
  readonly parser_version: number;
  /** The client's own id of the run (key `run`), part of its identity; null if none was sent. */
  readonly client_run: string | null;
  readonly facts: Facts;
  readonly bonnie: BonnieSetup;
  readonly metrics: Measurements;
  readonly quality: Quality;
  readonly warnings: readonly string[];
  /** The token that the run was sent with; null for a run that was not sent with one, as from an import. */
  readonly sent_by: SentBy | null;
  /** When an admin withdrew the run from all statistics; null if it counts. */
  readonly withdrawn_at: string | null;
  /** Why, in the words of who withdrew it; only of a withdrawn run, and only if a reason was given. */
  readonly withdrawn_reason?: string;
  /** The id of the withdrawn run whose line this run is, under another backend or host; only of a relabeled run. */
  readonly relabeled_from?: string;
}

/** A token as it was when a run was sent with it: its id, and its label if it has one. */
export interface SentBy {
  readonly token_id: string;
  readonly label: string | null;
}

/**
 * One test of one run. There are exactly three kinds, distinguished by `censored` and `rate`:
 * - measured: `rate` is a number (0 means under one unit a second), `censored` false;
 * - too fast to measure (`+++++`): `rate` null, `censored` true, and the true rate is strictly above `lower_bound`;
 * - unknown: `rate` null, `censored` false. Only file rates of 1.98/2.00 text tables, which print a wrong number
 *   (bonnie-formats.md, section 4.3).
 * A test that was not run is `null` instead of a Measurement, never a zero.
 */
export interface Measurement {
  /** Units per second as printed (`METRICS` has the unit). */
  readonly rate: number | null;
  /** %CP as printed: 100 x CPU time / wall time, truncated; null if unknown (always for `+++`). */
  readonly cpu: number | null;
  /** The longest single operation in microseconds; null in v1 and where none was printed. */
  readonly latency_us: number | null;
  readonly censored: boolean;
  /** Present exactly if censored: work / 0.5 s (1 s for 1.00 to 1.00e), in the metric's unit (bonnie-formats.md, section 5). */
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
  /** Smallest size in bytes; null if `max_size` is not a size. */
  readonly min_size: number | null;
  readonly num_dirs: number;
}

/** How a run was made, as far as its line or table prints it. Null: the output does not print it. */
export interface BonnieSetup {
  /** v1 = 1.00 to 1.04, v2 = 1.92b to 2.00a. Never comparable with each other (bonnie-formats.md, section 7). */
  readonly format: "v1" | "v2";
  /** Whether the values come from a CSV line or from a text table (in 2.00 two or three digits only). */
  readonly source: "csv" | "text";
  /** The first field of a v2 line, e.g. `1.98`. */
  readonly format_version: string | null;
  /** The program version, e.g. `2.00a`; v1 tables print it (`1.03c`), v1 lines do not. */
  readonly bonnie_version: string | null;
  /** The machine name exactly as printed; may be empty, may contain any character. */
  readonly machine: string;
  /** A label only: `-c` runs nothing in parallel. */
  readonly concurrency: number | null;
  /** Decimal, or the name of the file given to `-Z`. */
  readonly seed: string | null;
  /** Size of the test file in KiB; null if the IO tests were not run. */
  readonly file_size_kib: number | null;
  /** Null if the IO tests were not run, and in format 1.98, which never prints it. */
  readonly chunk_size_bytes: number | null;
  readonly seek_count: number | null;
  readonly seek_procs: number | null;
  /** Null if the file tests were not run. */
  readonly files: FileSpec | null;
}

/** A value a client may send as a fact. `facts.ts` describes each fact. */
export type FactValue = string | number | boolean;

/** Facts about a run by key, e.g. `{ dom0_mem_mb: 2048, rotational: true, "label.rack": "a7" }`. */
export type Facts = Readonly<Record<string, FactValue>>;

/** How much a rule that fired counts (xen-backends.md, section 5). `decisive` is C11, in both directions. */
export type RuleStrength = "decisive" | "strong" | "medium" | "weak";

/** One cache rule that fired, with the numbers that made it fire. */
export interface QualityReason {
  /** `C1` to `C12`. */
  readonly rule: string;
  readonly strength: RuleStrength;
  /** One sentence for an operator, with the measured value and the limit. */
  readonly text: string;
}

/** The cache assessment: whether the read-path numbers of a run can be the disk's. */
export interface Quality {
  readonly verdict: "cached" | "probably-cached" | "suspect" | "clean" | "not-assessed";
  /** All rules that fired, in the order C1 to C12. */
  readonly reasons: readonly QualityReason[];
  /** Ids of the rules that carry the verdict, e.g. `["C1", "C2"]`; empty unless cached, probably-cached or suspect. */
  readonly decided_by: readonly string[];
}

/** The views, in the order in which statistics are kept. */
export const VIEWS = ["trusted", "all"] as const;

/**
 * Which runs count. `trusted` excludes the read-path metrics (rewrite, getc, get_block, seeks) of runs that are `cached` or
 * `probably-cached`; `all` includes them as reported (statistics.md, section 9, suspect_cached_reads).
 */
export type View = (typeof VIEWS)[number];

/**
 * One error in an upload, as data: where it is, what was expected and what was found, so that the sender can fix it. An
 * issue never aborts a reading: the other lines of the upload are still read.
 */
export interface Issue {
  /** 1-based line of the upload; 0 if the error is not in a line (a query parameter). */
  readonly line: number;
  /**
   * Where in that line. In a CSV line the index of the field that is named, counted from 0 as in the tables of
   * bonnie-formats.md (4 is `put_block` of v1). Everywhere else (text tables, `# key: value` lines, an error of the whole
   * line) the character, counted from 1, at most the length of the line + 1. 0 with line 0.
   */
  readonly column: number;
  /** The column, metric or key with the error, e.g. `put_block`; null if it is the whole line. */
  readonly field: string | null;
  /** A stable code, e.g. `bad_number`. */
  readonly code: string;
  /** What was expected and what was found, in one sentence; found text is quoted and truncated to 60 characters. */
  readonly text: string;
  /** The offending line as received, for the quarantine; empty if there is none. */
  readonly raw: string;
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
  /** The token that it came with; missing for lines that an earlier version stored. */
  readonly sent_by?: SentBy | null;
}
