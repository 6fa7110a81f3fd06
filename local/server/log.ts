// The log of one machine: a readable line for each request. A log that cannot be written, on a full disk or because nobody reads it, loses
// lines but never stops the server: Node's own streams end the process, or close for good, with the first error.

import { writeSync } from "node:fs";
import type { Log } from "../../functions/web/http/log.ts";
import { AppError } from "../../shared/errors.ts";
import { printable } from "../../shared/run/text.ts";

/**
 * A function that prints lines to an open file synchronously. It drops lines that cannot be written, and writes their number before the
 * next line that can.
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

/** A log that writes to `print`, with times in UTC. */
export function readableLog(print: (line: string) => void): Log {
  return {
    request: ({ at, requestId, method, path, status, milliseconds, tokenId, fleet, note }) => {
      const who = tokenId === null ? "-" : `${fleet}/${tokenId.slice(0, 8)}`;
      const suffix = note === null ? "" : ` ${note}`;
      print(printable(`${at} ${method} ${path} ${status} ${milliseconds} ms ${who}${suffix} [${requestId}]`));
    },
    error: (requestId, error) => {
      const text = error instanceof AppError && isExpected(error) ? formatExpected(error) : formatError(error);
      print(`${new Date().toISOString()} error [${requestId}] ${text}`);
    },
  };
}

/** Whether the store is full, busy or unreachable: then a stack trace does not help. */
const isExpected = ({ code }: AppError): boolean => code === "unavailable" || code === "slow_down";

/** An expected error and its cause, on one line. */
function formatExpected({ code, message, cause }: AppError): string {
  const reason = cause instanceof Error ? ` (${[cause.name, cause.message].filter(Boolean).join(": ")})` : "";
  return printable(`${code}: ${message}${reason}`);
}

/** An error with its stack trace and its causes. */
export function formatError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? "" : `\n  caused by ${formatError(error.cause)}`;
  return `${error.stack ?? error.message}${cause}`;
}
