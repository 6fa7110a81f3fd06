// Printing: the CSV line that Bonnie++ writes for a result. It is the inverse of reading: lines that Bonnie++ wrote come back
// byte for byte.

import type { BonnieSetup, Measurements } from "../run/run.ts";
import { FORMAT_OF_50 } from "./csv.ts";
import { type Layout, V1, V2_48, V2_50 } from "./layouts.ts";
import { DEFAULT_CHUNK_BYTES, printChunkSize, printFileSize, printFileSpec } from "./sizes.ts";

/**
 * Prints the CSV line of a result whose `source` is `csv`, without a line end. It differs from the line that was read only
 * if Bonnie++ would have written that line differently: a repaired 47-field line gets its 48 fields, `2048M` becomes `2G`,
 * a smallest file size of 0 is empty in v2, latencies have the unit that suits their size.
 */
export function printBonnie(setup: BonnieSetup, metrics: Measurements): string {
  const layout = setup.format === "v1" ? V1 : setup.format_version === FORMAT_OF_50 ? V2_50 : V2_48;
  const fields = new Array<string>(layout.columns.length).fill("");
  fields[layout.machine] = setup.machine;
  if (setup.format === "v1") fillV1(fields, layout, setup);
  else fillV2(fields, layout, setup);
  for (const test of layout.tests) {
    const measurement = metrics[test.metric];
    if (measurement === null) continue;
    const { rate, cpu, latency_us: latency } = measurement;
    fields[test.rate] = rate === null ? "+++++" : printRate(rate, test.metric === "seeks", setup.format);
    fields[test.cpu] = cpu === null ? "+++" : `${cpu}`;
    if (test.latency >= 0 && latency !== null) fields[test.latency] = printLatency(latency);
  }
  return fields.join(",");
}

function fillV1(fields: string[], layout: Layout, { file_size_kib, chunk_size_bytes, files }: BonnieSetup): void {
  if (file_size_kib !== null) {
    const hasChunk = chunk_size_bytes !== null && chunk_size_bytes !== DEFAULT_CHUNK_BYTES;
    const chunk = hasChunk ? `:${printChunkSize(chunk_size_bytes, false)}` : "";
    fields[layout.fileSize] = printFileSize(file_size_kib) + chunk;
  }
  if (files !== null) fields[layout.numFiles] = printFileSpec(files);
}

function fillV2(fields: string[], layout: Layout, setup: BonnieSetup): void {
  const { file_size_kib, chunk_size_bytes, seek_count, seek_procs, files } = setup;
  fields[layout.formatVersion] = setup.format_version ?? "";
  fields[layout.bonnieVersion] = setup.bonnie_version ?? "";
  fields[layout.concurrency] = `${setup.concurrency ?? 1}`;
  fields[layout.seed] = setup.seed ?? "";
  if (file_size_kib !== null) fields[layout.fileSize] = printFileSize(file_size_kib);
  if (chunk_size_bytes !== null && chunk_size_bytes !== DEFAULT_CHUNK_BYTES) {
    fields[layout.chunkSize] = printChunkSize(chunk_size_bytes, true);
  }
  if (layout.seekCount >= 0) {
    fields[layout.seekCount] = `${seek_count ?? ""}`;
    fields[layout.seekProcs] = `${seek_procs ?? ""}`;
  }
  if (files !== null) {
    fields[layout.numFiles] = `${files.thousands}`;
    fields[layout.maxSize] = `${files.max_size ?? ""}`;
    fields[layout.minSize] = files.min_size === null || files.min_size === 0 ? "" : `${files.min_size}`;
    fields[layout.numDirs] = files.num_dirs === 1 ? "" : `${files.num_dirs}`;
  }
}

/** v1 prints seeks with one decimal, v2 only below 1000. All other rates are whole. */
function printRate(rate: number, isSeeks: boolean, format: "v1" | "v2"): string {
  return isSeeks && (format === "v1" || rate < 1000) ? rate.toFixed(1) : `${rate}`;
}

/** From 100 ms on in the largest unit that needs at most five digits; truncated (bonnie-formats.md, section 3.3). */
function printLatency(us: number): string {
  if (us > 99_999_999) return `${Math.floor(us / 1_000_000)}s`;
  return us > 99_999 ? `${Math.floor(us / 1_000)}ms` : `${us}us`;
}
