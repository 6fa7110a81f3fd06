// Quality: whether the read-path numbers of a run can be those of the disk. In: setup, measurements, facts and backend of
// one run. Out: a verdict with the rules that fired (xen-backends.md, section 5). A pure function of the run: no other run is
// looked at. The line is never dropped for it; comparisons leave cached reads out of the view `trusted`.

import { PARSER_VERSION, readBonnie } from "../bonnie/reader.ts";
import { isOfLine } from "../bonnie/validity.ts";
import type { Quality, QualityReason, RuleStrength, Run } from "../run/run.ts";
import { stratumOf } from "../run/stratum.ts";
import { type Evidence, evidenceOf, type QualityInput } from "./evidence.ts";
import { CACHED_READ_RATIO, firedRules } from "./rules.ts";

/**
 * Judges one run. `cached` when the disk's own counters say so (C11), which also clears a run that other rules accuse;
 * `probably-cached` for one strong or two medium rules; `suspect` for one medium rule; `clean` only if no rule fired and
 * Dom0's memory and the cache mode are known; else `not-assessed`, as for any run without IO tests. Weak rules make no
 * verdict but stand in the way of `clean`; C12 does not even that.
 */
export function assessQuality(input: QualityInput): Quality {
  const evidence = evidenceOf(input);
  const reasons = firedRules(evidence);
  return { ...verdictOf(evidence, reasons), reasons };
}

function verdictOf(evidence: Evidence, reasons: readonly QualityReason[]): Pick<Quality, "verdict" | "decided_by"> {
  if (!evidence.readPathRan) return { verdict: "not-assessed", decided_by: [] };
  if (evidence.deviceReadRatio !== null) {
    const cached = evidence.deviceReadRatio < CACHED_READ_RATIO;
    return cached ? { verdict: "cached", decided_by: ["C11"] } : { verdict: "clean", decided_by: [] };
  }
  const strong = idsOf(reasons, "strong");
  if (strong.length > 0) return { verdict: "probably-cached", decided_by: strong };
  const medium = idsOf(reasons, "medium");
  if (medium.length > 0) return { verdict: medium.length > 1 ? "probably-cached" : "suspect", decided_by: medium };
  const accused = reasons.some((reason) => reason.rule !== "C12");
  const known = evidence.dom0Mib !== null && evidence.cacheModeSent;
  return { verdict: known && !accused ? "clean" : "not-assessed", decided_by: [] };
}

function idsOf(reasons: readonly QualityReason[], strength: RuleStrength): readonly string[] {
  return reasons.filter((reason) => reason.strength === strength).map((reason) => reason.rule);
}

/**
 * A stored run as its raw line reads now: setup, measurements, stratum, quality and the warnings of the line are made
 * afresh by this version of the parser and the rules; who, when, and what was said stay. Null when the line is no longer
 * exactly one result: what an older version made of it is then all there is.
 */
export function reparse(run: Run): Run | null {
  const { entries } = readBonnie(run.raw);
  const [entry] = entries;
  if (entry?.kind !== "result" || entries.length !== 1) return null;
  const { setup, metrics, warnings } = entry.result;
  return {
    ...run,
    parser_version: PARSER_VERSION,
    stratum: stratumOf(setup),
    bonnie: setup,
    metrics,
    quality: assessQuality({ setup, metrics, facts: run.facts, backend: run.backend }),
    warnings: [...warnings, ...run.warnings.filter((warning) => !isOfLine(warning))],
  };
}
