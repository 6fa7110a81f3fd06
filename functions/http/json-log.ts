// The log of a function: one line of JSON for each entry, with its kind, so that CloudWatch can filter and count by field.

import type { Log } from "../web/http/log.ts";
import { sourceStack } from "./source-stack.ts";

/** A log that takes further kinds of entries. */
export interface JsonLog extends Log {
  /** What was done that was not a request. */
  event(kind: string, fields: Readonly<Record<string, string | number>>): void;
}

/** Not the console: the Lambda runtime puts words of its own before what that prints. */
function toStandardOutput(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** A log that writes lines without their end, to standard output unless told otherwise. */
export function jsonLog(write: (line: string) => void = toStandardOutput): JsonLog {
  const entry = (kind: string, fields: object) => write(JSON.stringify({ kind, ...fields }));
  return {
    request: (request) => entry("request", request),
    fault: (requestId, error) => entry("fault", { requestId, error: described(error) }),
    event: entry,
  };
}

/** An error as data, with what caused it. */
function described(error: unknown): object {
  if (!(error instanceof Error)) return { message: String(error) };
  const { name, message, stack, cause } = error;
  const told = stack === undefined ? undefined : sourceStack(stack);
  return { name, message, stack: told, ...(cause === undefined ? {} : { cause: described(cause) }) };
}
