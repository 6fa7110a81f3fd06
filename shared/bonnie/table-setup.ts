// The setup of a run as its text table says it. Source: bonnie-formats.md, section 4.

import { DEFAULT_SEEK_COUNT } from "../run/bound.ts";
import type { Issue } from "../model/issue.ts";
import type { BonnieSetup, FileSpec } from "../model/measurement.ts";
import { quoted } from "../model/quoted.ts";
import { gluedLabel, hasGluedLabel } from "./glued-label.ts";
import { scanInteger } from "./scan.ts";
import { DEFAULT_CHUNK_BYTES, readFileSpec, scanChunkSize, scanCount, scanFileSize } from "./sizes.ts";
import type { Half } from "./table-lines.ts";
import { type Row, tableIssue, wordIssue } from "./table-row.ts";

/** The three kinds of table: 1.00 to 1.04; 1.92b to 1.97; 1.98 to 2.00a. */
export type Release = "1.0x" | "1.9x" | "2.00";

/** Which kind of table a program version prints; null for versions that are not supported. */
export function releaseOf(version: string): Release | null {
  if (/^1\.0[0-4][a-z]?$/.test(version)) return "1.0x";
  if (version === "1.92b" || /^1\.9[3-7][a-z]?$/.test(version)) return "1.9x";
  return /^(1\.98|2\.00)[a-z]?$/.test(version) ? "2.00" : null;
}

type IoSetup = Pick<BonnieSetup, "file_size_kib" | "chunk_size_bytes" | "concurrency" | "seek_count">;

const WITHOUT_IO: IoSetup = { file_size_kib: null, chunk_size_bytes: null, concurrency: null, seek_count: null };

/**
 * The setup of a table whose halves are `head`, the first of them, and the rows given; or the fault in it. The machine
 * name may be cut, and missing: of the two that a table of v2 prints, the longer one is taken.
 */
export function readTableSetup(head: Half, release: Release, io: Row | null, files: Row | null): BonnieSetup | Issue {
  const [first, second] = [io?.name ?? "", files?.name ?? ""];
  if (!first.startsWith(second) && !second.startsWith(first)) {
    return tableIssue(head.head, `expected one machine, found ${quoted(first)} above ${quoted(second)}`);
  }
  const machine = first.length > second.length ? first : second;
  if (hasGluedLabel(machine)) {
    return { ...tableIssue(head.row ?? head.head, gluedLabel(machine)), field: "name", code: "glued_label" };
  }
  const ioSetup = io === null ? WITHOUT_IO : readSize(io.size.text, release, head.concurrency);
  if (io !== null && ioSetup === null) {
    const text = `expected a size such as 8G, 1G:64k or, since 1.98, 4G:64k:4:16384, found ${quoted(io.size.text)}`;
    return wordIssue(io.size, "file_size", "bad_size", text);
  }
  let spec: FileSpec | null = null;
  if (files !== null) {
    spec = readFileSpec(files.size.text, true);
    if (spec === null) {
      const text = `expected a number of files such as 16 or 16:1000:16/64, found ${quoted(files.size.text)}`;
      return wordIssue(files.size, "num_files", "bad_files", text);
    }
  }
  return {
    format: release === "1.0x" ? "v1" : "v2",
    source: "text",
    format_version: null,
    bonnie_version: head.version,
    machine,
    ...(ioSetup ?? WITHOUT_IO),
    seed: null,
    seek_procs: null,
    files: spec,
  };
}

/** `8G`, `1G:64k`, and since 1.98 `size:chunk:concurrency:seeks`, where default parts are empty. Null when malformed. */
function readSize(text: string, release: Release, printedConcurrency: string | null): IoSetup | null {
  const [size = "", chunk = "", concurrency = "", seeks = "", ...rest] = text.split(":", 5);
  const is200 = release === "2.00";
  if (rest.length > 0 || text.endsWith(":") || (!is200 && concurrency + seeks !== "")) return null;
  const fileSize = scanFileSize(size, 0, size.length);
  const chunkSize = chunk === "" ? DEFAULT_CHUNK_BYTES : scanChunkSize(chunk, 0, chunk.length);
  const processes = is200 ? concurrency || "1" : printedConcurrency;
  const concurrencyNumber = processes === null ? null : scanCount(processes, 0, processes.length);
  const seekCount = seeks === "" ? DEFAULT_SEEK_COUNT : scanInteger(seeks, 0, seeks.length);
  if (Math.min(fileSize, chunkSize, seekCount, concurrencyNumber ?? 0) < 0) return null;
  return {
    file_size_kib: fileSize,
    chunk_size_bytes: chunkSize,
    concurrency: concurrencyNumber,
    seek_count: is200 ? seekCount : null,
  };
}
