// Sizes in tables: the size of the file with what is joined to it, and the number of files. The tool and its converter join
// different things with the same colons. Source: bonnie-formats.md, sections 4.3 and 4.4.

import { DEFAULT_SEEK_COUNT } from "../run/bound.ts";
import type { BonnieSetup, FileSpec } from "../run/run.ts";
import { scanInteger } from "./fields.ts";
import {
  buildFileSpec,
  DEFAULT_CHUNK_BYTES,
  MAX_CONCURRENCY,
  parseFileSpec,
  scanChunkSize,
  scanCount,
  scanFileSize,
} from "./sizes.ts";
import type { Printer } from "./table-values.ts";

/** What a table says about the tests of the big file. */
type IoSetup = Pick<BonnieSetup, "file_size_kib" | "chunk_size_bytes" | "concurrency" | "seek_count" | "seek_procs">;

/** The same for a table without those tests. */
export const WITHOUT_IO: IoSetup = {
  file_size_kib: null,
  chunk_size_bytes: null,
  concurrency: null,
  seek_count: null,
  seek_procs: null,
};

/** Whether a file size has a number of seeks in the place of the concurrency, which is never that high. */
export function hasSeeksThird(size: string): boolean {
  const [, , third = ""] = size.split(":", 4);
  return scanInteger(third, 0, third.length) > MAX_CONCURRENCY;
}

/**
 * Parses `8G`, `1G:64k`, and since 1.98 `size:chunk:concurrency:seeks`, where default parts are empty. The converter of 1.98
 * to 2.00a prints `size:chunk:seeks:seekers` instead, where the chunk size is always empty (bonnie-formats.md, section 4.4).
 * Null when malformed.
 */
export function parseSize(text: string, printer: Printer | null, printedConcurrency: string | null): IoSetup | null {
  const [size = "", chunk = "", third = "", fourth = "", ...rest] = text.split(":", 5);
  const is200 = printer?.release === "2.00";
  if (rest.length > 0 || text.endsWith(":") || (!is200 && third + fourth !== "")) return null;
  const fileSize = scanFileSize(size, 0, size.length);
  if (is200 && printer.isConverter) {
    const seekCount = scanInteger(third, 0, third.length);
    const seekProcs = scanCount(fourth, 0, fourth.length);
    if (chunk !== "" || Math.min(fileSize, seekCount, seekProcs) < 0) return null;
    return {
      ...{ file_size_kib: fileSize, chunk_size_bytes: null, concurrency: null },
      ...{ seek_count: seekCount, seek_procs: seekProcs },
    };
  }
  const chunkSize = chunk === "" ? DEFAULT_CHUNK_BYTES : scanChunkSize(chunk, 0, chunk.length);
  const processes = is200 ? third || "1" : printedConcurrency;
  const concurrency = processes === null ? null : scanCount(processes, 0, processes.length);
  const seekCount = fourth === "" ? DEFAULT_SEEK_COUNT : scanInteger(fourth, 0, fourth.length);
  if (Math.min(fileSize, chunkSize, seekCount, concurrency ?? 0) < 0 || (concurrency ?? 0) > MAX_CONCURRENCY)
    return null;
  return {
    file_size_kib: fileSize,
    chunk_size_bytes: chunkSize,
    concurrency,
    seek_count: is200 ? seekCount : null,
    seek_procs: null,
  };
}

/**
 * The specifications of file tests that a table may mean; none when malformed. The converters since 1.92b join the largest
 * size, the smallest size and the number of directories with colons and leave out empty ones, so that `16:4` may mean a
 * largest size of 4 or 4 directories (bonnie-formats.md, section 4.4).
 */
export function parseSpecs(text: string, printer: Printer | null): FileSpec[] {
  const { isConverter = false, release = null } = printer ?? {};
  if (!isConverter || release === "1.0x") {
    const spec = parseFileSpec(text, true);
    return spec === null ? [] : [spec];
  }
  const [thousands = "", ...parts] = text.split(":", 5);
  const [a = "", b = "", c = ""] = parts;
  const ways: readonly (readonly string[][])[] = [
    [["", "", ""]],
    [
      [a, "", ""],
      ["", "", a],
    ],
    [
      [a, b, ""],
      [a, "", b],
    ],
    [[a, b, c]],
  ];
  return (ways[parts.length] ?? []).flatMap(([max = "", min = "", dirs = ""]) => {
    // One directory is never printed, and no smallest size is above the largest.
    if (dirs === "1" || parts.includes("")) return [];
    const spec = buildFileSpec(thousands, max, min, dirs);
    return spec === null || Number(spec.min_size) > Number(spec.max_size) ? [] : [spec];
  });
}
