// What the reader returns: results, issues and directives in the order of the upload, and counts of the ignored lines.

import type { BonnieSetup, Issue, Measurements } from "../run/run.ts";

/**
 * What is in front of a line, for the caller, who knows the host, to decide about.
 * - `log`: a log or a tool wrote it, and it is not part of the line as read.
 * - `label`: it may be a label or part of the machine name. It is read as part of the name, except in front of a v2 line,
 *   whose name is elsewhere.
 */
export interface Prefix {
  readonly kind: "log" | "label";
  readonly text: string;
}

/** One Bonnie++ run as printed by its CSV line or its text table. */
export interface BonnieResult {
  /** 1-based line of the upload; for a text table its first line. */
  readonly line: number;
  /**
   * What was received, without what transport adds: terminator, byte order mark and outer spaces. For a text table or a
   * wrapped line, its lines without trailing spaces, joined by a line feed.
   */
  readonly raw: string;
  /**
   * What identifies the run, where it differs from `raw`: a line as Bonnie++ printed it, in one piece and without the prefix of a
   * log; of a table its words, and its headings without spaces and dashes, because copies of a table differ in these.
   */
  readonly printed?: string;
  /** What is in front of the line; absent if there is nothing. */
  readonly prefix?: Prefix;
  readonly setup: BonnieSetup;
  readonly metrics: Measurements;
  /** Short sentences, each beginning with a code word and a colon. */
  readonly warnings: readonly string[];
}

/** A line `# key: value`, which applies to the lines after it. The key is in lower case, the value trimmed. */
export interface Directive {
  readonly line: number;
  /** 1-based column of the key. */
  readonly column: number;
  readonly key: string;
  readonly value: string;
  readonly raw: string;
}

/** One item of an upload. */
export type Entry =
  | { readonly kind: "result"; readonly result: BonnieResult }
  | { readonly kind: "issue"; readonly issue: Issue }
  | ({ readonly kind: "directive" } & Directive);

/** How many lines were ignored, by reason. */
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

/** Everything that was read in an upload. */
export interface Reading {
  readonly entries: readonly Entry[];
  readonly ignored: Readonly<Ignored>;
}
