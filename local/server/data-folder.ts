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
  /** The folder as an open file, locked in the kernel; an engine that inherits it keeps the lock. Null where there are no such locks. */
  readonly lockedFile: number | null;
  /** Tells others that the folder will be free soon, so that they wait for it. */
  stopping(): void;
  /** Gives the folder free for the next server. */
  release(): void;
}

export interface OpenOptions {
  readonly role: "server" | "command";
  /** Told what is waited for, and what others can read. */
  readonly print: (line: string) => void;
  /** Ends the waiting: the promise rejects with its AbortError. */
  readonly signal?: AbortSignal | undefined;
}

/** How often a folder that will be free is looked at. */
const LOOK_AGAIN_MS = 250;

/** A process that holds the folder in the kernel has so long to write down who it is. */
const UNKNOWN_HOLDER_MS = 1_000;

/**
 * Makes the folder if need be and locks it for this process; ends an engine that a killed process has left on it. Waits for
 * a process that will give it free: anyone for a stopping server, a server for a command as well. Throws StartError when
 * another holds it, when it is not writable, or when one of its files is a link. A full disk is no hindrance.
 */
export async function openDataFolder(path: string, { role, print, signal }: OpenOptions): Promise<DataFolder> {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw notWritable(path, error);
  }
  refuseLinks(path);
  const { database, ...files } = dataFolderFiles(path);
  const started = performance.now();
  for (let isTold = false; ; ) {
    const { lockedFile, holder } = await tryLock(path, database, role);
    if (lockedFile !== undefined) {
      if (lockedFile === null) print(`the kernel cannot lock ${path}: see that no other container uses it`);
      // Nobody else can hold the folder now: what runs on its database was left by a process that was killed.
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
      if (!isTold) print(`waiting for the data folder ${path}: ${who} (process ${holder.pid}) holds it`);
      isTold = true;
    } else {
      throw new StartError(
        `the data folder ${path} is in use by another vbdstat (process ${holder.pid}).\nStop it, or set DATA_DIR to another folder.`,
      );
    }
    await pause(LOOK_AGAIN_MS, undefined, { signal });
  }
}

/** The files of a data folder. */
export const dataFolderFiles = (path: string) => ({
  // In full: the engine is known by it among those of other folders.
  database: resolve(path, "vbdstat.db"),
  adminTokenFile: join(path, "admin-token"),
  engineFile: join(path, "engine"),
});

/** Files of a data folder that nobody else need read. */
const PRIVATE = ["vbdstat.db", "vbdstat.db-wal", "vbdstat.db-shm", "revoked-tokens", "lock", "engine"];

/** Files that hold a secret: one that others could read is refused where it is read, for they may have read it. */
const SECRETS = ["admin-token", "token-key"];

/** Throws StartError when a file of the folder is a link: what is done to it would be done to a file elsewhere. */
function refuseLinks(path: string): void {
  for (const file of [...PRIVATE, ...SECRETS].map((name) => join(path, name))) {
    if (lstatSync(file, { throwIfNoEntry: false })?.isSymbolicLink()) {
      throw new StartError(
        `${file} is a symbolic link and must be a file. Remove it, or put the file itself in its place.`,
      );
    }
  }
}

/** Takes from everyone but the owner what an earlier version, a copy or a mode of 0755 gave; says what cannot be helped. */
function keepForOwner(path: string, print: (line: string) => void): void {
  for (const file of PRIVATE.map((name) => join(path, name))) {
    const mode = modeOf(file);
    if (mode === null || (mode & 0o077) === 0 || !lstatSync(file).isFile()) continue;
    try {
      chmodSync(file, mode & 0o700);
      print(`${file} was open to others (mode ${octal(mode)}): it is its owner's alone now`);
    } catch (error) {
      print(`${file} is open to others (mode ${octal(mode)}), and stays so: ${errorMessage(error)}`);
    }
  }
  // In full: the folder itself may be behind a link.
  const mode = modeOf(realpathSync(path)) ?? 0;
  if ((mode & 0o022) !== 0) {
    print(`others can put files into the data folder ${path} (mode ${octal(mode)}): chmod 0700 it`);
  }
}

function modeOf(file: string): number | null {
  const found = lstatSync(file, { throwIfNoEntry: false });
  return found === undefined ? null : found.mode & 0o7777;
}

const octal = (mode: number): string => mode.toString(8).padStart(4, "0");

const heldElsewhere = (path: string): StartError =>
  new StartError(
    [
      `the data folder ${path} is in use by a vbdstat that cannot be seen from here, such as one in another container.`,
      "Run commands where that one runs; stop it, or set DATA_DIR to another folder.",
    ].join("\n"),
  );
