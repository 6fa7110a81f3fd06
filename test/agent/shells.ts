// The agent, and the shells it must run under.

import { execFileSync } from "node:child_process";
import { accessSync, constants } from "node:fs";

export const AGENT = "agent/vbdstat-agent";

/** As words of a command line. `ksh93` is ksh93u+m; bash is that of RHEL 5 to 9, with and without its POSIX mode. */
export const SHELLS = ["dash", "busybox ash", "bash", "bash --posix", "ksh93", "mksh", "posh", "yash"] as const;

/** Whether a program is in the PATH. */
export function isInstalled(program: string): boolean {
  return (process.env["PATH"] ?? "").split(":").some((folder) => {
    try {
      accessSync(`${folder}/${program}`, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Whether this process may mount a small file system, to fill it up. */
export function mayMount(folder: string): boolean {
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=128k,mode=700", "tmpfs", folder], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
