import type { BonnieSetup } from "../../shared/run/run.ts";

/** How both runs of the project's seed were made, as their CSV lines say: `vm101,2064M,...,16,...` of Bonnie++ 1.03. */
export const SEED_SETUP: BonnieSetup = {
  format: "v1",
  source: "csv",
  format_version: null,
  bonnie_version: null,
  machine: "vm101",
  concurrency: null,
  seed: null,
  file_size_kib: 2064 * 1024,
  chunk_size_bytes: 8192,
  seek_count: null,
  seek_procs: null,
  files: { thousands: 16, max_size: null, min_size: null, num_dirs: 1 },
};
