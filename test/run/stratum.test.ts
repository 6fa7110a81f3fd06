import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { BonnieSetup, FileSpec } from "../../shared/run/run.ts";
import { computeStratum } from "../../shared/run/stratum.ts";
import { SEED_SETUP } from "../support/seed-setup.ts";

const FILES: FileSpec = { thousands: 16, max_size: null, min_size: null, num_dirs: 1 };
function sized(mib: number): BonnieSetup {
  return { ...SEED_SETUP, file_size_kib: mib * 1024 };
}

describe("runs that may be compared as rates share a stratum", () => {
  it("the original blog post's run is v1/2G/8k/16", () => {
    expect(computeStratum(SEED_SETUP)).toBe("v1/2G/8k/16");
  });

  // Boundaries at 2^(k+1/2) MiB: 2^7.5 = 181.02, 2^8.5 = 362.04, 2^10.5 = 1448.15, 2^11.5 = 2896.31, 2^14.5 = 23170.5.
  it.each([
    [1, "1M"],
    [64, "64M"],
    [181, "128M"],
    [182, "256M"],
    [300, "256M"],
    [362, "256M"],
    [363, "512M"],
    [724, "512M"],
    [725, "1G"],
    [1024, "1G"],
    [1448, "1G"],
    [1449, "2G"],
    [1500, "2G"],
    [2064, "2G"],
    [2896, "2G"],
    [2897, "4G"],
    [6 * 1024, "8G"],
    [23170, "16G"],
    [23171, "32G"],
    [24 * 1024, "32G"],
    [2 * 1024 * 1024, "2048G"],
  ])("%i MiB is in class %s", (mib, size) => {
    expect(computeStratum(sized(mib))).toBe(`v1/${size}/8k/16`);
  });

  it.each([
    [256, "256"],
    [512, "512"],
    [1024, "1k"],
    [4096, "4k"],
    [8192, "8k"],
    [65536, "64k"],
    [1048576, "1m"],
    [1500, "1500"],
    [null, "?"],
  ])("chunk of %s bytes is %s", (chunk_size_bytes, chunk) => {
    expect(computeStratum({ ...SEED_SETUP, chunk_size_bytes })).toBe(`v1/2G/${chunk}/16`);
  });

  it.each<[Partial<FileSpec>, string]>([
    [{}, "16"],
    [{ num_dirs: 4 }, "16/4"],
    [{ max_size: 1000, min_size: 16 }, "16:1000:16"],
    [{ max_size: 1000, min_size: 16, num_dirs: 4 }, "16:1000:16/4"],
    [{ max_size: 1000, min_size: null }, "16:1000:0"],
    [{ max_size: "link" }, "16:link"],
    [{ max_size: "symlink", num_dirs: 2 }, "16:symlink/2"],
  ])("file specification %j is %s", (files, spec) => {
    expect(computeStratum({ ...SEED_SETUP, files: { ...FILES, ...files } })).toBe(`v1/2G/8k/${spec}`);
  });

  it("tests that were not run are a dash, so that partial runs do not mix with full ones", () => {
    const noIo = { ...SEED_SETUP, format: "v2", file_size_kib: null, chunk_size_bytes: null } as const;
    expect(computeStratum(noIo)).toBe("v2/-/-/16");
    expect(computeStratum({ ...SEED_SETUP, files: null })).toBe("v1/2G/8k/-");
  });

  it("the class is the power of two within a factor of the square root of two, for any size", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 64 * 1024 * 1024 }), (mib) => {
        const [, size = ""] = computeStratum(sized(mib)).split("/");
        const nearest = Number.parseInt(size, 10) * (size.endsWith("G") ? 1024 : 1);
        expect(Number.isInteger(Math.log2(nearest))).toBe(true);
        expect(Math.max(mib / nearest, nearest / mib)).toBeLessThan(Math.SQRT2 + 1e-9);
      }),
      { seed: 1 },
    );
  });
});
