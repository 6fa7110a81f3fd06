// A run: one Bonnie++ result of one guest disk on one backend, as it is stored and served (docs/api.md#read).
// The raw line is kept byte for byte; everything else here can be derived from it and from what the client said.

import type { Backend } from "./backends.ts";
import type { BonnieSetup, Measurements } from "../model/measurement.ts";

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
