// Files that hold a secret: for their owner only, written whole or not at all.

import { closeSync, constants, fstatSync, fsyncSync, openSync, readSync, renameSync, rmSync, writeSync } from "node:fs";
import { StartFault } from "./server/start-error.ts";

/** No secret is longer; what is, is another file. */
const MOST_BYTES = 4_096;

/**
 * The content of a secret's file; null when there is no such file. Throws StartFault when it is not a file, belongs to somebody else or
 * can be read by others: then somebody may know the secret, or may have chosen it.
 */
export function readSecretFile(path: string): Buffer | null {
  let file: number;
  try {
    // Not waiting where somebody has put a pipe, nor following where they have put a link.
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    if (error instanceof Error && "code" in error && error.code === "ELOOP") {
      throw new StartFault(
        `${path} holds a secret and must be a file; it is a symbolic link. Remove it, or put the file itself in its place.`,
      );
    }
    throw new StartFault(`${path} cannot be read: ${reasonOf(error)}`, { cause: error });
  }
  try {
    const { mode, uid, size } = fstatSync(file);
    if ((mode & constants.S_IFMT) !== constants.S_IFREG) {
      throw new StartFault(`${path} holds a secret and must be a file, which it is not. Remove or rename it.`);
    }
    const own = process.geteuid?.();
    if (own !== undefined && uid !== own) {
      throw new StartFault(
        `${path} holds a secret and belongs to user ${uid}, while this process is user ${own}.\nRun it as the owner of the data folder, or: chown ${own} ${path}`,
      );
    }
    if ((mode & 0o077) !== 0) {
      throw new StartFault(
        `${path} holds a secret and others can read it (mode ${(mode & 0o777).toString(8).padStart(4, "0")}).\nIf nobody has: chmod 600 ${path}. If somebody may have: make a new one (docs/runbook.md, Tokens).`,
      );
    }
    if (size > MOST_BYTES) throw new StartFault(`${path} holds a secret and has ${size} bytes, which no secret has.`);
    const content = Buffer.alloc(MOST_BYTES);
    return content.subarray(0, readSync(file, content));
  } finally {
    closeSync(file);
  }
}

/** Writes a secret for the owner only, in place of what was there; it is on the disk when this returns. Throws StartFault. */
export function writeSecretFile(path: string, content: string | Uint8Array): void {
  const part = `${path}.part`;
  try {
    rmSync(part, { force: true });
    const file = openSync(part, "wx", 0o600);
    try {
      writeSync(file, Buffer.from(content));
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(part, path);
  } catch (error) {
    throw new StartFault(`${path} cannot be written: ${reasonOf(error)}`, { cause: error });
  }
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
