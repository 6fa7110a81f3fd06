// The cache assessment: whether the read-path numbers of a run can be the disk's. In: setup, measurements, facts and backend
// of one run. Out: a verdict with the rules that fired. It depends on no other run. A line is never rejected because of it;
// comparisons exclude cached reads from the view `trusted`. Source: xen-backends.md, section 5.

import { identifyingText, PARSER_VERSION, readBonnie } from "../bonnie/reader.ts";
import { isLineWarning } from "../bonnie/validity.ts";
import type { Quality, QualityReason, RuleStrength, Run } from "../run/run.ts";
import { computeStratum } from "../run/stratum.ts";
import { collectEvidence, type Evidence, type QualityInput } from "./evidence.ts";
import { CACHED_READ_RATIO, firedRules } from "./rules.ts";

/**
 * Assesses one run. `cached` or `clean` if the disk's own counters are known (C11), whatever the other rules say;
 * `probably-cached` for one strong or two medium rules; `suspect` for one medium rule; `clean` only if no rule fired and
 * Dom0's memory and the cache mode are known; else `not-assessed`, as for any run without IO tests. Weak rules lead to no
 * verdict but prevent `clean`; C12, and C11 with a ratio that is no evidence, do neither.
 */
export function assessQuality(input: QualityInput): Quality {
  const evidence = collectEvidence(input);
  const reasons = firedRules(evidence);
  return { ...decideVerdict(evidence, reasons), reasons };
}

/** Rules that are no suspicion here: `decideVerdict` has returned before if C11 decides. */
const ONLY_REPORTED: ReadonlySet<string> = new Set(["C11", "C12"]);

function decideVerdict(evidence: Evidence, reasons: readonly QualityReason[]): Pick<Quality, "verdict" | "decided_by"> {
  if (!evidence.readPathRan) return { verdict: "not-assessed", decided_by: [] };
  if (evidence.deviceReadRatio !== null) {
    const cached = evidence.deviceReadRatio < CACHED_READ_RATIO;
    return cached ? { verdict: "cached", decided_by: ["C11"] } : { verdict: "clean", decided_by: [] };
  }
  const strong = ruleIds(reasons, "strong");
  if (strong.length > 0) return { verdict: "probably-cached", decided_by: strong };
  const medium = ruleIds(reasons, "medium");
  if (medium.length > 0) return { verdict: medium.length > 1 ? "probably-cached" : "suspect", decided_by: medium };
  const hasSuspicion = reasons.some(({ rule }) => !ONLY_REPORTED.has(rule));
  const isKnown = evidence.dom0Mib !== null && evidence.cacheModeSent;
  return { verdict: isKnown && !hasSuspicion ? "clean" : "not-assessed", decided_by: [] };
}

function ruleIds(reasons: readonly QualityReason[], strength: RuleStrength): readonly string[] {
  return reasons.filter((reason) => reason.strength === strength).map((reason) => reason.rule);
}

/**
 * Parses the raw line of a stored run again: setup, measurements, stratum, quality and the warnings of the line are
 * recomputed by this version of the parser and the rules; identity, times and metadata stay. Null if the line is no longer
 * exactly one result: the caller then keeps what an older version read.
 */
export function reparse(run: Run): Run | null {
  const { entries } = readBonnie(run.raw);
  const [entry] = entries;
  if (entry?.kind !== "result" || entries.length !== 1) return null;
  const { setup, metrics, warnings } = entry.result;
  return {
    ...run,
    parser_version: PARSER_VERSION,
    stratum: computeStratum(setup),
    bonnie: setup,
    metrics,
    quality: assessQuality({ setup, metrics, facts: run.facts, backend: run.backend }),
    warnings: [...warnings, ...run.warnings.filter((warning) => !isLineWarning(warning))],
  };
}

/** What may identify a run: its line as Bonnie++ printed it, or, as versions of the parser before 4 took it, as received. */
export function linesOf(raw: string): readonly string[] {
  return [...new Set([identifyingText(raw), raw])];
}
