// Which process a number means: process ids are used again, within a boot and after it, and mean something else in another
// container. The moment a process started, the boot and the pid namespace do not.

import { readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import * as z from "zod";

/** A process, as written into a file and recognised later. Null where /proc does not tell, or an older version wrote the file. */
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

/** The identity of a process that runs now, in this pid namespace. */
export const readProcessIdentity = (pid: number): ProcessIdentity => ({
  pid,
  started: readStartTime(pid),
  boot: bootId(),
  pidNamespace: pidNamespace(),
});

/** Whether a process was written down in this boot and pid namespace, so that its number means the same here. */
const isOfHere = ({ boot, pidNamespace: of }: ProcessIdentity): boolean =>
  (boot === null || boot === bootId()) && (of === null || of === pidNamespace());

/** Whether that very process still runs; false also for one of another pid namespace, which cannot be seen from here. */
export function isRunning(identity: ProcessIdentity): boolean {
  const { pid, started } = identity;
  if (!isOfHere(identity)) return false;
  if (started !== null) return readStartTime(pid) === started;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

function bootId(): string | null {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  } catch {
    return null;
  }
}

function pidNamespace(process = "self"): string | null {
  try {
    return readlinkSync(`/proc/${process}/ns/pid`);
  } catch {
    return null;
  }
}

function readStartTime(pid: number): string | null {
  const fields = readStatFields(`/proc/${pid}/stat`);
  // A zombie has ended; it only waits for its parent to notice.
  return fields[0] === "Z" ? null : (fields[19] ?? null);
}

/** The fields of a `stat` file of /proc from the third on, the state; none when there is no such process. */
function readStatFields(file: string): string[] {
  try {
    // The second field is the name in brackets, which may hold blanks and brackets itself.
    const stat = readFileSync(file, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  } catch {
    return [];
  }
}

/** An identity written as JSON, which may hold more; null when the text is something else. */
export function parseIdentity(json: string): ProcessIdentity | null {
  try {
    return identity.safeParse(JSON.parse(json)).data ?? null;
  } catch {
    return null;
  }
}

/** Reads an identity from a file; null when that is absent or holds something else. */
export function readIdentityFile(file: string): ProcessIdentity | null {
  try {
    return parseIdentity(readFileSync(file, "utf8"));
  } catch {
    return null;
  }
}

/** Processes of this user and pid namespace whose command line passes the test; none where there is no /proc. */
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
        const isOurs = statSync(`/proc/${entry}`).uid === process.geteuid?.() && pidNamespace(entry) === pidNamespace();
        return isOurs && isWanted(words) ? [readProcessIdentity(Number(entry))] : [];
      } catch {
        // It ended while we looked, or is not ours to look at.
        return [];
      }
    });
}

/** What is true of a process of which one thread runs, or waits for a processor or a disk. */
export const BUSY = "busy";

/**
 * A word that changes whenever any thread of a process does anything at all, `BUSY` while one is at it; null where /proc
 * does not tell. A process that is stopped or deadlocked keeps the same word.
 */
export function readActivity(pid: number): string | null {
  try {
    const threads = readdirSync(`/proc/${pid}/task`);
    const seen = threads.map((thread) => {
      const folder = `/proc/${pid}/task/${thread}`;
      const fields = readStatFields(`${folder}/stat`);
      if (fields[0] === "D" || fields[0] === "R") return BUSY;
      const switches = readFileSync(`${folder}/status`, "utf8").match(/(?<=ctxt_switches:\s+)\d+/g) ?? [];
      return [thread, ...switches].join("/");
    });
    return seen.includes(BUSY) ? BUSY : seen.join(" ");
  } catch {
    return null;
  }
}
