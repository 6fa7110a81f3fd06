// The runs of an audit: whether each is still what was written, and what its line says. In: the item of a run. Out: the run,
// and every field that is not what it should be. A reading that has changed because the reader has is no damage.

import { isDeepStrictEqual } from "node:util";
import { PARSER_VERSION } from "../../shared/bonnie/reader.ts";
import { quoted } from "../../shared/model/quoted.ts";
import type { Run } from "../../shared/run/run.ts";
import { reread } from "../../shared/quality/reread.ts";
import { sampleOf } from "../../shared/cells/sample.ts";
import { type Item, textOf } from "../store/item.ts";
import { idOf, runsOfHost } from "../store/keys.ts";
import { isIdOf } from "../store/run-id.ts";
import { derivedOf, isAsWritten, RunFault, runOfItem } from "../store/run-item.ts";
import type { Difference } from "./audit-difference.ts";

/** A run as an audit found it. */
export interface AuditedRun {
  /** Null where it cannot be read. */
  readonly run: Run | null;
  /** Whether its host can be derived from it: not when its bytes have changed. */
  readonly isWhole: boolean;
  readonly differences: readonly Difference[];
  /** What this version reads or judges otherwise than the one that stored it; null for nothing. */
  readonly outdated: string | null;
}

/** Looks at one stored run. */
export function auditRun(item: Item): AuditedRun {
  const key = idOf({ pk: textOf(item, "pk"), sk: textOf(item, "sk") });
  let run: Run;
  try {
    run = runOfItem(item);
  } catch (error) {
    if (!(error instanceof RunFault)) throw error;
    return {
      run: null,
      isWhole: false,
      differences: [{ key, kind: "unreadable", text: error.reason }],
      outdated: null,
    };
  }
  const of = `run ${run.id} of host ${JSON.stringify(run.host)}`;
  const damage = damageOf(item, run);
  const fields = fieldsReadOtherwise(run);
  const entries = misplaced(item, run);
  const found = [...fields, ...entries].map(sayField).join("; ");
  if (damage !== null) {
    const text = `${of}: ${damage}${found === "" ? "" : `; ${found}`}`;
    return { run, isWhole: false, differences: [{ key, kind: "damaged", text }], outdated: null };
  }
  if (found === "") return { run, isWhole: true, differences: [], outdated: null };
  const isJudged = entries.length === 0 && fields.every(({ name }) => name === "quality" || name === "warnings");
  // The bytes are those that were written, as far as anybody can tell: it is the reader, or the rules, that have changed.
  if (run.parser_version !== PARSER_VERSION || isJudged) {
    return { run, isWhole: true, differences: [], outdated: `${of} (parser ${run.parser_version}): ${found}` };
  }
  return { run, isWhole: true, differences: [{ key, kind: "different", text: `${of}: ${found}` }], outdated: null };
}

/** Why a run is not what was written; null where nothing says so. */
function damageOf(item: Item, run: Run): string | null {
  if (runsOfHost(run.fleet, run.host) !== textOf(item, "pk")) return "its key is not that of its host";
  const isWritten = isAsWritten(item);
  if (isWritten === false) return "its text is not the one that was written";
  // Of a run that has no checksum the id says as much, where it can be made again.
  return isWritten === null && isIdOf(run) === false ? "its id is not that of its line" : null;
}

/** A field with what is stored and what it should be. */
interface FieldDifference {
  readonly name: string;
  readonly stored: unknown;
  readonly read: unknown;
}

const sayField = ({ name, stored, read }: FieldDifference): string =>
  `${name}: stored ${quoted(textOfValue(stored))}, read ${quoted(textOfValue(read))}`;

const textOfValue = (value: unknown): string =>
  typeof value === "string" ? value : value === undefined ? "nothing" : JSON.stringify(value);

/** The fields that the line of a run says otherwise now. */
function fieldsReadOtherwise(run: Run): FieldDifference[] {
  const again = reread(run);
  if (again === null) return [{ name: "raw", stored: run.raw, read: "no result" }];
  return [
    ...differing({ stratum: run.stratum }, { stratum: again.stratum }),
    ...differing(run.bonnie, again.bonnie),
    ...differing(run.metrics, again.metrics),
    ...differing(
      { quality: run.quality, warnings: run.warnings },
      { quality: again.quality, warnings: again.warnings },
    ),
  ];
}

function differing(stored: object, read: object): FieldDifference[] {
  const readings = new Map(Object.entries(read));
  return Object.entries(stored).flatMap(([name, value]) => {
    const again: unknown = readings.get(name);
    return isDeepStrictEqual(value, again) ? [] : [{ name, stored: value, read: again }];
  });
}

function misplaced(item: Item, run: Run): FieldDifference[] {
  return Object.entries(derivedOf(run, sampleOf(run))).flatMap(([name, { S: read }]) => {
    const stored = item[name]?.S;
    return stored === read ? [] : [{ name, stored, read }];
  });
}
