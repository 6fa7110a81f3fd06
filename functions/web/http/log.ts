// The log as the apps see it; where its lines go is each deployment's matter.

import { readFileSync } from "node:fs";
import { SourceMap } from "node:module";
import { fileURLToPath } from "node:url";

// Where an error came from, in the words of the source and not of the bundle. Node can do this by itself, but would read the
// source map of every bundle at every start; here it is read when the first fault is told.

const PLACE = /(file:\/\/[^\s()]+\.m?js):(\d+):(\d+)/g;

/** The part of a source's path that is in the repository. */
const IN_REPOSITORY = /^.*?\/(?=(functions|shared|node_modules)\/)/;

const maps = new Map<string, SourceMap | null>();

/** A stack with each place in a bundle that has a source map beside it as the place in the source it was made from. */
function sourceStack(stack: string): string {
  return stack.replace(PLACE, (place, file: string, line: string, column: string) => {
    const origin = mapOf(file)?.findOrigin(Number(line), Number(column));
    if (origin === undefined || !("fileName" in origin)) return place;
    return `${origin.fileName.replace(IN_REPOSITORY, "")}:${origin.lineNumber}:${origin.columnNumber}`;
  });
}

function mapOf(file: string): SourceMap | null {
  const known = maps.get(file);
  if (known !== undefined) return known;
  const map = readMap(`${fileURLToPath(file)}.map`);
  maps.set(file, map);
  return map;
}

function readMap(path: string): SourceMap | null {
  try {
    return new SourceMap(JSON.parse(readFileSync(path, "utf8")));
  } catch {
    // Without one the place in the bundle has to do.
    return null;
  }
}

// The log of a function: one line of JSON for each entry, with its kind, so that CloudWatch can filter and count by field.

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

/** What became of the results of an upload. */
export interface ResultCounts {
  readonly stored: number;
  readonly duplicate: number;
  readonly rejected: number;
}

/** What one request did. Never holds a token's secret or a body. */
export interface RequestEntry {
  readonly at: string;
  readonly requestId: string;
  readonly method: string;
  /** With the ids of shares cut short: whoever has one sees the share, so the log must not hold it. */
  readonly path: string;
  readonly status: number;
  readonly milliseconds: number;
  readonly tokenId: string | null;
  readonly fleet: string | null;
  /** What the handler wants to say, e.g. `stored 2, duplicate 0, rejected 1`. */
  readonly note: string | null;
  /** What became of an upload's results; null for other requests. */
  readonly results: ResultCounts | null;
}

export interface Log {
  request(entry: RequestEntry): void;
  /** An error nobody expected, or the cause of an `unavailable`. */
  fault(requestId: string, error: unknown): void;
}
