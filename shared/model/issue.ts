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
