// Files of a data folder that belong to its table, and go with it into a backup: the key that tokens are sealed with, and
// which were revoked. Without them no token of the backup would be believed in another folder.

import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { StartError } from "./start-error.ts";

// Writing into the room that a file has already, which works on a full disk too.

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

const NAMES = ["token-key", "revoked-tokens"] as const;

/** Those that are there, by name. */
export function readTableFiles(folder: string): Readonly<Record<string, Buffer>> {
  const there = NAMES.filter((name) => existsSync(join(folder, name)));
  try {
    return Object.fromEntries(there.map((name) => [name, readFileSync(join(folder, name))]));
  } catch (error) {
    throw new StartError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

/** Writes them into another folder, for the owner only; any other name is left out. On the disk when it returns. */
export function writeTableFiles(folder: string, files: Readonly<Record<string, Uint8Array>>): void {
  for (const name of NAMES) {
    const content = files[name];
    if (content === undefined) continue;
    const part = join(folder, `${name}.part`);
    rmSync(part, { force: true });
    const handle = openSync(part, "wx", 0o600);
    try {
      writeSync(handle, content);
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    renameSync(part, join(folder, name));
  }
}
