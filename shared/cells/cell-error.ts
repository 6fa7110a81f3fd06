// The error of everything that adds up, reads or writes cells. It has a file of its own because all of them import it.

/**
 * An impossible cell: a negative count, a number that is no longer exact, or bytes that are not a cell. Never caused by what
 * a client sends, so it is a reason to raise an alarm, not to respond with 400 (statistics.md, section 3).
 */
export class CellError extends Error {
  override readonly name = "CellError";
  /** The field that is wrong, e.g. `put_block.x[-3]`, `head.hosts` or `notes.cached`. */
  readonly field: string;

  constructor(field: string, text: string) {
    super(`cell field ${field}: ${text}`);
    this.field = field;
  }
}
