import { PARSER_VERSION, readBonnie } from "../bonnie/reader.ts";
import { isOfLine } from "../bonnie/warnings.ts";
import type { Run } from "../run/run.ts";
import { stratumOf } from "../run/stratum.ts";
import { assessQuality } from "./assess.ts";

/**
 * A stored run as its raw line reads now: setup, measurements, stratum, quality and the warnings of the line are made
 * afresh by this version of the parser and the rules; who, when, and what was said stay. Null when the line is no longer
 * exactly one result: what an older version made of it is then all there is.
 */
export function reread(run: Run): Run | null {
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
