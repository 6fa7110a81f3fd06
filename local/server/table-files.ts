// Files of a data folder that belong to its table, and go with it into a backup: the key that tokens are sealed with, and
// which were revoked. Without them no token of the backup would be believed in another folder.

import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { StartFault } from "./start-error.ts";

const NAMES = ["token-key", "revoked-tokens"] as const;

/** Those that are there, by name. */
export function readTableFiles(folder: string): Readonly<Record<string, Buffer>> {
  const there = NAMES.filter((name) => existsSync(join(folder, name)));
  try {
    return Object.fromEntries(there.map((name) => [name, readFileSync(join(folder, name))]));
  } catch (error) {
    throw new StartFault(error instanceof Error ? error.message : String(error), { cause: error });
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
