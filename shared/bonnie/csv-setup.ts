// The setup of a run: the fields of a CSV line that say how it was made.

import type { Issue } from "../model/issue.ts";
import type { BonnieSetup, FileSpec } from "../model/measurement.ts";
import { quoted } from "../model/quoted.ts";
import type { Layout } from "./layouts.ts";
import { endOf, type Fields, fieldIssue, isEmpty, startOf, textOf } from "./fields.ts";
import { gluedLabel, hasGluedLabel } from "./glued-label.ts";
import { MALFORMED, scanInteger } from "./scan.ts";
import { DEFAULT_CHUNK_BYTES, fileSpec, readFileSpec, scanChunkSize, scanCount, scanFileSize } from "./sizes.ts";

type Scanner = (text: string, start: number, end: number) => number;

/** `-c` takes 1 to 200. */
const MAX_CONCURRENCY = 200;

/** The issue that a field is not what it must be. */
function unexpected(fields: Fields, layout: Layout, index: number, code: string, expected: string): Issue {
  const field = layout.columns[index] ?? "";
  const found = isEmpty(fields, index) ? "nothing" : quoted(textOf(fields, index));
  return fieldIssue(fields, index, field, code, `expected ${expected}, found ${found}`);
}

/** The number a scanner sees in a field, or `MALFORMED`. */
function scanned(fields: Fields, index: number, scanner: Scanner): number {
  return scanner(fields.text, startOf(fields, index), endOf(fields, index));
}

/** The issue that something stands before the machine name that is no part of it; null for a name as it should be. */
function labelIssue(fields: Fields, layout: Layout): Issue | null {
  const name = textOf(fields, layout.machine);
  return hasGluedLabel(name)
    ? fieldIssue(fields, layout.machine, layout.columns[layout.machine] ?? "", "glued_label", gluedLabel(name))
    : null;
}

/** The setup of a v1 line (bonnie-formats.md, section 2), or the first fault in it. */
export function readV1Setup(fields: Fields, layout: Layout): BonnieSetup | Issue {
  const label = labelIssue(fields, layout);
  if (label !== null) return label;
  let fileSize: number | null = null;
  let chunkSize: number | null = null;
  if (!isEmpty(fields, layout.fileSize)) {
    const { text } = fields;
    const start = startOf(fields, layout.fileSize);
    const end = endOf(fields, layout.fileSize);
    let colon = start;
    while (colon < end && text[colon] !== ":") colon += 1;
    fileSize = scanFileSize(text, start, colon);
    chunkSize = colon === end ? DEFAULT_CHUNK_BYTES : scanChunkSize(text, colon + 1, end);
    if (fileSize < 0 || chunkSize < 0 || text[end - 1] === "m") {
      return unexpected(fields, layout, layout.fileSize, "bad_size", "a file size such as 2064M, 6G or 1G:64k");
    }
  }
  let files: FileSpec | null = null;
  if (!isEmpty(fields, layout.numFiles)) {
    files = readFileSpec(textOf(fields, layout.numFiles), false);
    if (files === null) {
      const expected = "a number of files such as 16, 16:1000:16/64 or 16:link";
      return unexpected(fields, layout, layout.numFiles, "bad_files", expected);
    }
  }
  return {
    format: "v1",
    source: "csv",
    format_version: null,
    bonnie_version: null,
    machine: textOf(fields, layout.machine),
    concurrency: null,
    seed: null,
    file_size_kib: fileSize,
    chunk_size_bytes: chunkSize,
    seek_count: null,
    seek_procs: null,
    files,
  };
}

/** The setup of a v2 line with 48 or 50 fields (bonnie-formats.md, section 3.1), or the first fault in it. */
export function readV2Setup(fields: Fields, layout: Layout): BonnieSetup | Issue {
  const fault = (index: number, code: string, expected: string) => unexpected(fields, layout, index, code, expected);
  const bonnieVersion = textOf(fields, layout.bonnieVersion);
  if (!/^[0-9][0-9a-z.]{0,15}$/.test(bonnieVersion)) {
    return fault(layout.bonnieVersion, "bad_version", "a program version such as 1.97 or 2.00a");
  }
  const label = labelIssue(fields, layout);
  if (label !== null) return label;
  const concurrency = scanned(fields, layout.concurrency, scanCount);
  if (concurrency < 1 || concurrency > MAX_CONCURRENCY) {
    return fault(layout.concurrency, "bad_number", `a concurrency from 1 to ${MAX_CONCURRENCY}`);
  }
  const hasIo = !isEmpty(fields, layout.fileSize);
  const fileSize = hasIo ? scanned(fields, layout.fileSize, scanFileSize) : null;
  if (fileSize === MALFORMED) return fault(layout.fileSize, "bad_size", "a file size such as 2064M or 6G");

  const printsSeeks = layout.seekCount >= 0;
  let chunkSize = hasIo && !printsSeeks ? DEFAULT_CHUNK_BYTES : null;
  if (!isEmpty(fields, layout.chunkSize)) {
    if (!hasIo || printsSeeks) return fault(layout.chunkSize, "inconsistent_setup", noChunk(printsSeeks));
    chunkSize = scanned(fields, layout.chunkSize, scanChunkSize);
    if (chunkSize < 0) return fault(layout.chunkSize, "bad_size", "a chunk size such as 512, 64k or 1m");
  }
  let seekCount: number | null = null;
  let seekProcs: number | null = null;
  if (printsSeeks && hasIo) {
    seekCount = scanned(fields, layout.seekCount, scanInteger);
    if (seekCount < 0) return fault(layout.seekCount, "bad_number", "a number of seeks");
    seekProcs = scanned(fields, layout.seekProcs, scanCount);
    if (seekProcs < 0) return fault(layout.seekProcs, "bad_number", "a number of seekers");
  } else if (printsSeeks) {
    const filled = [layout.seekCount, layout.seekProcs].find((index) => !isEmpty(fields, index));
    if (filled !== undefined) return fault(filled, "inconsistent_setup", "nothing where there is no file size");
  }
  const files = readV2Files(fields, layout);
  if (files !== null && "code" in files) return files;
  return {
    format: "v2",
    source: "csv",
    format_version: textOf(fields, layout.formatVersion),
    bonnie_version: bonnieVersion,
    machine: textOf(fields, layout.machine),
    concurrency,
    seed: textOf(fields, layout.seed),
    file_size_kib: fileSize,
    chunk_size_bytes: chunkSize,
    seek_count: seekCount,
    seek_procs: seekProcs,
    files,
  };
}

function noChunk(is198: boolean): string {
  return is198 ? "nothing: format 1.98 never prints its chunk size" : "nothing where there is no file size";
}

function readV2Files(fields: Fields, layout: Layout): FileSpec | null | Issue {
  if (!isEmpty(fields, layout.fileChunkSize)) {
    return unexpected(fields, layout, layout.fileChunkSize, "bad_files", "nothing: no version fills this field");
  }
  const details = [layout.maxSize, layout.minSize, layout.numDirs];
  if (isEmpty(fields, layout.numFiles)) {
    const filled = details.find((index) => !isEmpty(fields, index));
    if (filled === undefined) return null;
    return unexpected(fields, layout, filled, "inconsistent_setup", "nothing where there is no number of files");
  }
  const [max = "", min = "", dirs = ""] = details.map((index) => textOf(fields, index));
  const spec = fileSpec(textOf(fields, layout.numFiles), max, min, dirs);
  if (spec !== null) return spec;
  const wrong = details.find((index) => isWrongDetail(fields, layout, index)) ?? layout.numFiles;
  return unexpected(fields, layout, wrong, "bad_files", "files such as 16,,,, or 16,1000,16,,4 or 16,link,,,");
}

/** Whether a field beside a number of files makes the specification unreadable on its own. */
function isWrongDetail(fields: Fields, layout: Layout, index: number): boolean {
  const part = (at: number) => (at === index ? textOf(fields, index) : "");
  const max = index === layout.minSize ? textOf(fields, layout.maxSize) : part(layout.maxSize);
  return fileSpec("1", max, part(layout.minSize), part(layout.numDirs)) === null;
}
