// What a reading consists of: results, issues and directives in the order of the upload, and counts of what was noise.

import type { BonnieSetup, Issue, Measurements } from "../run/run.ts";

/** One Bonnie++ run as its line, or its text table, says. */
export interface BonnieResult {
  /** 1-based line of the upload; for a text table that of its first line. */
  readonly line: number;
  /**
   * What was received, without what transport adds: terminator, byte order mark and outer blanks. A text table: its
   * lines without trailing blanks, joined by a line feed. Two copies of a line that differ in those only are one run.
   */
  readonly raw: string;
  readonly setup: BonnieSetup;
  readonly metrics: Measurements;
  /** Short sentences, each opening with a code word and a colon. */
  readonly warnings: readonly string[];
}

/** A line `# key: value`, which holds for the lines after it. The key is in lower case, the value as written, trimmed. */
export interface Directive {
  readonly line: number;
  /** 1-based column of the key. */
  readonly column: number;
  readonly key: string;
  readonly value: string;
  readonly raw: string;
}

/** One thing an upload says. */
export type Entry =
  | { readonly kind: "result"; readonly result: BonnieResult }
  | { readonly kind: "issue"; readonly issue: Issue }
  | ({ readonly kind: "directive" } & Directive);

/** How many lines were left aside, by reason. */
export interface Ignored {
  blank: number;
  /** The header line of `-x 2` and above. */
  header: number;
  comment: number;
  /** Lines of text tables that a CSV line of the upload repeats, and headings without their rows. */
  table: number;
  /** Progress messages and other text. */
  other: number;
}

/** All that an upload says. */
export interface Reading {
  readonly entries: readonly Entry[];
  readonly ignored: Readonly<Ignored>;
}
