// Which process a number means: process ids are used again, the moment a process started is not.

import { readdirSync, readFileSync } from "node:fs";

/** A process, as written into a file and recognised later. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Start time in clock ticks since boot, where /proc tells; null elsewhere. */
  readonly started: string | null;
}

/** The identity of a process that runs now. */
export const identityOf = (pid: number): ProcessIdentity => ({ pid, started: startOf(pid) });

/** Whether that very process still runs. */
export function isRunning({ pid, started }: ProcessIdentity): boolean {
  if (started !== null) return startOf(pid) === started;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

function startOf(pid: number): string | null {
  try {
    // Field 22 of stat; the second field is the name in brackets, which may hold blanks and brackets itself.
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    // A zombie has ended; it only waits for its parent to notice.
    return fields[0] === "Z" ? null : (fields[19] ?? null);
  } catch {
    return null;
  }
}

/** Reads an identity written as JSON; null when the file is absent or not one. */
export function readIdentity(file: string): ProcessIdentity | null {
  try {
    const value: unknown = JSON.parse(readFileSync(file, "utf8"));
    if (typeof value !== "object" || value === null || !("pid" in value) || typeof value.pid !== "number") return null;
    const started = "started" in value && typeof value.started === "string" ? value.started : null;
    return { pid: value.pid, started };
  } catch {
    return null;
  }
}

/** Processes that have `option` directly before `value` among their arguments; none where there is no /proc. */
export function processesStartedWith(option: string, value: string): ProcessIdentity[] {
  let entries: string[];
  try {
    entries = readdirSync("/proc");
  } catch {
    return [];
  }
  return entries
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((entry) => {
      try {
        const words = readFileSync(`/proc/${entry}/cmdline`, "utf8").split("\0");
        const at = words.indexOf(option);
        return at >= 0 && words[at + 1] === value ? [identityOf(Number(entry))] : [];
      } catch {
        // It ended while we looked, or is not ours to look at.
        return [];
      }
    });
}
