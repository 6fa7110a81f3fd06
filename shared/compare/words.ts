// Words and numbers of a sentence: what each test does, in the language of someone who runs it, and numbers with as
// many digits as a reader can use.

import type { MetricName } from "../model/metrics.ts";

interface Words {
  /** What a backend did in the test, after its name. */
  readonly did: string;
  /** The thing measured, in the plural. */
  readonly noun: string;
  /** How to make the test longer when it is too fast to measure. */
  readonly remedy: string;
}

const LARGER_FILE = "a larger test file (-s)";
const MORE_SEEKS = "more seeks than the usual 8192 (-s size:chunk:seeks, Bonnie++ 2.0)";
const MORE_FILES = "more files (-n)";

/** For each metric. */
export const WORDS: Readonly<Record<MetricName, Words>> = {
  putc: { did: "wrote characters", noun: "character writes", remedy: LARGER_FILE },
  put_block: { did: "wrote blocks", noun: "block writes", remedy: LARGER_FILE },
  rewrite: { did: "rewrote blocks", noun: "rewrites", remedy: LARGER_FILE },
  getc: { did: "read characters", noun: "character reads", remedy: LARGER_FILE },
  get_block: { did: "read blocks", noun: "block reads", remedy: LARGER_FILE },
  seeks: { did: "did random seeks", noun: "random seeks", remedy: MORE_SEEKS },
  seq_create: { did: "created files in sequence", noun: "sequential creates", remedy: MORE_FILES },
  seq_stat: { did: "looked up files in sequence", noun: "sequential stats", remedy: MORE_FILES },
  seq_delete: { did: "deleted files in sequence", noun: "sequential deletes", remedy: MORE_FILES },
  ran_create: { did: "created files in random order", noun: "random creates", remedy: MORE_FILES },
  ran_stat: { did: "looked up files in random order", noun: "random stats", remedy: MORE_FILES },
  ran_delete: { did: "deleted files in random order", noun: "random deletes", remedy: MORE_FILES },
};

/** A count with its digits in groups of three: 1 240. */
function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, " ");
}

/** A count of things: `1 host`, `1 240 hosts`. */
export function counted(count: number, noun: string): string {
  return `${grouped(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/** A part of a whole in whole per cent; 0 and 100 mean none and all, never nearly so. */
export function percent(part: number, whole: number): string {
  const rounded = Math.round((100 * part) / whole);
  const honest = part === 0 || part === whole ? rounded : Math.min(99, Math.max(1, rounded));
  return `${honest} %`;
}

/** A p value: two digits, or `below 0.001`. */
export function pText(p: number): string {
  return p < 0.001 ? "below 0.001" : p.toPrecision(2);
}

/** Digits after the point: three close to 1, two or one further off, enough for two digits below 0.1, none from 10 on. */
function decimals(ratio: number): number {
  if (ratio >= 10) return 0;
  if (ratio >= 2) return 1;
  if (ratio >= 0.9 && ratio <= 1.1) return 3;
  if (ratio >= 0.1) return 2;
  return Math.min(20, 1 - Math.floor(Math.log10(ratio)));
}

/**
 * A ratio above 0 in digits for people: 12, 2.1, 1.037, 0.015. A lower bound is rounded down and an upper bound up, so
 * that the text is as true as the number.
 */
export function ratioText(ratio: number, bound: "lower" | "upper" | "none" = "none"): string {
  const digits = decimals(ratio);
  const text = ratio.toFixed(digits);
  const step = 10 ** -digits;
  if (bound === "lower" && Number(text) > ratio) return (ratio - step / 2).toFixed(digits);
  if (bound === "upper" && Number(text) < ratio) return (ratio + step / 2).toFixed(digits);
  return text;
}
