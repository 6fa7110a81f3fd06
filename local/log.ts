// The log of one machine: a line for each request that a person can read.

import type { Log } from "../functions/http/log.ts";
import { printable } from "../shared/model/printable.ts";

/** Writes to `print`; times in UTC. */
export function readableLog(print: (line: string) => void): Log {
  return {
    request: ({ at, requestId, method, path, status, milliseconds, tokenId, fleet, note }) => {
      const who = tokenId === null ? "-" : `${fleet}/${tokenId.slice(0, 8)}`;
      const told = note === null ? "" : ` ${note}`;
      print(printable(`${at} ${method} ${path} ${status} ${milliseconds} ms ${who}${told} [${requestId}]`));
    },
    fault: (requestId, error) => print(`${new Date().toISOString()} fault [${requestId}] ${faultText(error)}`),
  };
}

/** An error with its stack and what caused it. */
export function faultText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? "" : `\n  caused by ${faultText(error.cause)}`;
  return `${error.stack ?? error.message}${cause}`;
}
