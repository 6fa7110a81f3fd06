// Evidence: what the cache rules look at. In: one run, as its setup, measurements, facts and backend. Out: its rates as
// intervals, its sizes in MiB, and what is known about memory, cache mode and storage, each null if unknown.
// Source: xen-backends.md, sections 0, 1.2, 2.2 and 5.

import type { Backend } from "../run/backends.ts";
import { METRICS } from "../run/metrics.ts";
import type { BonnieSetup, Facts, Measurement, Measurements } from "../run/run.ts";

/** The parts of a run that its assessment depends on. */
export interface QualityInput {
  readonly setup: BonnieSetup;
  readonly metrics: Measurements;
  readonly facts: Facts;
  readonly backend: Backend;
}

/** The range that a rate is known to be in: exact if low = high, too fast to measure if high is infinite. Never 0. */
export interface RateRange {
  readonly low: number;
  readonly high: number;
}

/** Everything the rules look at. Rates in K/s, seeks in seeks/s, sizes in MiB; null if unknown or not run. */
export interface Evidence {
  readonly putc: RateRange | null;
  readonly putBlock: RateRange | null;
  readonly rewrite: RateRange | null;
  readonly getBlock: RateRange | null;
  readonly seeks: RateRange | null;
  /** %CP of the block read. */
  readonly getBlockCpu: number | null;
  /** All six file tests were run and too fast to measure. */
  readonly filesTooFast: boolean;
  /** Any of rewrite, getc, get_block and seeks was run. */
  readonly readPathRan: boolean;
  readonly fileMib: number | null;
  readonly guestMib: number | null;
  /** Memory of the domain whose page cache may serve reads; null with a driver domain, whose memory is not reported. */
  readonly dom0Mib: number | null;
  readonly dom0AvailableMib: number | null;
  /** `direct` includes `direct-read-cached`: a file that Bonnie++ has just written is not in a read-only parent image. */
  readonly cacheMode: "buffered" | "direct" | "unknown";
  /** Whether the client sent the cache mode; if not, it is assumed from the backend. */
  readonly cacheModeSent: boolean;
  readonly rotational: boolean;
  readonly spindles: number | null;
  readonly storageLink: string | null;
  readonly referenceReadKps: number | null;
  readonly runIndex: number | null;
  readonly firstRunReadKps: number | null;
  /** Sectors that the disks delivered / sectors that the guest read; null also if the counters are not a disk's. */
  readonly deviceReadRatio: number | null;
  /** A ratio that was sent but is no evidence, with the device whose counters it comes from; null if there is none. */
  readonly rejectedReadRatio: { readonly ratio: number; readonly device: string } | null;
}

const FILE_TESTS = METRICS.filter((metric) => metric.group === "metadata");
const READ_PATH = METRICS.filter((metric) => metric.readPath);

/** Backends that use Dom0's page cache unless configured differently (xen-backends.md, sections 0 and 1.2). */
const BUFFERED_BY_DEFAULT: ReadonlySet<Backend> = new Set<Backend>(["loop", "qdisk", "emulated"]);

/**
 * Backends that bypass it (xen-backends.md, section 2.2). Not assumed if a client sent `cache_mode=unknown`: a tapdisk may
 * have fallen back to buffered I/O.
 */
const DIRECT_BY_DEFAULT: ReadonlySet<Backend> = new Set<Backend>(["phy", "blktap1", "blktap2", "tapdisk3"]);

/** Collects the evidence of one run. */
export function collectEvidence({ setup, metrics, facts, backend }: QualityInput): Evidence {
  const driverDomain = facts["driver_domain"] === true || (numericFact(facts, "backend_domid") ?? 0) > 0;
  const cacheMode = sentCacheMode(facts);
  const ratio = numericFact(facts, "device_read_ratio");
  const device = findCachedDevice(facts["storage_stack"]);
  return {
    putc: toRange(metrics.putc),
    putBlock: toRange(metrics.put_block),
    rewrite: toRange(metrics.rewrite),
    getBlock: toRange(metrics.get_block),
    seeks: toRange(metrics.seeks),
    getBlockCpu: metrics.get_block?.cpu ?? null,
    filesTooFast: FILE_TESTS.every(({ name }) => metrics[name]?.censored === true),
    readPathRan: READ_PATH.some(({ name }) => metrics[name] !== null),
    fileMib: setup.file_size_kib === null ? null : setup.file_size_kib / 1024,
    guestMib: numericFact(facts, "guest_mem_mb"),
    dom0Mib: driverDomain ? null : numericFact(facts, "dom0_mem_mb"),
    dom0AvailableMib: driverDomain ? null : numericFact(facts, "dom0_mem_avail_mb"),
    cacheMode: cacheMode ?? assumedCacheMode(backend, facts),
    cacheModeSent: cacheMode !== null,
    rotational: facts["rotational"] === true,
    spindles: numericFact(facts, "spindles"),
    storageLink: typeof facts["storage_link"] === "string" ? facts["storage_link"] : null,
    referenceReadKps: numericFact(facts, "reference_read_kps"),
    runIndex: numericFact(facts, "run_index"),
    firstRunReadKps: numericFact(facts, "first_run_read_kps"),
    deviceReadRatio: device === null ? ratio : null,
    rejectedReadRatio: device === null || ratio === null ? null : { ratio, device },
  };
}

/**
 * Devices of Dom0 that are no disks. Their counters count what was asked of them, before a page cache, the ARC or another host
 * answers, so a ratio from them is near 1 whatever the disks did.
 */
const CACHED_DEVICE = /^(?:loop|zd|zvol|zram|nbd|rbd)\d*(?:p\d+)?$/;

/** The first such device at the bottom of a storage stack, e.g. `zd16` of `lvm/zvol/zd16` or of `md-raid1/sda+zd16`. */
function findCachedDevice(stack: Facts[string] | undefined): string | null {
  if (typeof stack !== "string") return null;
  const bottom =
    stack
      .replace(/[\s/]+$/, "")
      .split("/")
      .at(-1) ?? "";
  return (
    bottom
      .split("+")
      .find((device) => CACHED_DEVICE.test(device.trim().toLowerCase()))
      ?.trim() ?? null
  );
}

/** Null also for a printed 0 (under one unit a second, truncated), which has no ratio to anything. */
function toRange(measurement: Measurement | null): RateRange | null {
  if (measurement === null) return null;
  if (measurement.censored) return { low: measurement.lower_bound ?? 0, high: Number.POSITIVE_INFINITY };
  const { rate } = measurement;
  return rate === null || rate <= 0 ? null : { low: rate, high: rate };
}

function numericFact(facts: Facts, key: string): number | null {
  const value = facts[key];
  return typeof value === "number" ? value : null;
}

function assumedCacheMode(backend: Backend, facts: Facts): Evidence["cacheMode"] {
  if (BUFFERED_BY_DEFAULT.has(backend)) return "buffered";
  return DIRECT_BY_DEFAULT.has(backend) && facts["cache_mode"] === undefined ? "direct" : "unknown";
}

function sentCacheMode(facts: Facts): "buffered" | "direct" | null {
  const mode = facts["cache_mode"];
  if (mode === "buffered") return "buffered";
  return mode === "direct" || mode === "direct-read-cached" ? "direct" : null;
}
