// Strata: a stratum is the group of runs whose rates may be compared with each other, named by what their setups have in
// common (statistics.md, section 2).

import type { BonnieSetup, FileSpec } from "./run.ts";

const NOT_RUN = "-";

/**
 * Computes the stratum of a setup from family, file size class, chunk size and file specification, e.g. `v1/2G/8k/16`. If
 * the IO tests were not run, size and chunk are `-`; if the file tests were not, the specification is. A chunk size that the
 * output does not print (format 1.98) is `?`.
 */
export function computeStratum(setup: BonnieSetup): string {
  const io = setup.file_size_kib === null ? [NOT_RUN, NOT_RUN] : [sizeClass(setup.file_size_kib), formatChunk(setup)];
  return [setup.format, ...io, setup.files === null ? NOT_RUN : formatFileSpec(setup.files)].join("/");
}

/**
 * The power of two of MiB nearest to the size on the log scale, printed `<n>M` below 1 GiB, else `<n>G`; at least `1M`.
 * The boundary between two classes is 2^(k+1/2) MiB (1448.15 MiB between 1G and 2G): irrational, so no size is a tie.
 */
function sizeClass(kib: number): string {
  const exponent = Math.max(0, Math.round(Math.log2(kib / 1024)));
  return exponent < 10 ? `${2 ** exponent}M` : `${2 ** (exponent - 10)}G`;
}

/** As Bonnie++ writes it on its command line: bytes below 1 KiB, else `<n>k` or `<n>m` where that divides evenly. */
function formatChunk({ chunk_size_bytes: bytes }: BonnieSetup): string {
  if (bytes === null) return "?";
  if (bytes % 2 ** 20 === 0) return `${bytes / 2 ** 20}m`;
  return bytes % 1024 === 0 ? `${bytes / 1024}k` : `${bytes}`;
}

/** In the notation of a v1 line (bonnie-formats.md, section 2): `16`, `16:1000:0/64`, `16:link`. */
function formatFileSpec({ thousands, max_size, min_size, num_dirs }: FileSpec): string {
  const kind = max_size === null ? "" : `:${max_size}`;
  const minSize = typeof max_size === "number" ? `:${min_size ?? 0}` : "";
  return `${thousands}${kind}${minSize}${num_dirs > 1 ? `/${num_dirs}` : ""}`;
}
