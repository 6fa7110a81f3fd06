// Writing into the room that a file has already, which works on a full disk too.

import { closeSync, constants, fstatSync, openSync, writeSync } from "node:fs";

/** Whether an error says that there is no room: the disk is full, or the user's share of it. */
export const isFull = (error: unknown): boolean =>
  error instanceof Error && "code" in error && (error.code === "ENOSPC" || error.code === "EDQUOT");

/** Writes a text over a file that is there, with blanks to the end of what it held. Throws as `fs` does. */
export function writeOver(path: string, text: string): void {
  const file = openSync(path, constants.O_RDWR | constants.O_NOFOLLOW);
  try {
    const bytes = Buffer.from(text);
    const rest = Buffer.alloc(Math.max(0, fstatSync(file).size - bytes.length), " ");
    const whole = Buffer.concat([bytes, rest]);
    if (writeSync(file, whole, 0, whole.length, 0) < whole.length) throw new Error(`${path} was written in part`);
  } finally {
    closeSync(file);
  }
}
