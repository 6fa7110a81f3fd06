// The audit of runs: whether a stored run is still what was written, and what its line gives now. In: the item of a run. Out:
// the run, and every field that is not what it should be. A difference that comes from a newer parser is no damage.

import { isDeepStrictEqual } from "node:util";
import { PARSER_VERSION } from "../../shared/bonnie/reader.ts";
import { sampleInForms } from "../../shared/cells/forms.ts";
import type { RunSample } from "../../shared/cells/host-values.ts";
import { decodeSample, encodeSample, toSample } from "../../shared/cells/sample.ts";
import { linesOf, reparse } from "../../shared/quality/assess.ts";
import type { Run } from "../../shared/run/run.ts";
import { quoted } from "../../shared/run/text.ts";
import { derivedAttributes, isAsWritten, parseRun, RunError, verifyId } from "../store/runs/runs.ts";
import { entryKey, sampleText } from "../store/runs/samples.ts";
import { type Item, itemText } from "../store/table/item.ts";
import { keyText, runsOfHost } from "../store/table/keys.ts";

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

/** The attributes of an item that say where its run belongs, and differ from what the run gives. */
function compareDerived(item: Item, run: Run): FieldDifference[] {
  return Object.entries(derivedAttributes(run)).flatMap(([name, { S: read }]) => {
    const stored = item[name]?.S;
    return stored === read ? [] : [{ name, stored, read }];
  });
}

/** The entry of a run, compared with the sample that the run gives. */
interface AuditedEntry {
  readonly differences: readonly Difference[];
  /** The sample that counts; null for a withdrawn run. */
  readonly sample: RunSample | null;
  /** Whether an earlier version stored it, without quantities that this version has. */
  readonly isOutdated: boolean;
}

/** Audits the entry of an intact run; undefined for a missing one. What a later version has added to it is ignored. */
export function auditEntry(run: Run, entry: Item | undefined): AuditedEntry {
  const key = keyText(entryKey(run));
  const sample = run.withdrawn_at === null ? toSample(run) : null;
  const differs = (kind: Difference["kind"], text: string) => ({
    differences: [{ key, kind, text }],
    sample,
    isOutdated: false,
  });
  if (entry === undefined) return differs("missing", `the sample of run ${run.id} is missing`);
  try {
    const stored = sampleText(entry);
    const found = stored === null ? null : encodeSample(decodeSample(stored, run));
    if (sample === null && found === null) return { differences: [], sample, isOutdated: false };
    const inForms = sample === null ? [] : sampleInForms(sample);
    const match = inForms.find((each) => encodeSample(each) === found);
    if (match !== undefined) return { differences: [], sample: match, isOutdated: match !== inForms[0] };
    return differs("different", `the stored sample of run ${run.id} is not the one that its line gives`);
  } catch (error) {
    return differs("unreadable", error instanceof Error ? error.message : String(error));
  }
}
