// A file that is there whole or not at all, for its owner only: written under another name beside it, and given its own when
// every byte is on the disk.

import { randomUUID } from "node:crypto";
import { linkSync, lstatSync, renameSync, rmSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { dirname } from "node:path";
import { StartFault } from "../server/start-error.ts";

/** Throws StartFault where the file may not be made: something of that name is there. */
export function refuseExisting(file: string, mayReplace: boolean): void {
  const there = lstatSync(file, { throwIfNoEntry: false });
  if (there === undefined) return;
  if (!there.isFile()) throw new StartFault(`${file} is there already, and is not a file`);
  if (!mayReplace) throw new StartFault(`${file} is there already; name another, or say --force`);
}

/**
 * Writes a new file. No link is followed in its place, and without `mayReplace` nothing is written over. What is left of one
 * that could not be finished is removed.
 */
export async function writeNewFile(
  file: string,
  chunks: AsyncIterable<Uint8Array>,
  mayReplace: boolean,
): Promise<void> {
  refuseExisting(file, mayReplace);
  const part = `${file}.part-${randomUUID()}`;
  // Also when a signal ends the process.
  const removePart = () => rmSync(part, { force: true });
  process.once("exit", removePart);
  try {
    await written(part, chunks);
    if (mayReplace) {
      refuseExisting(file, true);
      renameSync(part, file);
    } else {
      // A link is refused where something of that name has come meanwhile.
      linkSync(part, file);
    }
    await synced(dirname(file));
  } catch (error) {
    if (error instanceof StartFault || !(error instanceof Error && "syscall" in error)) throw error;
    throw new StartFault(`${file} cannot be written: ${error.message}`, { cause: error });
  } finally {
    removePart();
    process.removeListener("exit", removePart);
  }
}

async function written(file: string, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  const handle: FileHandle = await open(file, "wx", 0o600);
  try {
    for await (const chunk of chunks) await handle.appendFile(chunk);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The name of a file is on the disk when its folder is. */
async function synced(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
