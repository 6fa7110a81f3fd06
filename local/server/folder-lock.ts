// Who holds a data folder. Two locks say so: the kernel's, on the folder itself, which also holds between containers, and which the
// engine inherits; and the file `lock`, which names the process, for messages and for machines whose kernel has no such locks.
// In: the folder, and who wants to hold it. Out: the lock, or the process that has it.

import { spawnSync } from "node:child_process";
import {
  closeSync,
  constants,
  linkSync,
  lstatSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { endEngines, findEngines } from "./engine-command.ts";
import { isRunning, type ProcessIdentity, parseIdentity, readProcessIdentity } from "./process-identity.ts";
import { errorMessage, StartError } from "./start-error.ts";
import { isFull, writeOver } from "./table-files.ts";

/** The roles of a process that holds a folder. A `stopping` server will release it soon. */
const ROLES = ["server", "command", "stopping"] as const;
export type Role = (typeof ROLES)[number];

/** A process that holds a data folder. */
export interface Holder extends ProcessIdentity {
  readonly role: Role;
}

/** The result of an attempt: the folder, with its locked file if the kernel has such locks; or its holder, if that is known. */
type Attempt =
  | { readonly lockedFile: number | null; readonly holder?: never }
  | { readonly lockedFile?: never; readonly holder: Holder | null };

/**
 * Tries once to lock a data folder for this process; ends an engine that a killed process has left on `database`. Throws StartError
 * when the lock cannot be written or read.
 */
export async function tryLock(path: string, database: string, role: Role): Promise<Attempt> {
  return attempt(path, database, { ...readProcessIdentity(process.pid), role }, false);
}

async function attempt(path: string, database: string, mine: Holder, isSecond: boolean): Promise<Attempt> {
  const lock = lockPath(path);
  const file = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
  let isOurs = false;
  try {
    const kernel = lockOpenFile(file);
    if (kernel === "taken") {
      // Before the holder is read: a process writes the lock file before it starts an engine.
      const engines = findEngines(database);
      const holder = readHolder(lock);
      if (holder !== null && isRunning(holder)) return { holder };
      // The holder may be in another container: only an engine in this one was left by a killed process. An empty lock belongs to a
      // server that found the disk full, and this engine may be its own.
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

const lockPath = (path: string): string => join(path, "lock");

/** The running process that holds a data folder; null when the folder is free, or held in another container. */
export function findHolder(path: string): Holder | null {
  const holder = readHolder(lockPath(path));
  return holder !== null && isRunning(holder) ? holder : null;
}

/** Writes that this process holds the folder in another role, such as `stopping`. */
export const changeRole = (path: string, role: Role): void =>
  writeLock(lockPath(path), { ...readProcessIdentity(process.pid), role });

/** Releases the folder. The lock file is emptied and not removed: on a full disk the next start overwrites it. */
export function releaseLock(path: string): void {
  const lock = lockPath(path);
  try {
    if (isEmpty(lock)) rmSync(lock, { force: true });
    else writeOver(lock, "");
  } catch {
    // It names a process that is about to end.
  }
}

// The kernel's lock holds between containers, and ends with the last process that has the file open, however that process ends. Node.js
// has no call for it, but a program that inherits the open file can lock it.

/** Programs that lock file descriptor 3 if it is free: they exit with 0, or with 1 when another process has locked it. */
const LOCKERS: readonly (readonly [program: string, ...words: string[]])[] = [
  ["flock", "-x", "-n", "3"],
  [
    "perl",
    "-e",
    'use Fcntl ":flock"; open(F, "<&=3") or exit 2; flock(F, LOCK_EX | LOCK_NB) or exit($!{EWOULDBLOCK} ? 1 : 2)',
  ],
];

/**
 * Locks an open file or folder for as long as this process, or one that inherits `file`, has it open. `taken`: another process has
 * locked it. `unsupported`: the machine has neither flock nor perl, or the file system does not support locks.
 */
export function lockOpenFile(file: number): "held" | "taken" | "unsupported" {
  for (const [program, ...words] of LOCKERS) {
    const { status } = spawnSync(program, words, { stdio: ["ignore", "ignore", "ignore", file] });
    if (status === 0) return "held";
    if (status === 1) return "taken";
  }
  return "unsupported";
}

/** Writes the lock file; returns its holder if that process runs. `isHeld`: this process has the kernel lock already. */
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
        // A link is created atomically, so that nobody ever reads half a lock.
        linkSync(whole, lock);
        return null;
      } catch (error) {
        if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw notUsable(lock, error);
      }
      const holder = readHolder(lock);
      if (holder !== null && isRunning(holder)) return holder;
      breakLock(lock, holder?.pid ?? null);
    }
    throw new StartError(`lock ${lock} keeps changing hands; is another vbdstat restarting in a loop?`);
  } finally {
    rmSync(whole, { force: true });
  }
}

/** The same without disk space for a new file; the kernel lock keeps others out even if nothing can be written. */
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

/** Removes a lock whose holder has ended; moves it aside first, so that a lock taken in the meantime is noticed and put back. */
function breakLock(lock: string, holderPid: number | null): void {
  const aside = `${lock}.stale.${process.pid}`;
  try {
    renameSync(lock, aside);
    const moved = readHolder(aside);
    if (moved !== null && moved.pid !== holderPid && isRunning(moved)) linkSync(aside, lock);
  } catch {
    // Another process was faster; the next attempt sees its lock.
  }
  rmSync(aside, { force: true });
}

const roleSchema = z.object({ role: z.enum(ROLES) });

/** Reads the lock file; null when it is absent or damaged. Throws StartError when it is not a file, or not readable. */
function readHolder(lock: string): Holder | null {
  let text: string;
  try {
    text = readFileSync(lock, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw notUsable(lock, error);
  }
  const identity = parseIdentity(text);
  // Early versions wrote no role: treat them as servers.
  return identity && { ...identity, role: roleSchema.safeParse(JSON.parse(text)).data?.role ?? "server" };
}

/** Replaces the lock file atomically. */
function writeLock(lock: string, holder: Holder): void {
  const mine = `${lock}.${process.pid}`;
  try {
    writeFileSync(mine, JSON.stringify(holder), { mode: 0o600 });
    renameSync(mine, lock);
  } catch {
    // On a full disk it stays unchanged: others are rejected instead of waiting.
    rmSync(mine, { force: true });
  }
}

/** Whether the lock file exists and is empty: a full disk had no space for its holder. */
const isEmpty = (lock: string): boolean => lstatSync(lock, { throwIfNoEntry: false })?.size === 0;

/** The error for a folder that cannot be written. */
export const notWritable = (path: string, error: unknown): StartError =>
  new StartError(
    `the data folder ${path} cannot be written: ${errorMessage(error)}\nSet DATA_DIR to a writable folder.`,
  );

const notUsable = (file: string, error: unknown): StartError =>
  new StartError(`${file} cannot be used: ${errorMessage(error)}\nMove it, or set DATA_DIR to another folder.`);
