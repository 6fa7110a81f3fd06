// Words of a sentence: what each test does, in the language of someone who runs it, and parts of a whole.

import type { MetricName } from "../run/metrics.ts";
import type { Share } from "./comparison.ts";

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

/** Cache rules in brackets, e.g. " (rules C1, C2)"; empty without any. */
export function rulesText(rules: readonly string[]): string {
  return rules.length === 0 ? "" : ` (${rules.length === 1 ? "rule" : "rules"} ${rules.join(", ")})`;
}

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

/** A part of a whole in whole per cent; 0 and 100 mean none and all, never nearly so. */
export function percent(part: number, whole: number): string {
  const rounded = Math.round((100 * part) / whole);
  const honest = part === 0 || part === whole ? rounded : Math.min(99, Math.max(1, rounded));
  return `${honest} %`;
}

/** From this share on, hosts that gain or lose are told beside a median that does neither. */
const TOLD_SHARE = 0.1;

/**
 * Hosts that are not like a median of about 1: "on 33 % of them it was slower by more than 3 %". Null where under a tenth
 * of them gain, and under a tenth lose.
 */
export function unlikeMedian({ faster, slower }: Pick<Share, "faster" | "slower">): string | null {
  const isFaster = faster >= TOLD_SHARE;
  const isSlower = slower >= TOLD_SHARE;
  if (isFaster && isSlower) {
    return `on ${percent(faster, 1)} of them it was faster and on ${percent(slower, 1)} slower, by more than 3 %`;
  }
  if (isFaster) return `on ${percent(faster, 1)} of them it was faster by more than 3 %`;
  return isSlower ? `on ${percent(slower, 1)} of them it was slower by more than 3 %` : null;
}
