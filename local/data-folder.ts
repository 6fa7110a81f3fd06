// The data folder of one machine: the engine's file, the admin token, and a lock, because a second engine could open the
// same file without noticing.

import { accessSync, constants, linkSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { identityOf, isRunning, readIdentity } from "./process-identity.ts";
import { StartFault } from "./start-fault.ts";

export interface DataFolder {
  readonly path: string;
  readonly database: string;
  readonly adminTokenFile: string;
  readonly engineFile: string;
  /** Gives the folder free for the next server. */
  release(): void;
}

/** Makes the folder if need be and locks it for this process. Throws StartFault when it is in use or not writable. */
export function openDataFolder(path: string): DataFolder {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    accessSync(path, constants.W_OK | constants.X_OK);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new StartFault(`the data folder ${path} cannot be written: ${reason}\nSet DATA_DIR to a folder that can.`);
  }
  const lock = lockOf(path);
  takeLock(path, lock);
  return { path, ...filesOf(path), release: () => rmSync(lock, { force: true }) };
}

const lockOf = (path: string): string => join(path, "lock");

/** The files of a data folder. */
export const filesOf = (path: string) => ({
  // In full: the engine is known by it among those of other folders.
  database: resolve(path, "vbdstat.db"),
  adminTokenFile: join(path, "admin-token"),
  engineFile: join(path, "engine"),
});

/** The process that has locked a data folder; null when it is free. */
export function holderOf(path: string): number | null {
  const holder = readIdentity(lockOf(path));
  return holder !== null && isRunning(holder) ? holder.pid : null;
}

function takeLock(path: string, lock: string): void {
  const mine = `${lock}.${process.pid}`;
  try {
    writeFileSync(mine, JSON.stringify(identityOf(process.pid)));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new StartFault(`the data folder ${path} cannot be written: ${reason}\nSet DATA_DIR to a folder that can.`);
  }
  try {
    for (let attempt = 0; attempt < 5; attempt += 1) {
      try {
        // A link is made whole or not at all, so that nobody ever reads half a lock.
        linkSync(mine, lock);
        return;
      } catch (error) {
        if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
      }
      const holder = readIdentity(lock);
      if (holder !== null && isRunning(holder)) {
        throw new StartFault(
          `the data folder ${path} is in use by another vbdstat (process ${holder.pid}).\nStop it, or set DATA_DIR to another folder.`,
        );
      }
      breakLock(lock, holder?.pid ?? null);
    }
    throw new StartFault(`the lock ${lock} changes all the time; is another vbdstat starting again and again?`);
  } finally {
    rmSync(mine, { force: true });
  }
}

/** Removes a lock whose holder is gone; moved aside first, so that a lock taken meanwhile is noticed and put back. */
function breakLock(lock: string, holderPid: number | null): void {
  const aside = `${lock}.stale.${process.pid}`;
  try {
    renameSync(lock, aside);
    const moved = readIdentity(aside);
    if (moved !== null && moved.pid !== holderPid && isRunning(moved)) linkSync(aside, lock);
  } catch {
    // Somebody else was quicker; the next attempt sees what they left.
  }
  rmSync(aside, { force: true });
}
