// The audit of runs: whether a stored run is still what was written, and what its line gives now. In: the item of a run. Out:
// the run, and every field that is not what it should be. A difference that comes from a newer parser is no damage.

import { isDeepStrictEqual } from "node:util";
import { identifyingText, PARSER_VERSION } from "../../shared/bonnie/reader.ts";
import { toSample } from "../../shared/cells/sample.ts";
import { reparse } from "../../shared/quality/assess.ts";
import type { Run } from "../../shared/run/run.ts";
import { quoted } from "../../shared/run/text.ts";
import { type Item, itemText } from "../store/item.ts";
import { keyText, runsOfHost } from "../store/keys.ts";
import { derivedAttributes, isAsWritten, parseRun, RunError, verifyId } from "../store/runs.ts";

/** A stored item that is not what the runs, or the lines of the runs, give; by its key. */
export interface Difference {
  readonly key: string;
  /** `damaged`: its bytes are not those that were written; `unreadable`: they cannot be parsed. */
  readonly kind: "missing" | "unexpected" | "different" | "damaged" | "unreadable";
  /** What is wrong, for people. */
  readonly text?: string;
}

/** The audit of one run. */
export interface AuditedRun {
  /** Null for a run that cannot be read. */
  readonly run: Run | null;
  /** Whether its host can be computed from it: false when its bytes have changed. */
  readonly isIntact: boolean;
  readonly differences: readonly Difference[];
  /** What this version parses or assesses differently from the one that stored it; null for nothing. */
  readonly outdated: string | null;
}

/** Audits a stored run. */
export function auditRun(item: Item): AuditedRun {
  const key = keyText({ pk: itemText(item, "pk"), sk: itemText(item, "sk") });
  let run: Run;
  try {
    run = parseRun(item);
  } catch (error) {
    if (!(error instanceof RunError)) throw error;
    return {
      run: null,
      isIntact: false,
      differences: [{ key, kind: "unreadable", text: error.reason }],
      outdated: null,
    };
  }
  const of = `run ${run.id} of host ${JSON.stringify(run.host)}`;
  const damage = findDamage(item, run);
  const fields = compareParsed(run);
  const entries = compareDerived(item, run);
  const found = [...fields, ...entries].map(fieldText).join("; ");
  if (damage !== null) {
    const text = `${of}: ${damage}${found === "" ? "" : `; ${found}`}`;
    return { run, isIntact: false, differences: [{ key, kind: "damaged", text }], outdated: null };
  }
  if (found === "") return { run, isIntact: true, differences: [], outdated: null };
  const isAssessment = entries.length === 0 && fields.every(({ name }) => name === "quality" || name === "warnings");
  // As far as can be checked, the bytes are those that were written: so the parser or the rules have changed.
  if (run.parser_version !== PARSER_VERSION || isAssessment) {
    return { run, isIntact: true, differences: [], outdated: `${of} (parser ${run.parser_version}): ${found}` };
  }
  return { run, isIntact: true, differences: [{ key, kind: "different", text: `${of}: ${found}` }], outdated: null };
}

/** Why a run is not what was written; null where no damage can be found. */
function findDamage(item: Item, run: Run): string | null {
  if (runsOfHost(run.fleet, run.host) !== itemText(item, "pk")) return "its key is not its host's";
  const isWritten = isAsWritten(item);
  if (isWritten === false) return "its text is not what was written";
  // For a run without a checksum, the id is checked instead, where it can be computed.
  return isWritten === null && verifyId(run, linesOf(run.raw)) === false ? "its id is not its line's" : null;
}

/** What may identify a run: its line as Bonnie++ printed it, or, as versions of the parser before 4 took it, as received. */
const linesOf = (raw: string): readonly string[] => [...new Set([identifyingText(raw), raw])];

/** A field, as it is stored and as it should be. */
interface FieldDifference {
  readonly name: string;
  readonly stored: unknown;
  readonly read: unknown;
}

const fieldText = ({ name, stored, read }: FieldDifference): string =>
  `${name}: stored ${quoted(valueText(stored))}, read ${quoted(valueText(read))}`;

const valueText = (value: unknown): string =>
  typeof value === "string" ? value : value === undefined ? "nothing" : JSON.stringify(value);

/** The fields that differ when the line of a run is parsed now. */
function compareParsed(run: Run): FieldDifference[] {
  const again = reparse(run);
  if (again === null) return [{ name: "raw", stored: run.raw, read: "no result" }];
  return [
    ...compareFields({ stratum: run.stratum }, { stratum: again.stratum }),
    ...compareFields(run.bonnie, again.bonnie),
    ...compareFields(run.metrics, again.metrics),
    ...compareFields(
      { quality: run.quality, warnings: run.warnings },
      { quality: again.quality, warnings: again.warnings },
    ),
  ];
}

function compareFields(stored: object, read: object): FieldDifference[] {
  const readings = new Map(Object.entries(read));
  return Object.entries(stored).flatMap(([name, value]) => {
    const again: unknown = readings.get(name);
    return isDeepStrictEqual(value, again) ? [] : [{ name, stored: value, read: again }];
  });
}

/** The index keys and the sample of an item that differ from what its run gives. */
function compareDerived(item: Item, run: Run): FieldDifference[] {
  return Object.entries(derivedAttributes(run, toSample(run))).flatMap(([name, { S: read }]) => {
    const stored = item[name]?.S;
    return stored === read ? [] : [{ name, stored, read }];
  });
}
