// Machines on which some of the programs that the server makes use of are not installed.

import { accessSync, constants, mkdtempSync, symlinkSync } from "node:fs";
import { join } from "node:path";

/** Programs of the system that the server or a test of it starts. */
const PROGRAMS = ["sh", "flock", "perl", "setpriv", "unshare", "nsenter", "ip", "sqlite3"];

/** A PATH on which only these programs are found, without some; its folder is made in `folder`. */
export function pathWithout(folder: string, ...missing: readonly string[]): string {
  const bin = mkdtempSync(join(folder, "bin-"));
  for (const name of PROGRAMS) {
    const found = whichOf(name);
    if (found !== null && !missing.includes(name)) symlinkSync(found, join(bin, name));
  }
  return bin;
}

/** Where a program is; null when it is not installed. */
export function whichOf(name: string): string | null {
  const places = (process.env["PATH"] ?? "").split(":").map((folder) => join(folder, name));
  return (
    places.find((place) => {
      try {
        accessSync(place, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    }) ?? null
  );
}
