// The cache rules C1 to C12, one small function each. In: the evidence of one run. Out: the rules that fire, each with a
// strength and a sentence. A rate that was too fast to measure is an interval: a rule fires only if it holds for every rate
// in it. Each rule has the strength of its row in the reference for its upper threshold; what the row calls `warn` counts
// one step less: C1 strong / medium, C4 medium / weak, C7 strong (file fits into free memory) / medium.
// Source: xen-backends.md, section 5.

import type { Backend } from "../run/backends.ts";
import { formatNumber } from "../run/format.ts";
import type { Quality, QualityReason, RuleStrength } from "../run/run.ts";
import { quoted } from "../run/text.ts";
import type { Evidence, RateRange } from "./evidence.ts";

/** The rules that fire, in the order C1 to C12. */
export function firedRules(evidence: Evidence): readonly QualityReason[] {
  const reasons: QualityReason[] = [];
  for (const [id, rule] of RULES) {
    const finding = rule(evidence);
    if (finding !== null) reasons.push({ rule: id, ...finding });
  }
  return reasons;
}

/**
 * What an operator can do about a verdict, as sentences to print below it; none for `clean`. Source: xen-backends.md,
 * section 5, the text below the table.
 */
export function adviceFor(verdict: Quality["verdict"], backend: Backend): readonly string[] {
  if (verdict === "clean") return [];
  if (verdict === "not-assessed")
    return ["Send dom0_mem_mb and cache_mode with the run, so that its reads can be assessed."];
  const advice = [
    "Run again with a test file of at least twice the memory of Dom0 or of the guest, whichever is larger.",
    "Or give the guest little memory and Dom0 a small, fixed dom0_mem.",
    "Options of Bonnie++: -b shows the durable write rate; -D bypasses the guest's cache only, not Dom0's.",
  ];
  return backend === "loop"
    ? ["Switch the loop device to direct I/O (losetup --direct-io=on, Linux 4.4 or later) and compare.", ...advice]
    : advice;
}

/** What a rule returns if it fires. */
interface Finding {
  readonly strength: RuleStrength;
  readonly text: string;
}

type Rule = (evidence: Evidence) => Finding | null;

/** A cache answered if the disk delivered less than this part of the guest's reads (C11). */
export const CACHED_READ_RATIO = 0.5;

/**
 * C1: every rewritten chunk is read and written, so that a disk rewrites at most at 1/(1/W + 1/R). With W or R too fast
 * to measure, its term is 0 and the bound is the other rate.
 */
const rewriteBound: Rule = ({ rewrite, putBlock, getBlock }) => {
  if (rewrite === null || putBlock === null || getBlock === null) return null;
  const bound = rateInSeries(putBlock.high, getBlock.high);
  const ratio = rewrite.low / bound;
  if (!(ratio > 1.5)) return null;
  const text =
    `rewrite ${rate(rewrite)} is ${times(ratio, rewrite)} what a disk with these write and read rates ` +
    `could do (${whole(bound)} K/s)`;
  return { strength: ratio > 3 ? "strong" : "medium", text };
};

/** C2. A run with fewer seeks (`-s size:chunk:count`) may take under 0.5 s on a disk: its bound is too low for the rule. */
const seeksTooFast: Rule = ({ seeks, fileMib }) => {
  if (seeks === null || fileMib === null || seeks.high !== Number.POSITIVE_INFINITY) return null;
  if (seeks.low < 16_000 || fileMib < 1024) return null;
  const text = `seeks were too fast to measure, ${rate(seeks, "seeks/s")} (limit 16 000) in a file of ${whole(fileMib)} MiB`;
  return { strength: "strong", text };
};

/** C3. Without a spindle count the rule assumes one spindle and counts less. */
const seeksBeyondSpindles: Rule = ({ seeks, rotational, spindles }) => {
  const limit = 1000 * (spindles ?? 1);
  if (seeks === null || !rotational || !(seeks.low > limit)) return null;
  const text = `${rate(seeks, "seeks/s")} is more than ${rotatingDisks(spindles)} can do (${whole(limit)} seeks/s)`;
  return { strength: spindles === null ? "medium" : "strong", text };
};

/** C4: block read against block write. */
const readAgainstWrite: Rule = ({ getBlock, putBlock }) => {
  if (getBlock === null || putBlock === null) return null;
  const ratio = getBlock.low / putBlock.high;
  if (!(ratio > 5)) return null;
  const text =
    `block read ${rate(getBlock)} is ${times(ratio, getBlock)} block write ${rate(putBlock)} ` +
    `(a disk stays below ${ratio > 10 ? 10 : 5} times)`;
  return { strength: ratio > 10 ? "medium" : "weak", text };
};

/** C5: the first limit that the read rate exceeds, surest first. */
const readBeyondMedium: Rule = (evidence) => {
  const { getBlock } = evidence;
  if (getBlock === null) return null;
  const exceeded = readLimits(evidence).find(({ kps }) => getBlock.low > kps);
  if (exceeded === undefined) return null;
  return {
    strength: exceeded.sure ? "strong" : "medium",
    text: `block read ${rate(getBlock)} is above ${exceeded.what} (${whole(exceeded.kps)} K/s)`,
  };
};

/** A limit of the block-read rate. `sure`: the medium is known, not guessed from one fact. */
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

/** A read more than this many times the uncached reference of the same storage is not explained by the medium. */
const OVER_REFERENCE = 3;

/** The limits of C5 that the facts imply, sure ones first. Several disks deliver at most as many times the rate of one. */
function readLimits({
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

/** C6: file size against the guest's memory. */
const fileAgainstGuest: Rule = ({ fileMib, guestMib }) => {
  if (fileMib === null || guestMib === null || !(fileMib < 2 * guestMib)) return null;
  const text =
    `the test file of ${whole(fileMib)} MiB is smaller than twice the guest's memory (${whole(2 * guestMib)} MiB), ` +
    "so that the guest itself may have cached it";
  return { strength: "medium", text };
};

/**
 * C7: file size against Dom0's memory, on a path that is buffered or unknown. Medium if the file is smaller than twice
 * Dom0's memory; strong if it fits into Dom0's free memory and the path is known.
 */
const fileAgainstDom0: Rule = ({ fileMib, dom0Mib, dom0AvailableMib, cacheMode }) => {
  if (fileMib === null || cacheMode === "direct") return null;
  const buffered = cacheMode === "buffered";
  const path = buffered ? "a path through Dom0's page cache" : "a path of unknown cache mode";
  if (dom0AvailableMib !== null && fileMib < dom0AvailableMib) {
    const text = `the test file of ${whole(fileMib)} MiB fits into Dom0's free memory (${whole(dom0AvailableMib)} MiB), on ${path}`;
    return { strength: buffered ? "strong" : "medium", text };
  }
  if (dom0Mib !== null && fileMib < 2 * dom0Mib) {
    const text =
      `the test file of ${whole(fileMib)} MiB is smaller than twice Dom0's memory (${whole(2 * dom0Mib)} MiB), ` +
      `on ${path}`;
    return { strength: "medium", text };
  }
  return null;
};

/** C8: char write against block write. */
const charAgainstBlockWrite: Rule = ({ putc, putBlock }) => {
  if (putc === null || putBlock === null) return null;
  const ratio = putc.low / putBlock.high;
  if (!(ratio > 1.1)) return null;
  const text =
    `char write ${rate(putc)} is ${times(ratio, putc)} block write ${rate(putBlock)} (limit 1.1): ` +
    "the first test wrote to memory and the next ones paid for it";
  return { strength: "medium", text };
};

/** C9: a fast block read that takes much CPU. */
const readBoundByMemory: Rule = ({ getBlock, getBlockCpu }) => {
  if (getBlock === null || getBlockCpu === null || !(getBlockCpu > 50 && getBlock.low > 300_000)) return null;
  const text = `block read took ${getBlockCpu} % of a CPU (limit 50) at ${rate(getBlock)} (limit 300 000), as copying from memory does`;
  return { strength: "weak", text };
};

/** C10: a repeated run against the first one. */
const repeatedRead: Rule = ({ getBlock, runIndex, firstRunReadKps }) => {
  if (getBlock === null || runIndex === null || firstRunReadKps === null || runIndex < 2) return null;
  const ratio = getBlock.low / firstRunReadKps;
  if (!(ratio > 2)) return null;
  const text =
    `run ${runIndex} reads ${times(ratio, getBlock)} as fast as run 1 on the same image ` +
    `(${rate(getBlock)} against ${whole(firstRunReadKps)} K/s, limit 2)`;
  return { strength: "medium", text };
};

/**
 * C11: the disk's own counters. It decides in both directions: if the ratio is known, it always fires. A ratio from the
 * counters of a device that is no disk is no evidence: it is only reported, as a weak reason.
 */
const deviceReads: Rule = ({ deviceReadRatio, rejectedReadRatio, readPathRan }) => {
  if (!readPathRan) return null;
  if (rejectedReadRatio !== null) {
    const { ratio, device } = rejectedReadRatio;
    const text =
      `device_read_ratio ${threeDigits(ratio)} is not used: the storage stack ends in ${quoted(device)}, which is not a disk, ` +
      "and its counters do not show whether a cache answered";
    return { strength: "weak", text };
  }
  if (deviceReadRatio === null) return null;
  const share = `the disk delivered ${threeDigits(deviceReadRatio)} of what the guest read`;
  const text =
    deviceReadRatio < CACHED_READ_RATIO
      ? `${share} (below ${CACHED_READ_RATIO}): a cache answered the rest`
      : `${share} (${CACHED_READ_RATIO} or more): the reads were real`;
  return { strength: "decisive", text };
};

/** C12: reported for completeness; never part of a verdict. */
const filesTooFast: Rule = (evidence) =>
  evidence.filesTooFast
    ? { strength: "weak", text: "all six file tests were too fast to measure (under 0.5 s), inconclusive on its own" }
    : null;

const RULES: readonly (readonly [id: string, rule: Rule])[] = [
  ["C1", rewriteBound],
  ["C2", seeksTooFast],
  ["C3", seeksBeyondSpindles],
  ["C4", readAgainstWrite],
  ["C5", readBeyondMedium],
  ["C6", fileAgainstGuest],
  ["C7", fileAgainstDom0],
  ["C8", charAgainstBlockWrite],
  ["C9", readBoundByMemory],
  ["C10", repeatedRead],
  ["C11", deviceReads],
  ["C12", filesTooFast],
];

/** The rate of doing one thing after the other at rates w and r: 1/(1/w + 1/r); an infinite rate takes no time. */
function rateInSeries(w: RateRange["high"], r: RateRange["high"]): number {
  if (w === Number.POSITIVE_INFINITY) return r;
  return r === Number.POSITIVE_INFINITY ? w : (w * r) / (w + r);
}

// Numbers in the sentences: `199 488`, `11.2`, `more than 4 227 072`.

/** Rounded to a whole number, in groups of three digits. */
function whole(value: number): string {
  return formatNumber(Math.round(value));
}

/** A ratio or a small number with three significant digits. */
function threeDigits(value: number): string {
  if (value >= 999.5) return whole(value);
  return value < 0.001 ? `${value}` : `${Number(value.toPrecision(3))}`;
}

/** A rate as printed, with its unit; `more than` if only a bound is known. */
function rate({ low, high }: RateRange, unit = "K/s"): string {
  return `${low === high ? "" : "more than "}${formatNumber(low)} ${unit}`;
}

/** A ratio: `11.2 times`, or `more than 11.2 times` if a bound is all that is known of a side. */
function times(ratio: number, ...sides: readonly RateRange[]): string {
  return `${sides.every(({ low, high }) => low === high) ? "" : "more than "}${threeDigits(ratio)} times`;
}

/** So many rotating disks; `count` is null if their number is unknown. */
function rotatingDisks(count: number | null): string {
  if (count === null) return "one rotating disk (number of disks unknown)";
  return count === 1 ? "one rotating disk" : `${count} rotating disks`;
}
