// The evidence the cache rules weigh: the numbers of one run and the facts about its host, each as an interval or null.

import type { Backend } from "../run/backends.ts";
import { METRICS } from "../run/metrics.ts";
import type { BonnieSetup, Facts, Measurement, Measurements } from "../run/run.ts";
import { rotatingDisks } from "./rules.ts";

// What a medium can deliver at most (xen-backends.md, section 5, C5).

/** A limit of the block-read rate. `sure`: the medium is known, not just guessed from one fact. */
interface ReadLimit {
  readonly kps: number;
  readonly sure: boolean;
  readonly what: string;
}

/** K/s of one rotating disk. */
const ROTATING_DISK = 300_000;

/** K/s of a link. SATA links are one per disk, network links one for all. */
const LINKS: ReadonlyMap<string, { readonly kps: number; readonly perDisk: boolean; readonly name: string }> = new Map([
  ["sata-3g", { kps: 300_000, perDisk: true, name: "SATA at 3 Gb/s" }],
  ["sata-6g", { kps: 600_000, perDisk: true, name: "SATA at 6 Gb/s" }],
  ["1gbe", { kps: 120_000, perDisk: false, name: "1 Gb/s Ethernet" }],
  ["10gbe", { kps: 1_200_000, perDisk: false, name: "10 Gb/s Ethernet" }],
]);

/** A read this many times the uncached reference of the same storage is not explained by the medium. */
const OVER_REFERENCE = 3;

/** The limits that the facts imply, sure ones first. Several disks deliver at most as many times the rate of one. */
export function readLimits({
  storageLink,
  rotational,
  spindles,
  referenceReadKps,
}: Pick<Evidence, "storageLink" | "rotational" | "spindles" | "referenceReadKps">): readonly ReadLimit[] {
  const disks = spindles ?? 1;
  const limits: ReadLimit[] = [];
  const link = LINKS.get(storageLink ?? "");
  if (link !== undefined) {
    limits.push({ kps: link.kps * (link.perDisk ? disks : 1), sure: true, what: `what ${link.name} carries` });
  }
  if (rotational) {
    const what = `what ${rotatingDisks(spindles)} can read`;
    limits.push({ kps: ROTATING_DISK * disks, sure: spindles !== null, what });
  }
  if (referenceReadKps !== null) {
    const what = `${OVER_REFERENCE} times the uncached read rate of this storage`;
    limits.push({ kps: OVER_REFERENCE * referenceReadKps, sure: false, what });
  }
  return limits;
}

/** What `assessQuality` is asked about. */
export interface QualityInput {
  readonly setup: BonnieSetup;
  readonly metrics: Measurements;
  readonly facts: Facts;
  readonly backend: Backend;
}

/** A rate as far as it is known: exact when low = high; too fast to measure when high is infinite. Never 0. */
export interface RateRange {
  readonly low: number;
  readonly high: number;
}

/** Everything the rules look at. Rates in K/s, seeks in seeks/s, sizes in MiB; null where unknown or not run. */
export interface Evidence {
  readonly putc: RateRange | null;
  readonly putBlock: RateRange | null;
  readonly rewrite: RateRange | null;
  readonly getBlock: RateRange | null;
  readonly seeks: RateRange | null;
  /** %CP of the block read. */
  readonly getBlockCpu: number | null;
  /** All six file tests ran and were too fast to measure. */
  readonly filesTooFast: boolean;
  /** Any of rewrite, getc, get_block and seeks was run. */
  readonly readPathRan: boolean;
  readonly fileMib: number | null;
  readonly guestMib: number | null;
  /** Memory of the domain whose page cache may serve reads; null with a driver domain, whose memory nobody reports. */
  readonly dom0Mib: number | null;
  readonly dom0AvailableMib: number | null;
  /** `direct` includes `direct-read-cached`: a file that Bonnie++ has just written is not in a read-only parent image. */
  readonly cacheMode: "buffered" | "direct" | "unknown";
  /** Whether the client said so, rather than the backend suggesting it. */
  readonly cacheModeSent: boolean;
  readonly rotational: boolean;
  readonly spindles: number | null;
  readonly storageLink: string | null;
  readonly referenceReadKps: number | null;
  readonly runIndex: number | null;
  readonly firstRunReadKps: number | null;
  readonly deviceReadRatio: number | null;
}

const FILE_TESTS = METRICS.filter((metric) => metric.group === "metadata");
const READ_PATH = METRICS.filter((metric) => metric.readPath);

/** Backends that go through Dom0's page cache unless somebody switched that off (xen-backends.md, sections 0 and 1.2). */
const BUFFERED_BY_DEFAULT: ReadonlySet<Backend> = new Set<Backend>(["loop", "qdisk", "emulated"]);

/** Backends that go past it (xen-backends 2.2); where somebody looked and could not tell, a tapdisk may have fallen back. */
const DIRECT_BY_DEFAULT: ReadonlySet<Backend> = new Set<Backend>(["phy", "blktap1", "blktap2", "tapdisk3"]);

/** Collects the evidence of one run. */
export function evidenceOf({ setup, metrics, facts, backend }: QualityInput): Evidence {
  const driverDomain = facts["driver_domain"] === true || (numberOf(facts, "backend_domid") ?? 0) > 0;
  const cacheMode = cacheModeOf(facts);
  return {
    putc: rangeOf(metrics.putc),
    putBlock: rangeOf(metrics.put_block),
    rewrite: rangeOf(metrics.rewrite),
    getBlock: rangeOf(metrics.get_block),
    seeks: rangeOf(metrics.seeks),
    getBlockCpu: metrics.get_block?.cpu ?? null,
    filesTooFast: FILE_TESTS.every(({ name }) => metrics[name]?.censored === true),
    readPathRan: READ_PATH.some(({ name }) => metrics[name] !== null),
    fileMib: setup.file_size_kib === null ? null : setup.file_size_kib / 1024,
    guestMib: numberOf(facts, "guest_mem_mb"),
    dom0Mib: driverDomain ? null : numberOf(facts, "dom0_mem_mb"),
    dom0AvailableMib: driverDomain ? null : numberOf(facts, "dom0_mem_avail_mb"),
    cacheMode: cacheMode ?? usualCacheMode(backend, facts),
    cacheModeSent: cacheMode !== null,
    rotational: facts["rotational"] === true,
    spindles: numberOf(facts, "spindles"),
    storageLink: typeof facts["storage_link"] === "string" ? facts["storage_link"] : null,
    referenceReadKps: numberOf(facts, "reference_read_kps"),
    runIndex: numberOf(facts, "run_index"),
    firstRunReadKps: numberOf(facts, "first_run_read_kps"),
    deviceReadRatio: numberOf(facts, "device_read_ratio"),
  };
}

/** A printed 0 (under one unit a second, truncated) has no ratio to anything: unknown here. */
function rangeOf(measurement: Measurement | null): RateRange | null {
  if (measurement === null) return null;
  if (measurement.censored) return { low: measurement.lower_bound ?? 0, high: Number.POSITIVE_INFINITY };
  const { rate } = measurement;
  return rate === null || rate <= 0 ? null : { low: rate, high: rate };
}

function numberOf(facts: Facts, key: string): number | null {
  const value = facts[key];
  return typeof value === "number" ? value : null;
}

function usualCacheMode(backend: Backend, facts: Facts): Evidence["cacheMode"] {
  if (BUFFERED_BY_DEFAULT.has(backend)) return "buffered";
  return DIRECT_BY_DEFAULT.has(backend) && facts["cache_mode"] === undefined ? "direct" : "unknown";
}

function cacheModeOf(facts: Facts): "buffered" | "direct" | null {
  const mode = facts["cache_mode"];
  if (mode === "buffered") return "buffered";
  return mode === "direct" || mode === "direct-read-cached" ? "direct" : null;
}
