// The log of one machine: a line for each request that a person can read.

import type { Log } from "../../functions/web/http/log.ts";
import { AppError } from "../../shared/errors.ts";
import { printable } from "../../shared/run/text.ts";

/** Writes to `print`; times in UTC. */
export function readableLog(print: (line: string) => void): Log {
  return {
    request: ({ at, requestId, method, path, status, milliseconds, tokenId, fleet, note }) => {
      const who = tokenId === null ? "-" : `${fleet}/${tokenId.slice(0, 8)}`;
      const told = note === null ? "" : ` ${note}`;
      print(printable(`${at} ${method} ${path} ${status} ${milliseconds} ms ${who}${told} [${requestId}]`));
    },
    fault: (requestId, error) => {
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
