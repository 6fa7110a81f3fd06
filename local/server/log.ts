// The log of one machine: a line for each request that a person can read.

import { writeSync } from "node:fs";
import type { Log } from "../../functions/web/http/log.ts";
import { AppError } from "../../shared/errors.ts";
import { printable } from "../../shared/run/text.ts";

// Lines for standard output and standard error. A log that cannot be written, on a full disk or with nobody who reads it,
// costs its lines and never the server: Node's own streams end the process or close for good with the first error.

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

/** Writes to `print`; times in UTC. */
export function readableLog(print: (line: string) => void): Log {
  return {
    request: ({ at, requestId, method, path, status, milliseconds, tokenId, fleet, note }) => {
      const who = tokenId === null ? "-" : `${fleet}/${tokenId.slice(0, 8)}`;
      const told = note === null ? "" : ` ${note}`;
      print(printable(`${at} ${method} ${path} ${status} ${milliseconds} ms ${who}${told} [${requestId}]`));
    },
    error: (requestId, error) => {
      const told = error instanceof AppError && isExpected(error) ? refusalText(error) : faultText(error);
      print(`${new Date().toISOString()} fault [${requestId}] ${told}`);
    },
  };
}

/** Whether a refusal is of a store that is full, busy or away: its stack says nothing. */
const isExpected = ({ code }: AppError): boolean => code === "unavailable" || code === "slow_down";

/** A refusal that the service expects, with the words of what caused it, in a line. */
function refusalText({ code, message, cause }: AppError): string {
  const told = cause instanceof Error ? ` (${[cause.name, cause.message].filter(Boolean).join(": ")})` : "";
  return printable(`${code}: ${message}${told}`);
}

/** An error with its stack and what caused it. */
export function faultText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? "" : `\n  caused by ${faultText(error.cause)}`;
  return `${error.stack ?? error.message}${cause}`;
}
