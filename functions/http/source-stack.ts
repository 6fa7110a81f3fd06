// Where an error came from, in the words of the source and not of the bundle. Node can do this by itself, but would read the
// source map of every bundle at every start; here it is read when the first fault is told.

import { readFileSync } from "node:fs";
import { SourceMap } from "node:module";
import { fileURLToPath } from "node:url";

const PLACE = /(file:\/\/[^\s()]+\.m?js):(\d+):(\d+)/g;

/** The part of a source's path that is in the repository. */
const IN_REPOSITORY = /^.*?\/(?=(functions|shared|node_modules)\/)/;

const maps = new Map<string, SourceMap | null>();

/** A stack with each place in a bundle that has a source map beside it as the place in the source it was made from. */
export function sourceStack(stack: string): string {
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
