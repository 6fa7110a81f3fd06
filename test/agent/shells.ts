// The agent, and the shells it must run under.

import { execFileSync } from "node:child_process";
import { accessSync, constants } from "node:fs";

export const AGENT = "agent/vbdstat-agent";

/** As words of a command line. Bash in the mode that it has as /bin/sh. */
export const SHELLS = ["dash", "busybox ash", "bash --posix", "ksh93", "mksh", "posh", "yash"] as const;

/** The /bin/sh of nearly all Dom0s: Debian, Alpine, and Red Hat, SUSE and XenServer. */
export const COMMON_SHELLS: readonly (typeof SHELLS)[number][] = ["dash", "busybox ash", "bash --posix"];

/** The tools that the agent needs, apart from curl or wget. */
export const TOOLS =
  "awk cat cksum cut date dd du env grep head id ln ls mkdir mv od ps rm sed sh sleep sort sync tail tee touch tr uname wc".split(
    " ",
  );

/** Whether a program is in the PATH. */
export function isInstalled(program: string): boolean {
  return find(program) !== undefined;
}

/** Where a program is. */
export function whereIs(program: string): string {
  const found = find(program);
  if (found === undefined) throw new Error(`${program} is not installed`);
  return found;
}

function find(program: string): string | undefined {
  const paths = (process.env["PATH"] ?? "").split(":").map((folder) => `${folder}/${program}`);
  return paths.find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Mounts a file system of a size such as `128k` on a folder, to be filled up; false where that is not permitted. */
export function mount(folder: string, size: string): boolean {
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${size},mode=700`, "tmpfs", folder], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

export function unmount(folder: string): void {
  execFileSync("umount", [folder]);
}
