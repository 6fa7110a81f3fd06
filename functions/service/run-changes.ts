// Putting stored runs right: an admin withdraws one or many, takes a withdrawal back, or relabels a run. In: which runs, of the
// fleet of the admin's token. Out: what was changed. Statistics follow, because each change makes its hosts pending.

import type { NewRun } from "../../shared/cells/sample.ts";
import { AppError } from "../../shared/errors.ts";
import type { RunFilter, RunLister } from "../../shared/run/listing.ts";
import type { Clock } from "../../shared/run/periods.ts";
import type { Run } from "../../shared/run/run.ts";
import type { Settings } from "../../shared/run/settings.ts";
import { mapConcurrent } from "../runtime/map-concurrent.ts";
import type { RelabelOutcome, Withdrawal } from "../store/runs/run-changes.ts";
import { storeBusy } from "../store/table/errors.ts";
import { type Label, relabeled } from "./relabel.ts";

/** Changes stored runs. */
export interface RunChanger extends RunLister {
  get(fleet: string, id: string): Promise<Run | null>;
  /**
   * Takes a run out of all statistics, and makes its host pending. Null when there is no such run; repeating it changes
   * nothing. Throws `unreadable` for a damaged run of which not even the host is known.
   */
  withdraw(
    fleet: string,
    id: string,
    at: string,
    how?: Withdrawal,
  ): Promise<Pick<Run, "host" | "withdrawn_at" | "withdrawn_reason"> | null>;
  /**
   * Lets a withdrawn run count again, and makes its host pending. Null when there is no such run; repeating it changes
   * nothing. Throws `unreadable`.
   */
  restore(fleet: string, id: string, at: string): Promise<{ readonly run: Run; readonly isChanged: boolean } | null>;
  /** Withdraws `before`, and lets `after` count; null if one of them was changed since it was read. */
  relabel(before: Run, after: NewRun, at: string, how: Withdrawal): Promise<RelabelOutcome | null>;
}

/** What changing runs needs. */
export interface RunChangeDeps {
  readonly runs: RunChanger;
  readonly settings: { get(fleet: string): Promise<Settings> };
  readonly clock: Clock;
  /** Called with the hosts that are now pending. May do nothing. */
  readonly wake: (fleet: string, hosts: readonly string[]) => void;
}

/** Days that withdrawn runs of a fleet are kept, by its settings; undefined: for good. */
const readDaysKept = async ({ settings }: RunChangeDeps, fleet: string): Promise<number | undefined> =>
  (await settings.get(fleet)).retention.withdrawn_days ?? undefined;

const notFound = () => new AppError("not_found", "this fleet has no run with that id");

const timeOf = (clock: Clock): string => new Date(clock()).toISOString();

/** Withdraws one run. `isChanged` is false for a run that was withdrawn before. Throws `not_found`. */
export async function withdrawRun(
  deps: RunChangeDeps,
  fleet: string,
  id: string,
  reason: string | undefined,
): Promise<Pick<Run, "withdrawn_at" | "withdrawn_reason"> & { readonly isChanged: boolean }> {
  const { runs, clock, wake } = deps;
  const at = timeOf(clock);
  const run = await runs.withdraw(fleet, id, at, { reason, daysKept: await readDaysKept(deps, fleet) });
  if (run === null) throw notFound();
  wake(fleet, [run.host]);
  return { ...run, isChanged: run.withdrawn_at === at };
}

/** Takes a withdrawal back. Throws `not_found`. */
export async function restoreRun(
  { runs, clock, wake }: RunChangeDeps,
  fleet: string,
  id: string,
): Promise<{ readonly run: Run; readonly isChanged: boolean }> {
  const restored = await runs.restore(fleet, id, timeOf(clock));
  if (restored === null) throw notFound();
  wake(fleet, [restored.run.host]);
  return restored;
}

/** Attempts against other requests that change the same runs. */
const MAX_ATTEMPTS = 5;

/** What relabeling gives. */
export interface Relabeling {
  /** The run that counts now. */
  readonly run: Run;
  readonly status: RelabelOutcome;
  readonly withdrawn_at: string;
}

/**
 * Withdraws a run, and stores its line again under another backend or host, in one transaction. If that run is there already,
 * withdrawn, it is restored; if it counts, only the wrong one is withdrawn. Throws `not_found`, `bad_body`, and `bad_body` for a
 * withdrawn run, except one that was relabeled in the same way before: then nothing changes.
 */
export async function relabelRun(
  deps: RunChangeDeps,
  fleet: string,
  id: string,
  { reason, ...label }: Label & { readonly reason?: string | undefined },
): Promise<Relabeling & { readonly isChanged: boolean }> {
  const { runs, clock, wake } = deps;
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const before = await runs.get(fleet, id);
    if (before === null) throw notFound();
    const after = relabeled(before, label);
    if (before.withdrawn_at !== null) {
      const done = await runs.get(fleet, after.run.id);
      if (done === null || done.withdrawn_at !== null) {
        throw new AppError("bad_body", `run ${id} is withdrawn; restore it before you relabel it`);
      }
      return { run: done, status: "duplicate", withdrawn_at: before.withdrawn_at, isChanged: false };
    }
    const { backend, host } = after.run;
    const text = `relabeled as backend ${backend}, host ${host}: run ${after.run.id}`;
    const at = timeOf(clock);
    const daysKept = await readDaysKept(deps, fleet);
    const how = { reason: reason === undefined ? text : `${text}; ${reason}`, daysKept };
    const status = await runs.relabel(before, after, at, how);
    if (status === null) continue;
    wake(fleet, [...new Set([before.host, host])]);
    return { run: after.run, status, withdrawn_at: at, isChanged: true };
  }
  throw storeBusy();
}

// Many runs at once: those of a leaked token, or of a wrong batch.

/** Which runs to withdraw: those that meet every given condition. */
export interface RunSelection extends RunFilter {
  /** Runs that were sent with this token. */
  readonly token_id?: string | undefined;
}

/** How many runs a request may withdraw and read, and how long it may take; the rest is for the next one. */
export interface WithdrawalBounds {
  readonly runs: number;
  readonly read: number;
  readonly milliseconds: number;
}

const WITHDRAWAL_BOUNDS: WithdrawalBounds = { runs: 1_000, read: 10_000, milliseconds: 8_000 };

/** What a request to withdraw many runs has done, or would do. */
export interface ManyWithdrawn {
  /** Runs that were withdrawn, or would be. */
  readonly withdrawn: number;
  /** Runs that match, but were withdrawn before. */
  readonly withdrawn_before: number;
  /** Runs that cannot be read and were left, because it is not known which token sent them. */
  readonly unreadable: number;
  /** The ids of the first of them. */
  readonly ids: readonly string[];
  /** Where the next request goes on; null when all runs were examined. */
  readonly cursor: string | null;
}

/** Ids in an answer. */
const MAX_IDS = 20;

/** Runs that are read at a time. */
const PAGE_SIZE = 100;

/** Hosts whose runs are withdrawn at the same time. Runs of one host share its pending item, so they take turns. */
const HOSTS_AT_ONCE = 8;

/**
 * Withdraws the runs that match, newest first, as far as a request may; with `isDryRun`, it only counts them. A run that is
 * stored during the request may be missed. Throws `bad_parameter` for a cursor of another selection.
 */
export async function withdrawRuns(
  deps: RunChangeDeps,
  fleet: string,
  { token_id, ...filter }: RunSelection,
  {
    reason,
    isDryRun,
    cursor: from,
    bounds = WITHDRAWAL_BOUNDS,
  }: {
    readonly reason: string | undefined;
    readonly isDryRun: boolean;
    readonly cursor: string | undefined;
    readonly bounds?: WithdrawalBounds;
  },
): Promise<ManyWithdrawn> {
  const started = performance.now();
  const ids: string[] = [];
  let [withdrawn, withdrawnBefore, unreadable, read] = [0, 0, 0, 0];
  let cursor: string | null = from ?? null;
  do {
    const limit = Math.min(PAGE_SIZE, bounds.runs - withdrawn);
    const page = await deps.runs.list(fleet, { ...filter, limit, cursor: cursor ?? undefined });
    const matching = page.items.filter(({ sent_by }) => token_id === undefined || sent_by?.token_id === token_id);
    const counting: { readonly id: string; readonly host: string | null }[] = matching.filter(
      (run) => run.withdrawn_at === null,
    );
    withdrawnBefore += matching.length - counting.length;
    if (token_id === undefined) counting.push(...page.unreadable);
    else unreadable += page.unreadable.length;
    if (!isDryRun) await withdrawAll(deps, fleet, counting, reason);
    withdrawn += counting.length;
    ids.push(...counting.slice(0, MAX_IDS - ids.length).map(({ id }) => id));
    read += page.examined ?? page.items.length + page.unreadable.length;
    cursor = page.cursor;
  } while (
    cursor !== null &&
    withdrawn < bounds.runs &&
    read < bounds.read &&
    performance.now() - started < bounds.milliseconds
  );
  return { withdrawn, withdrawn_before: withdrawnBefore, unreadable, ids, cursor };
}

async function withdrawAll(
  deps: RunChangeDeps,
  fleet: string,
  listed: readonly { readonly id: string; readonly host: string | null }[],
  reason: string | undefined,
): Promise<void> {
  const byHost = new Map<string | null, string[]>();
  for (const { id, host } of listed) {
    const ofHost = byHost.get(host);
    if (ofHost === undefined) byHost.set(host, [id]);
    else ofHost.push(id);
  }
  const { runs, clock, wake } = deps;
  const how = { reason, daysKept: await readDaysKept(deps, fleet) };
  await mapConcurrent([...byHost.values()], HOSTS_AT_ONCE, async (ofHost) => {
    for (const id of ofHost) await runs.withdraw(fleet, id, timeOf(clock), how);
  });
  wake(
    fleet,
    [...byHost.keys()].flatMap((host) => host ?? []),
  );
}
