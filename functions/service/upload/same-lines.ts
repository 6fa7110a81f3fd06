// Warnings about equal lines under different labels. Equal bytes of a line are one measurement; the same line under two backends,
// or under two hosts, is mostly a file that was sent again with another label, and counts twice.

import type { NewRun } from "../../../shared/cells/sample.ts";
import { AppError } from "../../../shared/errors.ts";
import type { Run } from "../../../shared/run/run.ts";
import { quoted } from "../../../shared/run/text.ts";
import { mapConcurrent } from "../../runtime/map-concurrent.ts";

/** A run as a warning names it. */
type OtherRun = Pick<Run, "id" | "host" | "backend">;

/** Finds lines that are stored already. */
export interface SameLineStore {
  /** For new runs of one host, by their ids: another run of the host with the same line and another backend, if there is one. */
  sameLines(runs: readonly NewRun[]): Promise<ReadonlyMap<string, OtherRun>>;
}

/** Hosts of an upload whose stored runs are searched, each with one query, and how many at a time. */
const MAX_HOSTS = 50;
const HOSTS_AT_ONCE = 4;

/** Runs of one host that are looked for. */
const MAX_OF_HOST = 50;

/**
 * Warnings by the id of the run: for each run that was stored now, another run of this upload with the same line and another
 * host or backend, or else an older one of the same host with another backend. Duplicates cost nothing: without stored runs
 * no query is made. The runs are stored already, so an error of the store only costs the warning.
 */
export async function findSameLines(
  store: SameLineStore,
  runs: readonly NewRun[],
  stored: readonly NewRun[],
): Promise<ReadonlyMap<string, string>> {
  const warnings = findInUpload(runs, stored);
  const byHost = new Map<string, NewRun[]>();
  for (const newRun of stored) {
    const { id, host } = newRun.run;
    if (!warnings.has(id)) byHost.set(host, [...(byHost.get(host) ?? []).slice(0, MAX_OF_HOST), newRun]);
  }
  await mapConcurrent([...byHost.values()].slice(0, MAX_HOSTS), HOSTS_AT_ONCE, async (ofHost) => {
    for (const [id, other] of await readSameLines(store, ofHost)) {
      warnings.set(id, `same_line: the same line is already stored as ${other.backend} (run ${other.id}); ${ADVICE}`);
    }
  });
  return warnings;
}

const ADVICE = "if one of the two is wrong, have it withdrawn";

function findInUpload(runs: readonly NewRun[], stored: readonly NewRun[]): Map<string, string> {
  const labels = new Map<string, { readonly first: Run; second: Run | null }>();
  for (const { run } of runs) {
    const ofLine = labels.get(lineOf(run));
    if (ofLine === undefined) labels.set(lineOf(run), { first: run, second: null });
    else if (ofLine.second === null && isLabeledDifferently(ofLine.first, run)) ofLine.second = run;
  }
  const warnings = new Map<string, string>();
  for (const { run } of stored) {
    const { first = run, second = null } = labels.get(lineOf(run)) ?? {};
    const other = isLabeledDifferently(first, run) ? first : second;
    if (other === null) continue;
    const label = other.host === run.host ? other.backend : `host ${quoted(other.host)}, ${other.backend}`;
    warnings.set(run.id, `same_line: this upload has the same line as ${label} (run ${other.id}); ${ADVICE}`);
  }
  return warnings;
}

/** The part of the id that is the hash of the line as Bonnie++ printed it, from a log or not. */
const lineOf = ({ id }: Run): string => id.slice(16, 32);

const isLabeledDifferently = (a: Run, b: Run): boolean => a.host !== b.host || a.backend !== b.backend;

async function readSameLines(store: SameLineStore, runs: readonly NewRun[]): Promise<ReadonlyMap<string, OtherRun>> {
  try {
    return await store.sameLines(runs);
  } catch (error) {
    if (error instanceof AppError) return new Map();
    throw error;
  }
}
