// Lines for standard output and standard error. A log that cannot be written, on a full disk or with nobody who reads it,
// costs its lines and never the server: Node's own streams end the process or close for good with the first error.

import { writeSync } from "node:fs";

/**
 * Prints lines to an open file, each before it returns. Those that cannot be written are dropped; how many they were stands
 * before the first that can be written again.
 */
export function printTo(file: number): (line: string) => void {
  let dropped = 0;
  return (line) => {
    const note = dropped === 0 ? "" : `\n${dropped} lines of this log could not be written\n`;
    try {
      let bytes = Buffer.from(`${note}${line}\n`);
      while (bytes.length > 0) bytes = bytes.subarray(writeSync(file, bytes));
      dropped = 0;
    } catch {
      dropped += 1;
    }
  };
}
