// Sizes: the size of the test file, the chunk size, and the specification of the file tests, parsed and printed. CSV lines
// and text tables use the same notations. Source: bonnie-formats.md, sections 2 and 3.1.

import type { FileSpec } from "../run/run.ts";
import { MALFORMED, scanInteger } from "./fields.ts";

/** Chunk size of a run whose output prints none. */
export const DEFAULT_CHUNK_BYTES = 8192;

/** The highest concurrency that Bonnie++ accepts (bonnie-formats.md, section 3.1). */
export const MAX_CONCURRENCY = 200;

const MIN_CHUNK = 256;
const MAX_CHUNK = 1_048_576;
/** Keeps every product with a unit below 2^53. */
const MAX_COUNT = 999_999_999;

/** Scans a count from 1 to 999 999 999, or gives `MALFORMED`. */
export function scanCount(text: string, start: number, end: number): number {
  const count = scanInteger(text, start, end);
  return count >= 1 && count <= MAX_COUNT ? count : MALFORMED;
}

/** Scans a file size, `<n>M` or `<n>G`, in KiB; or gives `MALFORMED`. */
export function scanFileSize(text: string, start: number, end: number): number {
  const unit = text[end - 1];
  const count = scanCount(text, start, end - 1);
  if (count < 0 || (unit !== "M" && unit !== "G")) return MALFORMED;
  return count * (unit === "M" ? 1024 : 1_048_576);
}

/** Scans a chunk size, `512`, `64k` or `1m`, in bytes: a power of two from 256 bytes to 1 MiB; or gives `MALFORMED`. */
export function scanChunkSize(text: string, start: number, end: number): number {
  const unit = text[end - 1];
  const factor = unit === "k" ? 1024 : unit === "m" ? 1_048_576 : 1;
  const bytes = scanCount(text, start, factor === 1 ? end : end - 1) * factor;
  const isPowerOfTwo = bytes <= MAX_CHUNK && (bytes & (bytes - 1)) === 0;
  return bytes >= MIN_CHUNK && isPowerOfTwo ? bytes : MALFORMED;
}

/** Prints `2064M`, or `6G` if the size is a whole number of GiB. */
export function printFileSize(kib: number): string {
  return kib % 1_048_576 === 0 ? `${kib / 1_048_576}G` : `${kib / 1024}M`;
}

/** Prints `512`, `64k`, and `1m` if `withMega` is set (v1 prints `1024k`). */
export function printChunkSize(bytes: number, withMega: boolean): string {
  if (withMega && bytes >= 1_048_576) return `${bytes / 1_048_576}m`;
  return bytes >= 1024 ? `${bytes / 1024}k` : `${bytes}`;
}

/** A number of bytes, 0 included. */
function scanBytes(text: string): number {
  return scanInteger(text, 0, text.length);
}

/**
 * Builds a file specification from its parts as printed, empty if not printed: `16`, `1000`, `16`, `4`. Null if a part is
 * malformed, or if there is a smallest size without a largest one.
 */
export function buildFileSpec(thousands: string, max: string, min: string, dirs: string): FileSpec | null {
  const count = scanCount(thousands, 0, thousands.length);
  const numDirs = dirs === "" ? 1 : scanCount(dirs, 0, dirs.length);
  if (count < 0 || numDirs < 0) return null;
  if (max === "" || max === "link" || max === "symlink") {
    if (min !== "") return null;
    return { thousands: count, max_size: max === "" ? null : max, min_size: null, num_dirs: numDirs };
  }
  const maxSize = scanBytes(max);
  const minSize = min === "" ? 0 : scanBytes(min);
  if (maxSize < 0 || minSize < 0) return null;
  return { thousands: count, max_size: maxSize, min_size: minSize, num_dirs: numDirs };
}

/**
 * Parses the notation of v1 lines and of all tables: `16`, `16:link`, `16:1000:16/64`. Tables omit a smallest size of 0
 * (`16:1000`), v1 lines never do. Null when malformed.
 */
export function parseFileSpec(text: string, inTable: boolean): FileSpec | null {
  const plain = scanCount(text, 0, text.length);
  if (plain > 0) return { thousands: plain, max_size: null, min_size: null, num_dirs: 1 };
  const [front = "", dirs, ...more] = text.split("/", 3);
  const [thousands = "", max = "", min = "", ...rest] = front.split(":", 4);
  if (more.length > 0 || rest.length > 0 || dirs === "" || front.endsWith(":")) return null;
  const spec = buildFileSpec(thousands, max, min, dirs ?? "");
  const lacksMin = typeof spec?.max_size === "number" && min === "";
  return lacksMin && !inTable ? null : spec;
}

/** Prints a file specification in the notation of v1 lines. */
export function printFileSpec(spec: FileSpec): string {
  const sizes = typeof spec.max_size === "number" ? `:${spec.max_size}:${spec.min_size ?? 0}` : "";
  const kind = typeof spec.max_size === "string" ? `:${spec.max_size}` : "";
  return `${spec.thousands}${sizes}${kind}${spec.num_dirs > 1 ? `/${spec.num_dirs}` : ""}`;
}
