// Which cells a step of a host's summary changes, and how: every difference of the host's contributions goes to the cell
// of all cohorts and to the cell of the host's own cohort.

import type { Cell } from "../../shared/cells/cell.ts";
import { contributions } from "../../shared/cells/contribution.ts";
import { type Change, difference } from "../../shared/cells/difference.ts";
import type { View } from "../../shared/model/view.ts";
import type { FleetGeneration, SummaryStep } from "../../shared/ports.ts";
import type { HostSummary } from "../../shared/summary/types.ts";
import { cellKey, cohortHash, EVERY_COHORT, type Key } from "./keys.ts";

/** What one host takes out of one view of a cell and puts into it. */
export interface CellPart {
  readonly view: View;
  readonly subtract: Cell | null;
  readonly add: Cell | null;
}

/** What happens to one cell, in order. */
export interface CellChange {
  readonly key: Key;
  /** The hash of the cohort that the cell is of. */
  readonly cohort: string;
  readonly parts: readonly CellPart[];
}

/** The changes from one summary to another. */
type ChangesBetween = (before: HostSummary, after: HostSummary) => readonly Change[];

/** The changes of one step of a host in `bucket`: one for each cell it touches, each cell once. */
export function cellChanges(
  of: FleetGeneration,
  bucket: number,
  { period, before, after }: SummaryStep,
  changesBetween: ChangesBetween,
): CellChange[] {
  const changes = new Map<string, { key: Key; cohort: string; parts: CellPart[] }>();
  const put = (cohort: string, differences: readonly Change[]) => {
    for (const { view, kind, name, scope, subtract, add } of differences) {
      const key = cellKey(of, period, { cohort, kind, name, scope, shard: bucket });
      const change = changes.get(key.sk) ?? { key, cohort, parts: [] };
      change.parts.push({ view, subtract, add });
      changes.set(key.sk, change);
    }
  };
  const from = cohortHash(before.cohort);
  const to = cohortHash(after.cohort);
  put(EVERY_COHORT, changesBetween(before.summary, after.summary));
  if (from === to) {
    put(to, changesBetween(before.summary, after.summary));
  } else {
    put(from, changesBetween(before.summary, NOTHING));
    put(to, changesBetween(NOTHING, after.summary));
  }
  return [...changes.values()];
}

/** A summary that contributes nothing, whoever's it is. */
const NOTHING: HostSummary = { host: "", groups: [] };

/**
 * Works out what lies between two summaries, and remembers it: the month, quarter, year and all of a host often hold the
 * same runs, and then share one summary. To be forgotten with the steps it was made for, for it is large.
 */
export function rememberChanges(): ChangesBetween {
  const remembered = new Map<HostSummary, Map<HostSummary, readonly Change[]>>();
  return (before, after) => {
    const fromHere = remembered.get(before) ?? new Map<HostSummary, readonly Change[]>();
    remembered.set(before, fromHere);
    const changes = fromHere.get(after) ?? difference(contributions(before), contributions(after));
    fromHere.set(after, changes);
    return changes;
  };
}
