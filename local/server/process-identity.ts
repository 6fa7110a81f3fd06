// The identity of a process. A process id is reused, within a boot and after it, and means another process in another container; together
// with its start time, the boot and the pid namespace it is unique. Everything is read from /proc.

import { readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import * as z from "zod";

/** A process, as written into a file and recognized later. Null where /proc has no value, or an older version wrote the file. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Start time in clock ticks since boot. */
  readonly started: string | null;
  /** The kernel's random id of the boot. */
  readonly boot: string | null;
  /** The pid namespace in which `pid` is its number. */
  readonly pidNamespace: string | null;
}

const identity = z.object({
  // Zero and negative numbers mean groups of processes to `kill`.
  pid: z.int().positive(),
  started: z.string().nullable().default(null),
  boot: z.string().nullable().default(null),
  pidNamespace: z.string().nullable().default(null),
});

/** The identity of a running process in this pid namespace. */
export const readProcessIdentity = (pid: number): ProcessIdentity => ({
  pid,
  started: readStartTime(pid),
  boot: readBootId(),
  pidNamespace: readPidNamespace(),
});

/** Whether an identity was written in this boot and pid namespace, so that its process id is valid here. */
const isLocal = ({ boot, pidNamespace: namespace }: ProcessIdentity): boolean =>
  (boot === null || boot === readBootId()) && (namespace === null || namespace === readPidNamespace());

/** Whether exactly that process still runs; false for a process of another pid namespace, which is not visible here. */
export function isRunning(identity: ProcessIdentity): boolean {
  const { pid, started } = identity;
  if (!isLocal(identity)) return false;
  if (started !== null) return readStartTime(pid) === started;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

function readBootId(): string | null {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  } catch {
    return null;
  }
}

function readPidNamespace(process = "self"): string | null {
  try {
    return readlinkSync(`/proc/${process}/ns/pid`);
  } catch {
    return null;
  }
}

function readStartTime(pid: number): string | null {
  const fields = readStatFields(`/proc/${pid}/stat`);
  // A zombie has ended.
  return fields[0] === "Z" ? null : (fields[19] ?? null);
}

/** The fields of a `stat` file in /proc, from the third (the state) on; empty when the process does not exist. */
function readStatFields(file: string): string[] {
  try {
    // The second field is the name in parentheses, which may contain spaces and parentheses.
    const stat = readFileSync(file, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  } catch {
    return [];
  }
}

/** Parses an identity in JSON, which may have further keys; null when the text is something else. */
export function parseIdentity(json: string): ProcessIdentity | null {
  try {
    return identity.safeParse(JSON.parse(json)).data ?? null;
  } catch {
    return null;
  }
}

/** Reads an identity from a file; null when the file is absent or has something else. */
export function readIdentityFile(file: string): ProcessIdentity | null {
  try {
    return parseIdentity(readFileSync(file, "utf8"));
  } catch {
    return null;
  }
}

/** Processes of this user and pid namespace whose command line passes the test; empty without /proc. */
export function findProcesses(isWanted: (words: readonly string[]) => boolean): ProcessIdentity[] {
  let entries: string[];
  try {
    entries = readdirSync("/proc");
  } catch {
    return [];
  }
  return entries
    .filter((entry) => /^\d+$/.test(entry) && Number(entry) !== process.pid)
    .flatMap((entry) => {
      try {
        // Each word ends with a NUL.
        const words = readFileSync(`/proc/${entry}/cmdline`, "utf8").split("\0").slice(0, -1);
        const isOurs =
          statSync(`/proc/${entry}`).uid === process.geteuid?.() && readPidNamespace(entry) === readPidNamespace();
        return isOurs && isWanted(words) ? [readProcessIdentity(Number(entry))] : [];
      } catch {
        // It has ended, or is not readable for this user.
        return [];
      }
    });
}

/** The activity of a process with a thread that runs, or waits for a processor or a disk. */
export const BUSY = "busy";

/**
 * A text that changes whenever any thread of a process does anything, `BUSY` while a thread is active; null without /proc. For a process
 * that is stopped or deadlocked it stays the same.
 */
export function readActivity(pid: number): string | null {
  try {
    const threads = readdirSync(`/proc/${pid}/task`);
    const states = threads.map((thread) => {
      const folder = `/proc/${pid}/task/${thread}`;
      const fields = readStatFields(`${folder}/stat`);
      if (fields[0] === "D" || fields[0] === "R") return BUSY;
      const switches = readFileSync(`${folder}/status`, "utf8").match(/(?<=ctxt_switches:\s+)\d+/g) ?? [];
      return [thread, ...switches].join("/");
    });
    return states.includes(BUSY) ? BUSY : states.join(" ");
  } catch {
    return null;
  }
}
