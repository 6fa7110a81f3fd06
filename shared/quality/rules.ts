// The cache rules C1 to C12 of xen-backends.md, section 5, one small function each, in order. A rule gets the evidence of a
// run and answers with a strength and a sentence when it fires, else null. A rate that was too fast to measure is an
// interval: a rule fires only where it holds for every rate in it.
//
// Strengths. Each rule has the one its row names, for its upper threshold; what the row calls `warn` counts one step less:
//   C1 strong / medium   C4 medium / weak   C7 strong (file fits in free memory) / medium, see there

import type { Backend } from "../run/backends.ts";
import { exactText } from "../run/format.ts";
import type { Quality, QualityReason, RuleStrength } from "../run/run.ts";
import { type Evidence, type RateRange, readLimits } from "./evidence.ts";

// How the reasons write numbers: `199 488`, `11.2`, `more than 4 227 072`.

/** A whole number in groups of three digits. */
function grouped(value: number): string {
  return exactText(Math.round(value));
}

/** A ratio or a small number with three significant digits. */
function threeDigits(value: number): string {
  if (value >= 999.5) return grouped(value);
  return value < 0.001 ? `${value}` : `${Number(value.toPrecision(3))}`;
}

/** A rate as it was printed in its unit, which says so when only a bound is known. */
function rate({ low, high }: RateRange, unit = "K/s"): string {
  return `${low === high ? "" : "more than "}${exactText(low)} ${unit}`;
}

/** How many times: `11.2 times`, or `more than 11.2 times` when either side is only bounded. */
function times(ratio: number, ...sides: readonly RateRange[]): string {
  return `${sides.every(({ low, high }) => low === high) ? "" : "more than "}${threeDigits(ratio)} times`;
}

/** Rotating disks by number; null when nobody counted them. */
export function rotatingDisks(count: number | null): string {
  if (count === null) return "one rotating disk (number of disks unknown)";
  return count === 1 ? "one rotating disk" : `${count} rotating disks`;
}

// What an operator can do about a verdict (xen-backends.md, section 5, the text under the table).

/** Sentences to print below a verdict; none for `clean`. */
export function adviceFor(verdict: Quality["verdict"], backend: Backend): readonly string[] {
  if (verdict === "clean") return [];
  if (verdict === "not-assessed") return ["Send dom0_mem_mb and cache_mode with the run, so that it can be cleared."];
  const advice = [
    "Run again with a test file of at least twice the memory of Dom0 or of the guest, whichever is larger.",
    "Or give the guest little memory and Dom0 a small, fixed dom0_mem.",
    "Options of Bonnie++: -b shows the durable write rate; -D goes past the guest's cache only, not past Dom0's.",
  ];
  return backend === "loop"
    ? ["Switch the loop device to direct I/O (losetup --direct-io=on, Linux 4.4 or later) and compare.", ...advice]
    : advice;
}

/** A rule's answer when it fires. */
interface Finding {
  readonly strength: RuleStrength;
  readonly text: string;
}

type Rule = (evidence: Evidence) => Finding | null;

/** Below this share of the guest's reads coming from the disk, a cache answered (C11). */
export const CACHED_READ_RATIO = 0.5;

/**
 * C1: every rewritten chunk is read and written, so that a disk rewrites at most at 1/(1/W + 1/R). With W or R too fast
 * to measure, its term vanishes and the bound is the other rate.
 */
const rewriteBound: Rule = ({ rewrite, putBlock, getBlock }) => {
  if (rewrite === null || putBlock === null || getBlock === null) return null;
  const bound = rateInSeries(putBlock.high, getBlock.high);
  const ratio = rewrite.low / bound;
  if (!(ratio > 1.5)) return null;
  const text =
    `rewrite ${rate(rewrite)} is ${times(ratio, rewrite)} what a disk with these write and read rates ` +
    `could do (${grouped(bound)} K/s)`;
  return { strength: ratio > 3 ? "strong" : "medium", text };
};

/** C2. A run with fewer seeks (`-s size:chunk:count`) may be over in 0.5 s on a disk: its bound is too low to tell. */
const seeksTooFast: Rule = ({ seeks, fileMib }) => {
  if (seeks === null || fileMib === null || seeks.high !== Number.POSITIVE_INFINITY) return null;
  if (seeks.low < 16_000 || fileMib < 1024) return null;
  const text = `seeks were too fast to measure, ${rate(seeks, "seeks/s")} (limit 16 000) in a file of ${grouped(fileMib)} MiB`;
  return { strength: "strong", text };
};

/** C3. Without a spindle count one is assumed, and the rule counts less. */
const seeksOfSpindles: Rule = ({ seeks, rotational, spindles }) => {
  const limit = 1000 * (spindles ?? 1);
  if (seeks === null || !rotational || !(seeks.low > limit)) return null;
  const text = `${rate(seeks, "seeks/s")} is beyond ${rotatingDisks(spindles)} (${grouped(limit)} seeks/s)`;
  return { strength: spindles === null ? "medium" : "strong", text };
};

/** C4 */
const readAgainstWrite: Rule = ({ getBlock, putBlock }) => {
  if (getBlock === null || putBlock === null) return null;
  const ratio = getBlock.low / putBlock.high;
  if (!(ratio > 5)) return null;
  const text =
    `block read ${rate(getBlock)} is ${times(ratio, getBlock)} block write ${rate(putBlock)} ` +
    `(a disk stays below ${ratio > 10 ? 10 : 5} times)`;
  return { strength: ratio > 10 ? "medium" : "weak", text };
};

/** C5: the first limit that the read rate breaks, surest first. */
const readBeyondMedium: Rule = (evidence) => {
  const { getBlock } = evidence;
  if (getBlock === null) return null;
  const broken = readLimits(evidence).find(({ kps }) => getBlock.low > kps);
  if (broken === undefined) return null;
  return {
    strength: broken.sure ? "strong" : "medium",
    text: `block read ${rate(getBlock)} is above ${broken.what} (${grouped(broken.kps)} K/s)`,
  };
};

/** C6 */
const fileAgainstGuest: Rule = ({ fileMib, guestMib }) => {
  if (fileMib === null || guestMib === null || !(fileMib < 2 * guestMib)) return null;
  const text =
    `the test file of ${grouped(fileMib)} MiB is smaller than twice the guest's memory (${grouped(2 * guestMib)} MiB), ` +
    "so that the guest itself may have cached it";
  return { strength: "medium", text };
};

/**
 * C7: the mechanism itself, on a path that is buffered or that nobody knows. Medium when the file is below twice Dom0's
 * memory; strong when it fits into what of that is free, on a path that is known.
 */
const fileAgainstDom0: Rule = ({ fileMib, dom0Mib, dom0AvailableMib, cacheMode }) => {
  if (fileMib === null || cacheMode === "direct") return null;
  const buffered = cacheMode === "buffered";
  const path = buffered ? "a path through Dom0's page cache" : "a path of unknown cache mode";
  if (dom0AvailableMib !== null && fileMib < dom0AvailableMib) {
    const text = `the test file of ${grouped(fileMib)} MiB fits into Dom0's free memory (${grouped(dom0AvailableMib)} MiB), on ${path}`;
    return { strength: buffered ? "strong" : "medium", text };
  }
  if (dom0Mib !== null && fileMib < 2 * dom0Mib) {
    const text =
      `the test file of ${grouped(fileMib)} MiB is smaller than twice Dom0's memory (${grouped(2 * dom0Mib)} MiB), ` +
      `on ${path}`;
    return { strength: "medium", text };
  }
  return null;
};

/** C8 */
const charAgainstBlockWrite: Rule = ({ putc, putBlock }) => {
  if (putc === null || putBlock === null) return null;
  const ratio = putc.low / putBlock.high;
  if (!(ratio > 1.1)) return null;
  const text =
    `char write ${rate(putc)} is ${times(ratio, putc)} block write ${rate(putBlock)} (limit 1.1): ` +
    "the first test wrote to memory and the next ones paid for it";
  return { strength: "medium", text };
};

/** C9 */
const readBoundByMemory: Rule = ({ getBlock, getBlockCpu }) => {
  if (getBlock === null || getBlockCpu === null || !(getBlockCpu > 50 && getBlock.low > 300_000)) return null;
  const text = `block read took ${getBlockCpu} % of a CPU (limit 50) at ${rate(getBlock)} (limit 300 000), as copying from memory does`;
  return { strength: "weak", text };
};

/** C10 */
const readOfRepeat: Rule = ({ getBlock, runIndex, firstRunReadKps }) => {
  if (getBlock === null || runIndex === null || firstRunReadKps === null || runIndex < 2) return null;
  const ratio = getBlock.low / firstRunReadKps;
  if (!(ratio > 2)) return null;
  const text =
    `run ${runIndex} reads ${times(ratio, getBlock)} as fast as run 1 on the same image ` +
    `(${rate(getBlock)} against ${grouped(firstRunReadKps)} K/s, limit 2)`;
  return { strength: "medium", text };
};

/** C11: counters of the disk itself. Speaks in both directions: with a ratio known it always fires. */
const readsOfDevice: Rule = ({ deviceReadRatio, readPathRan }) => {
  if (deviceReadRatio === null || !readPathRan) return null;
  const share = `the disk delivered ${threeDigits(deviceReadRatio)} of what the guest read`;
  const text =
    deviceReadRatio < CACHED_READ_RATIO
      ? `${share} (below ${CACHED_READ_RATIO}): a cache answered the rest`
      : `${share} (${CACHED_READ_RATIO} or more): the reads were real`;
  return { strength: "decisive", text };
};

/** C12: told for completeness; never part of a verdict. */
const filesTooFast: Rule = (evidence) =>
  evidence.filesTooFast
    ? { strength: "weak", text: "all six file tests were too fast to measure (under 0.5 s), which decides nothing" }
    : null;

const RULES: readonly (readonly [id: string, rule: Rule])[] = [
  ["C1", rewriteBound],
  ["C2", seeksTooFast],
  ["C3", seeksOfSpindles],
  ["C4", readAgainstWrite],
  ["C5", readBeyondMedium],
  ["C6", fileAgainstGuest],
  ["C7", fileAgainstDom0],
  ["C8", charAgainstBlockWrite],
  ["C9", readBoundByMemory],
  ["C10", readOfRepeat],
  ["C11", readsOfDevice],
  ["C12", filesTooFast],
];

/** The rules that fire, in the order C1 to C12. */
export function firedRules(evidence: Evidence): readonly QualityReason[] {
  const reasons: QualityReason[] = [];
  for (const [id, rule] of RULES) {
    const finding = rule(evidence);
    if (finding !== null) reasons.push({ rule: id, ...finding });
  }
  return reasons;
}

/** The rate of doing one after the other at rates w and r: 1/(1/w + 1/r); infinite rates take no time. */
function rateInSeries(w: RateRange["high"], r: RateRange["high"]): number {
  if (w === Number.POSITIVE_INFINITY) return r;
  return r === Number.POSITIVE_INFINITY ? w : (w * r) / (w + r);
}
