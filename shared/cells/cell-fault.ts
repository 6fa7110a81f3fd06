/**
 * A cell that cannot be: a negative count, a number that is no longer exact, or bytes that are not a cell. Never caused
 * by what a client sends, so it is a reason to alarm, not to answer 400 (statistics.md, section 3).
 */
export class CellFault extends Error {
  override readonly name = "CellFault";
  /** The field at fault, e.g. `put_block.x[-3]`, `head.hosts` or `notes.cached`. */
  readonly field: string;

  constructor(field: string, text: string) {
    super(`cell field ${field}: ${text}`);
    this.field = field;
  }
}
