// A lock that the kernel keeps: it holds between containers, and it ends with the last process that has the file open, however
// that process ended. Node.js has no call for it, but a program that inherits an open file can lock it for us.

import { spawnSync } from "node:child_process";

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
