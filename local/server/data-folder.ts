// The data folder of one machine: the engine's file, the admin token, and a lock, because a second engine could open the
// same file without noticing. Who holds the folder stands in the file `lock`; that somebody does is the kernel's lock on the
// folder itself, which also holds between containers, and which the engine inherits.

import { spawnSync } from "node:child_process";
import {
  accessSync,
  chmodSync,
  closeSync,
  constants,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import * as z from "zod";
import { endEngines, enginesOn } from "./engine.ts";
import { identityOf, isRunning, type ProcessIdentity, parseIdentity } from "./process-identity.ts";
import { StartError } from "./start-error.ts";
import { isFull, writeOver } from "./table-files.ts";

// A lock that the kernel keeps: it holds between containers, and it ends with the last process that has the file open, however
// that process ended. Node.js has no call for it, but a program that inherits an open file can lock it for us.

/** Programs that lock file 3, if it is free: they end with 0, or with 1 when somebody else has locked it. */
const LOCKERS: readonly (readonly [program: string, ...words: string[]])[] = [
  ["flock", "-x", "-n", "3"],
  [
    "perl",
    "-e",
    'use Fcntl ":flock"; open(F, "<&=3") or exit 2; flock(F, LOCK_EX | LOCK_NB) or exit($!{EWOULDBLOCK} ? 1 : 2)',
  ],
];

/**
 * Locks an open file or folder for as long as this process, or one that inherits `file`, has it open. `taken`: another has
 * locked it. `unsupported`: the machine has neither flock nor perl, or the file system has no such locks.
 */
export function lockOpenFile(file: number): "held" | "taken" | "unsupported" {
  for (const [program, ...words] of LOCKERS) {
    const { status } = spawnSync(program, words, { stdio: ["ignore", "ignore", "ignore", file] });
    if (status === 0) return "held";
    if (status === 1) return "taken";
  }
  return "unsupported";
}

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

/** What holds a folder. A `stopping` server is about to give it free. */
const ROLES = ["server", "command", "stopping"] as const;
type Role = (typeof ROLES)[number];

/** A process that holds a data folder. */
interface Holder extends ProcessIdentity {
  readonly role: Role;
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
  const { database, ...files } = filesOf(path);
  const lock = lockOf(path);
  const started = performance.now();
  for (let isTold = false; ; ) {
    const { lockedFile, holder } = await attempt(path, database, { ...identityOf(process.pid), role });
    if (lockedFile !== undefined) {
      if (lockedFile === null) print(`the kernel cannot lock ${path}: see that no other container uses it`);
      // Nobody else can hold the folder now: what runs on its database was left by a process that was killed.
      await endEngines(enginesOn(database));
      keepForOwner(path, print);
      return {
        path,
        database,
        ...files,
        lockedFile,
        stopping: () => writeLock(lock, { ...identityOf(process.pid), role: "stopping" }),
        release: () => {
          giveUpLock(lock);
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

/** What came of one attempt: the folder, with its locked file if the kernel has such locks; else who holds it, if that is known. */
type Attempt =
  | { readonly lockedFile: number | null; readonly holder?: never }
  | { readonly lockedFile?: never; readonly holder: Holder | null };

async function attempt(path: string, database: string, mine: Holder, isSecond = false): Promise<Attempt> {
  const lock = lockOf(path);
  const file = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
  let isOurs = false;
  try {
    const kernel = lockOpenFile(file);
    if (kernel === "taken") {
      // Looked for before the holder: a process that starts an engine has written itself down by then.
      const engines = enginesOn(database);
      const holder = readHolder(lock);
      if (holder !== null && isRunning(holder)) return { holder };
      // The holder may be in another container: only what runs in ours was left by one that was killed. An empty lock is that
      // of a server which found the disk full, and whose engine this may be.
      if (engines.length === 0 || isSecond || isEmpty(lock)) return { holder: null };
      await endEngines(engines);
      return attempt(path, database, mine, true);
    }
    const isHeld = kernel === "held";
    const holder = takeLock(path, lock, mine, isHeld);
    if (holder !== null) return { holder };
    isOurs = isHeld;
    return { lockedFile: isOurs ? file : null };
  } finally {
    if (!isOurs) closeSync(file);
  }
}

const lockOf = (path: string): string => join(path, "lock");

/** The files of a data folder. */
export const filesOf = (path: string) => ({
  // In full: the engine is known by it among those of other folders.
  database: resolve(path, "vbdstat.db"),
  adminTokenFile: join(path, "admin-token"),
  engineFile: join(path, "engine"),
});

/** The process that has locked a data folder and runs; null when it is free, or held in another container. */
export function holderOf(path: string): Holder | null {
  const holder = readHolder(lockOf(path));
  return holder !== null && isRunning(holder) ? holder : null;
}

const written = z.object({ role: z.enum(ROLES) });

/** Reads who holds a folder; null when the file is absent or damaged. Throws StartError when it is not a file, or not ours. */
function readHolder(lock: string): Holder | null {
  let text: string;
  try {
    text = readFileSync(lock, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw notUsable(lock, error);
  }
  const identity = parseIdentity(text);
  // Versions before 0.2 wrote no role: their servers are to be stopped, like ours.
  return identity && { ...identity, role: written.safeParse(JSON.parse(text)).data?.role ?? "server" };
}

/** Writes the lock anew, whole or not at all. */
function writeLock(lock: string, holder: Holder): void {
  const mine = `${lock}.${process.pid}`;
  try {
    writeFileSync(mine, JSON.stringify(holder), { mode: 0o600 });
    renameSync(mine, lock);
  } catch {
    // On a full disk it stays as it was: others are refused rather than made to wait.
    rmSync(mine, { force: true });
  }
}

/** Whether a lock is there and has no room for who holds it. */
const isEmpty = (lock: string): boolean => lstatSync(lock, { throwIfNoEntry: false })?.size === 0;

/** Says that nobody holds the folder. The lock is not removed: its room is what the next start writes into when the disk is full. */
function giveUpLock(lock: string): void {
  try {
    if (isEmpty(lock)) rmSync(lock, { force: true });
    else writeOver(lock, "");
  } catch {
    // It names a process that ends now.
  }
}

/** Takes the lock; the process that holds it if that runs. `isHeld`: the kernel's lock is ours already. */
function takeLock(path: string, lock: string, mine: Holder, isHeld: boolean): Holder | null {
  const whole = `${lock}.${process.pid}`;
  try {
    writeFileSync(whole, JSON.stringify(mine), { mode: 0o600 });
  } catch (error) {
    rmSync(whole, { force: true });
    if (isHeld && isFull(error)) return takeLockOnFullDisk(path, lock, mine);
    throw notWritable(path, error);
  }
  try {
    for (let tries = 0; tries < 5; tries += 1) {
      try {
        // A link is made whole or not at all, so that nobody ever reads half a lock.
        linkSync(whole, lock);
        return null;
      } catch (error) {
        if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw notUsable(lock, error);
      }
      const holder = readHolder(lock);
      if (holder !== null && isRunning(holder)) return holder;
      breakLock(lock, holder?.pid ?? null);
    }
    throw new StartError(`the lock ${lock} changes all the time; is another vbdstat starting again and again?`);
  } finally {
    rmSync(whole, { force: true });
  }
}

/** The same where there is no room for a new file; the kernel's lock keeps others out, whatever can be written of it. */
function takeLockOnFullDisk(path: string, lock: string, mine: Holder): Holder | null {
  const holder = readHolder(lock);
  if (holder !== null && isRunning(holder)) return holder;
  try {
    writeOver(lock, JSON.stringify(mine));
  } catch {
    try {
      writeFileSync(lock, "", { mode: 0o600 });
    } catch (error) {
      throw notWritable(path, error);
    }
  }
  return null;
}

/** Removes a lock whose holder is gone; moved aside first, so that a lock taken meanwhile is noticed and put back. */
function breakLock(lock: string, holderPid: number | null): void {
  const aside = `${lock}.stale.${process.pid}`;
  try {
    renameSync(lock, aside);
    const moved = readHolder(aside);
    if (moved !== null && moved.pid !== holderPid && isRunning(moved)) linkSync(aside, lock);
  } catch {
    // Somebody else was quicker; the next attempt sees what they left.
  }
  rmSync(aside, { force: true });
}

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
      print(`${file} is open to others (mode ${octal(mode)}), and stays so: ${reasonOf(error)}`);
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

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const notWritable = (path: string, error: unknown): StartError =>
  new StartError(`the data folder ${path} cannot be written: ${reasonOf(error)}\nSet DATA_DIR to a folder that can.`);

const notUsable = (file: string, error: unknown): StartError =>
  new StartError(`${file} cannot be used: ${reasonOf(error)}\nMove it away, or set DATA_DIR to another folder.`);

const heldElsewhere = (path: string): StartError =>
  new StartError(
    [
      `the data folder ${path} is in use by a vbdstat that cannot be seen from here, such as one in another container.`,
      "Run commands where that one runs; stop it, or set DATA_DIR to another folder.",
    ].join("\n"),
  );
