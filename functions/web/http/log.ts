// The log: one entry for each request, error and event. An app writes entries; each deployment decides where they go, on AWS as
// lines of JSON to standard output, where CloudWatch filters and counts them by field.

import { readFileSync } from "node:fs";
import { SourceMap } from "node:module";
import { fileURLToPath } from "node:url";

export interface Log {
  request(entry: RequestEntry): void;
  /** An unexpected error, or the cause of an expected one such as `unavailable`. */
  error(requestId: string, error: unknown): void;
}

/** One request. It never contains a token's secret or a body. */
export interface RequestEntry {
  /** When the request came, ISO 8601 UTC. */
  readonly at: string;
  readonly requestId: string;
  readonly method: string;
  /** With the ids of shares cut short: everybody who knows an id can see the share, so the log must not hold it. */
  readonly path: string;
  readonly status: number;
  readonly milliseconds: number;
  readonly tokenId: string | null;
  readonly fleet: string | null;
  /** What the handler adds, e.g. `stored 2, duplicate 0, rejected 1`. */
  readonly note: string | null;
  /** The counts of an upload; null for other requests. */
  readonly results: ResultCounts | null;
}

/** What happened to the results of an upload. */
export interface ResultCounts {
  readonly stored: number;
  readonly duplicate: number;
  readonly rejected: number;
}

/** A log that takes further kinds of entries. */
export interface JsonLog extends Log {
  /** Something other than a request. */
  event(kind: string, fields: Readonly<Record<string, string | number>>): void;
}

/** A log that writes each entry as a line of JSON, without its end; to standard output unless given. */
export function jsonLog(write: (line: string) => void = writeToStandardOutput): JsonLog {
  const entry = (kind: string, fields: object) => write(JSON.stringify({ kind, ...fields }));
  return {
    request: (request) => entry("request", request),
    error: (requestId, error) => entry("error", { requestId, error: toJson(error) }),
    event: entry,
  };
}

/** Not console.log: the Lambda runtime adds a prefix to each of its lines. */
function writeToStandardOutput(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** An error as data, with its causes. */
function toJson(error: unknown): object {
  if (!(error instanceof Error)) return { message: String(error) };
  const { name, message, stack, cause } = error;
  const mapped = stack === undefined ? undefined : mapStack(stack);
  return { name, message, stack: mapped, ...(cause === undefined ? {} : { cause: toJson(cause) }) };
}

// Stack traces, mapped to the source. Node can do it, but would read the source map of every bundle at every start; here a map
// is read when the first error is logged.

const POSITION = /(file:\/\/[^\s()]+\.m?js):(\d+):(\d+)/g;

/** The part of a source's path before the repository. */
const OUTSIDE = /^.*?\/(?=(functions|shared|node_modules)\/)/;

const maps = new Map<string, SourceMap | null>();

/** A stack in which each position in a bundle with a source map is the position in its source. */
function mapStack(stack: string): string {
  return stack.replace(POSITION, (position, file: string, line: string, column: string) => {
    const origin = findMap(file)?.findOrigin(Number(line), Number(column));
    if (origin === undefined || !("fileName" in origin)) return position;
    return `${origin.fileName.replace(OUTSIDE, "")}:${origin.lineNumber}:${origin.columnNumber}`;
  });
}

function findMap(file: string): SourceMap | null {
  const cached = maps.get(file);
  if (cached !== undefined) return cached;
  const map = readMap(`${fileURLToPath(file)}.map`);
  maps.set(file, map);
  return map;
}

function readMap(path: string): SourceMap | null {
  try {
    return new SourceMap(JSON.parse(readFileSync(path, "utf8")));
  } catch {
    // Without a map, the position in the bundle has to do.
    return null;
  }
}
