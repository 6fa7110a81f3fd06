// Files of a data folder: the ones that belong to its table and go with it into a backup (the key that seals the tokens, and the list of
// revoked tokens: without them no token of the backup would be valid in another folder), and writing over a file on a full disk.

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
import { errorMessage, StartError } from "./start-error.ts";

/** Whether an error means that there is no space: the disk or the user's quota is full. */
export const isFull = (error: unknown): boolean =>
  error instanceof Error && "code" in error && (error.code === "ENOSPC" || error.code === "EDQUOT");

/** Overwrites an existing file, padded with spaces to its old size, which works on a full disk. Throws as `fs` does. */
export function writeOver(path: string, text: string): void {
  const file = openSync(path, constants.O_RDWR | constants.O_NOFOLLOW);
  try {
    const bytes = Buffer.from(text);
    const rest = Buffer.alloc(Math.max(0, fstatSync(file).size - bytes.length), " ");
    const whole = Buffer.concat([bytes, rest]);
    if (writeSync(file, whole, 0, whole.length, 0) < whole.length) throw new Error(`${path} was written only in part`);
  } finally {
    closeSync(file);
  }
}

const NAMES = ["token-key", "revoked-tokens"] as const;

/** The files of the table that exist, by name. Throws StartError when one cannot be read. */
export function readTableFiles(folder: string): Readonly<Record<string, Buffer>> {
  const there = NAMES.filter((name) => existsSync(join(folder, name)));
  try {
    return Object.fromEntries(there.map((name) => [name, readFileSync(join(folder, name))]));
  } catch (error) {
    throw new StartError(errorMessage(error), { cause: error });
  }
}

/** Writes the files of a table into another folder, readable by the owner only, and flushes them; ignores other names. */
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
