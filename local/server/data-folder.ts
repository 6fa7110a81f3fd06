// The data folder of one machine: the engine's file, the admin token, and a lock, because a second engine could open the same file
// without noticing. In: its path. Out: the folder, locked for this process, with its files readable by their owner only.

import { accessSync, chmodSync, closeSync, constants, lstatSync, mkdirSync, realpathSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { endEngines, findEngines } from "./engine-command.ts";
import { changeRole, notWritable, releaseLock, tryLock } from "./folder-lock.ts";
import { errorMessage, StartError } from "./start-error.ts";

export interface DataFolder {
  readonly path: string;
  readonly database: string;
  readonly adminTokenFile: string;
  readonly engineFile: string;
  /** The folder as an open file, locked in the kernel; an engine that inherits it keeps the lock. Null if the kernel has no such locks. */
  readonly lockedFile: number | null;
  /** Announces that the folder will be free soon, so that others wait for it. */
  stopping(): void;
  /** Releases the folder for the next server. */
  release(): void;
}

export interface OpenOptions {
  readonly role: "server" | "command";
  /** Prints what is waited for, and which files other users can read. */
  readonly print: (line: string) => void;
  /** Ends the waiting: the promise rejects with its AbortError. */
  readonly signal?: AbortSignal | undefined;
}

/** How often the lock is tried while waiting. */
const RETRY_MS = 250;

/** How long a process that has the kernel lock may take to write its name into the lock file. */
const UNKNOWN_HOLDER_MS = 1_000;

/**
 * Creates the folder if it does not exist, and locks it for this process; ends an engine that a killed process has left on it. Waits for a
 * stopping server; a server also waits for a command. Throws StartError when another process holds the folder, when it is not writable,
 * or when one of its files is a link. Works on a full disk.
 */
export async function openDataFolder(path: string, { role, print, signal }: OpenOptions): Promise<DataFolder> {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw notWritable(path, error);
  }
  rejectLinks(path);
  const { database, ...files } = dataFolderFiles(path);
  const started = performance.now();
  for (let isReported = false; ; ) {
    const { lockedFile, holder } = await tryLock(path, database, role);
    if (lockedFile !== undefined) {
      if (lockedFile === null) print(`the kernel cannot lock ${path}: make sure that no other container uses it`);
      // Nobody else holds the folder now: an engine on its database was left by a killed process.
      await endEngines(findEngines(database));
      keepForOwner(path, print);
      return {
        path,
        database,
        ...files,
        lockedFile,
        stopping: () => changeRole(path, "stopping"),
        release: () => {
          releaseLock(path);
          if (lockedFile !== null) closeSync(lockedFile);
        },
      };
    }
    if (holder === null) {
      if (performance.now() - started > UNKNOWN_HOLDER_MS) throw heldElsewhere(path);
    } else if (holder.role === "stopping" || (holder.role === "command" && role === "server")) {
      const who = holder.role === "command" ? "a vbdstat command" : "a vbdstat that is stopping";
      if (!isReported) print(`waiting for the data folder ${path}: ${who} (process ${holder.pid}) is using it`);
      isReported = true;
    } else {
      throw new StartError(
        `the data folder ${path} is in use by another vbdstat (process ${holder.pid}).\nStop it, or set DATA_DIR to another folder.`,
      );
    }
    await pause(RETRY_MS, undefined, { signal });
  }
}

/** The files of a data folder. */
export const dataFolderFiles = (path: string) => ({
  // The full path tells this folder's engine from others.
  database: resolve(path, "vbdstat.db"),
  adminTokenFile: join(path, "admin-token"),
  engineFile: join(path, "engine"),
});

/** Files of a data folder that only the owner needs to read. */
const PRIVATE = ["vbdstat.db", "vbdstat.db-wal", "vbdstat.db-shm", "revoked-tokens", "lock", "engine"];

/** Files with a secret: readSecretFile rejects one that others can read, because they may have read it. */
const SECRETS = ["admin-token", "token-key"];

/** Throws StartError when a file of the folder is a link: writing to it would change a file elsewhere. */
function rejectLinks(path: string): void {
  for (const file of [...PRIVATE, ...SECRETS].map((name) => join(path, name))) {
    if (lstatSync(file, { throwIfNoEntry: false })?.isSymbolicLink()) {
      throw new StartError(
        `${file} is a symbolic link and must be a file. Remove it, or replace it with the file itself.`,
      );
    }
  }
}

/** Removes access of other users, which an earlier version, a copy or mode 0755 gave; prints what it cannot change. */
function keepForOwner(path: string, print: (line: string) => void): void {
  for (const file of PRIVATE.map((name) => join(path, name))) {
    const mode = readMode(file);
    if (mode === null || (mode & 0o077) === 0 || !lstatSync(file).isFile()) continue;
    try {
      chmodSync(file, mode & 0o700);
      print(`${file} was accessible to other users (mode ${formatMode(mode)}); now only its owner has access`);
    } catch (error) {
      print(
        `${file} is accessible to other users (mode ${formatMode(mode)}) and cannot be changed: ${errorMessage(error)}`,
      );
    }
  }
  // The path may be a link to the folder.
  const mode = readMode(realpathSync(path)) ?? 0;
  if ((mode & 0o022) !== 0) {
    print(`other users can create files in the data folder ${path} (mode ${formatMode(mode)}); run chmod 0700 on it`);
  }
}

function readMode(file: string): number | null {
  const found = lstatSync(file, { throwIfNoEntry: false });
  return found === undefined ? null : found.mode & 0o7777;
}

const formatMode = (mode: number): string => mode.toString(8).padStart(4, "0");

const heldElsewhere = (path: string): StartError =>
  new StartError(
    [
      `the data folder ${path} is in use by a vbdstat that is not visible from here, such as one in another container.`,
      "Run commands in that container; or stop that vbdstat, or set DATA_DIR to another folder.",
    ].join("\n"),
  );
