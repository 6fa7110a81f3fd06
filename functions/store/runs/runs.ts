// Runs in the table: stored if absent, read by their id, and replaced by a reparse; run-changes.ts withdraws them. Every change of
// a run changes its sample and makes its host pending in the same transaction.
//
// The item of a run has `run`, what is served and its other attributes do not contain, with a checksum `sum`; `host` and
// `stratum`; `withdrawn`, `reason` and `ttl`, because only they change; `relabeled_from`; and its place in the time index (`tpk`,
// `tsk`).

import { hash } from "node:crypto";
import type { TransactWriteItem } from "@aws-sdk/client-dynamodb";
import type { NewRun } from "../../../shared/cells/sample.ts";
import { TABLE } from "../../../shared/deployment.ts";
import { AppError } from "../../../shared/errors.ts";
import { isBackend } from "../../../shared/run/backends.ts";
import { type CountedCohort, OTHER_COHORT } from "../../../shared/run/cohort.ts";
import type { RunPage, RunQuery, UnreadableRun } from "../../../shared/run/listing.ts";
import { periodTouchedBy } from "../../../shared/run/pending-host.ts";
import type { Clock } from "../../../shared/run/periods.ts";
import type { Run } from "../../../shared/run/run.ts";
import { decodeRun, encodeRun, type RunPlace, type RunState } from "../../../shared/run/run-codec.ts";
import { retryingTransient, TransactionCancelled } from "../table/errors.ts";
import { packedForm } from "../table/format.ts";
import {
  absentOrExpired,
  type Item,
  ItemError,
  isExpired,
  itemSize,
  itemText,
  keyItem,
  optionalText,
} from "../table/item.ts";
import { computeShard, hostHash, keyText, runKey, runsOfHost, timeOrder, timePartition } from "../table/keys.ts";
import { packedText, packText } from "../table/packed.ts";
import { getItem, inChunks, type Table, transact } from "../table/table.ts";
import { pendingHostWrite } from "./pending-hosts.ts";
import { listRuns } from "./run-list.ts";
import { findSameLines, type SameLine } from "./same-lines.ts";
import { entryKey, sampleItem } from "./samples.ts";

// Identity: when an uploaded line is the same run as an earlier one (docs/api.md#post-results). A retry is a duplicate; two
// repetitions of a test with equal bytes are two runs if they have different `run` ids.

/** What identifies a run. */
export interface RunIdentity {
  readonly fleet: string;
  readonly host: string;
  readonly vm: string;
  readonly backend: string;
  /** The client's own id of the run; null if none was sent. */
  readonly run: string | null;
  /** `finished` as it was sent, which identifies a run without an id; null if it was not sent either. */
  readonly finished: string | null;
  /** The line as Bonnie++ printed it: without the prefix of a log, and in one piece where it was wrapped; or the words of a table. */
  readonly line: string;
  readonly encoding: "utf-8" | "latin-1";
}

/**
 * The id: 16 hexadecimal digits of the hash of the host, which are part of the key of the run; 16 of the hash of the line, so
 * that the same line is found under any backend of the host; and 16 of the SHA-256 over all parts. Each part has its length in
 * front, so that no two identities have the same bytes.
 */
export function runId(identity: RunIdentity): string {
  const line = hash("sha256", lineBytes(identity));
  return hostHash(identity.fleet, identity.host) + line.slice(0, 16) + identityHash(identity).slice(0, 16);
}

const lineBytes = ({ line, encoding }: Pick<RunIdentity, "line" | "encoding">): Buffer =>
  Buffer.from(line, encoding === "latin-1" ? "latin1" : "utf8");

function identityHash({ fleet, host, vm, backend, run, finished, line, encoding }: RunIdentity): string {
  const discriminator = run === null ? (finished === null ? "" : `finished ${finished}`) : `run ${run}`;
  const parts = [fleet, host, vm, backend, discriminator].map((part) => `${Buffer.byteLength(part)}:${part}`).join("");
  return hash("sha256", Buffer.concat([Buffer.from(parts), lineBytes({ line, encoding })]));
}

/**
 * Whether a stored run is still the one that its id was computed from, with one of these lines. Null if that cannot be
 * determined: of a `finished` that was sent, the run has the time, but not how it was written.
 */
export function verifyId(run: Run, lines: readonly string[]): boolean | null {
  if (findIdentity(run, lines, runId) !== null) return true;
  return isTimeKnown(run) ? false : null;
}

/** Whether the identity of a run does not depend on how a time was written. */
const isTimeKnown = ({ client_run, finished_at, received_at }: Run): boolean =>
  client_run !== null || finished_at === received_at;

/** The identity of a run with one of these lines, and one of the usual spellings of its time, that gives its id; or null. */
function findIdentity(run: Run, lines: readonly string[], idOf: (identity: RunIdentity) => string): RunIdentity | null {
  const { fleet, host, vm, backend, client_run, finished_at, raw_encoding: encoding } = run;
  const seconds = String(Date.parse(finished_at) / 1000);
  const times = [null, ...(isTimeKnown(run) ? [] : [seconds, finished_at.replace(/\.000Z$/, "Z"), finished_at])];
  const identities = lines.flatMap((line) =>
    times.map((finished) => ({ fleet, host, vm, backend, run: client_run, finished, line, encoding })),
  );
  return identities.find((identity) => idOf(identity) === run.id) ?? null;
}

/**
 * The id that a run has under another backend or host, and with the name of its guest there. Where it cannot be determined how
 * its time was written, the time as it is stored takes its place.
 */
export function relabeledId(
  run: Run,
  lines: readonly string[],
  label: Pick<RunIdentity, "backend" | "host" | "vm">,
): string {
  const { fleet, client_run, finished_at: finished, raw_encoding: encoding } = run;
  const [line = run.raw] = lines;
  const unknown = { fleet, run: client_run, finished, line, encoding };
  return runId({ ...(findIdentity(run, lines, runId) ?? unknown), ...label });
}

/**
 * The id that a run of formats 0 and 1 has in this format, where it can be computed; else the old one. There an id had 16
 * digits of the host, then 32 of the identity.
 */
export function renewId(run: Run): string {
  const old = (identity: RunIdentity) => hostHash(identity.fleet, identity.host) + identityHash(identity).slice(0, 32);
  const identity = findIdentity(run, [run.raw], old);
  return identity === null ? run.id : runId(identity);
}

// Items.

/** The item of a run, its text packed in a form. A run that is stored from an export may be withdrawn already. */
export function runItem(run: Run, form: number): Item {
  const text = encodeRun(run);
  return {
    ...keyItem(runKey(run.fleet, run.id)),
    ...derivedAttributes(run),
    run: { B: packText(form, "run", text) },
    sum: { S: checksum(text) },
    ...(run.withdrawn_at === null ? {} : { withdrawn: { S: run.withdrawn_at } }),
    ...(run.withdrawn_reason === undefined ? {} : { reason: { S: run.withdrawn_reason } }),
    ...(run.relabeled_from === undefined ? {} : { relabeled_from: { S: run.relabeled_from } }),
  };
}

/** The attributes of a run's item that say where it belongs: its host and stratum, and its keys in the time index. */
export function derivedAttributes(run: Run): Readonly<Record<"host" | "stratum" | "tpk" | "tsk", { S: string }>> {
  return {
    host: { S: run.host },
    stratum: { S: run.stratum },
    tpk: { S: timePartition(run.fleet, computeShard(run.fleet, run.host)) },
    tsk: { S: timeOrder(run.finished_at, run.id, run.backend) },
  };
}

/** Where a run belongs, by the attributes of its item. Throws ItemError for a damaged item. */
export function parsePlace(item: Item): RunPlace & Pick<Run, "host"> {
  const [finished_at, id, backend] = itemText(item, "tsk").split("#");
  if (finished_at === undefined || id !== itemText(item, "sk") || backend === undefined || !isBackend(backend)) {
    throw new ItemError(
      `time key ${itemText(item, "tsk")} of run ${itemText(item, "sk")} is not finishedAt#id#backend`,
    );
  }
  return { id, backend, stratum: itemText(item, "stratum"), finished_at, host: itemText(item, "host") };
}

/** 66 bits: enough to find accidental changes of a stored text, and the item hardly grows. */
const checksum = (text: string): string => hash("sha256", text, "base64url").slice(0, 11);

/** Whether the text of a run is still as it was written. Null for a run without a checksum, of an earlier version. */
export function isAsWritten(item: Item): boolean | null {
  const sum = optionalText(item, "sum");
  return sum === null ? null : sum === checksum(packedText(item, "run"));
}

/** A run that cannot be read. The message names the run, and the cause has the reason. */
export class RunError extends AppError implements UnreadableRun {
  readonly id: string;
  readonly host: string | null;

  constructor(item: Item, reason: unknown) {
    const id = itemText(item, "sk");
    const host = findHost(item);
    const of = host === null ? "a host whose name cannot be read" : `host ${JSON.stringify(host)}`;
    // The client that gets the message may not be allowed to know the host.
    super("unreadable", `run ${id} is stored, but cannot be read; the log says why`, {
      cause: new Error(`run ${id} of ${of}: ${reason instanceof Error ? reason.message : String(reason)}`),
    });
    this.id = id;
    this.host = host;
  }

  get reason(): string {
    return this.cause instanceof Error ? this.cause.message : this.message;
  }
}

/** The host of a run that cannot be read as a whole: the one its item names, if it belongs to its key; else null. */
function findHost(item: Item): string | null {
  const [, fleet = ""] = itemText(item, "pk").split("#");
  const host = optionalText(item, "host");
  return host !== null && runsOfHost(fleet, host) === itemText(item, "pk") ? host : null;
}

/** What the item of a run says apart from its text. */
function parseState(item: Item): RunState {
  const reason = optionalText(item, "reason");
  const from = optionalText(item, "relabeled_from");
  return {
    withdrawn_at: optionalText(item, "withdrawn"),
    ...(reason === null ? {} : { withdrawn_reason: reason }),
    ...(from === null ? {} : { relabeled_from: from }),
  };
}

/** The run of an item. Throws RunError. */
export function parseRun(item: Item): Run {
  try {
    return { ...decodeRun(packedText(item, "run"), parsePlace(item)), ...parseState(item) };
  } catch (error) {
    throw new RunError(item, error);
  }
}

/** The runs of items, and separately the ones that cannot be read. */
export function parseRuns(items: readonly Item[]): { readonly runs: Run[]; readonly unreadable: RunError[] } {
  const runs: Run[] = [];
  const unreadable: RunError[] = [];
  for (const item of items) {
    try {
      runs.push(parseRun(item));
    } catch (error) {
      if (!(error instanceof RunError)) throw error;
      unreadable.push(error);
    }
  }
  return { runs, unreadable };
}

/** The runs of a table. */
export function makeRunStore(table: Table, clock: Clock = Date.now) {
  return {
    add: (runs: readonly NewRun[]): Promise<readonly AddedStatus[]> => addRuns(table, runs, clock()),
    sameLines: (runs: readonly NewRun[]): Promise<ReadonlyMap<string, SameLine>> => findSameLines(table, runs),
    get: async (fleet: string, id: string): Promise<Run | null> => {
      const item = await getItem(table, runKey(fleet, id));
      return item === null || isExpired(item, clock()) ? null : parseRun(item);
    },
    list: (fleet: string, query: RunQuery): Promise<RunPage> => listRuns(table, fleet, query, clock()),
  };
}

/** The runs of a table. */
export type RunStore = ReturnType<typeof makeRunStore>;

interface Pending {
  readonly newRun: NewRun;
  readonly item: Item;
  readonly entry: Item;
}

/** What became of a run: stored, or a duplicate of a stored run, which may be withdrawn. */
export type AddedStatus = "stored" | "duplicate" | "withdrawn";

async function addRuns(table: Table, runs: readonly NewRun[], now: number): Promise<AddedStatus[]> {
  const stored = new Set<string>();
  const withdrawn = new Set<string>();
  const pending = new Map<string, Pending>();
  const form = packedForm(table);
  for (const newRun of runs) {
    const { run, sample } = newRun;
    if (pending.has(run.id)) continue;
    pending.set(run.id, { newRun, item: runItem(run, form), entry: sampleItem(run, sample, form) });
  }
  const chunks = inChunks([...pending.values()], {
    measure: ({ item, entry }) => itemSize(item) + itemSize(entry),
    writes: 2,
    sharedBy: ({ newRun }) => fleetHost(newRun.run),
  });
  for (const chunk of chunks) for (const id of await addChunk(table, chunk, { withdrawn, now })) stored.add(id);
  // Of several runs with one id in an upload the first is stored, and the others are duplicates of it.
  return runs.map(({ run }) => {
    if (stored.delete(run.id)) return "stored";
    return withdrawn.has(run.id) ? "withdrawn" : "duplicate";
  });
}

/** Stores the runs of a chunk that are not stored yet, and gives their ids; adds to `withdrawn` the ids of withdrawn ones. */
async function addChunk(
  table: Table,
  chunk: readonly Pending[],
  { withdrawn, now }: { readonly withdrawn: Set<string>; readonly now: number },
): Promise<readonly string[]> {
  let left = chunk;
  while (left.length > 0) {
    const puts: TransactWriteItem[] = left.map(({ item }) => ({
      Put: {
        TableName: table.name,
        Item: item,
        ...absentOrExpired(now),
        ReturnValuesOnConditionCheckFailure: "ALL_OLD",
      },
    }));
    // Without a condition: no entry belongs to a run that is not stored.
    const entries = left.map(({ entry }) => ({ Put: { TableName: table.name, Item: entry } }));
    try {
      await retryingTransient(() => transact(table, [...puts, ...entries, ...pendingHostWrites(table, left)]));
      return left.map(({ newRun }) => newRun.run.id);
    } catch (error) {
      if (!(error instanceof TransactionCancelled)) throw error;
      const { reasons, items } = error;
      for (const [index, { newRun }] of left.entries()) {
        const item = items[index];
        if (item !== undefined && optionalText(item, "withdrawn") !== null) withdrawn.add(newRun.run.id);
      }
      const absent = left.filter((_, index) => reasons[index] !== "ConditionalCheckFailed");
      if (absent.length === left.length) throw error;
      left = absent;
    }
  }
  return [];
}

/** Identifies a host; the runs of one call may be of several fleets. */
const fleetHost = ({ fleet, host }: Run): string => `${fleet}#${host}`;

function pendingHostWrites(table: Table, runs: readonly Pending[]): TransactWriteItem[] {
  const byHost = new Map<string, NewRun[]>();
  for (const { newRun } of runs) {
    const ofHost = byHost.get(fleetHost(newRun.run));
    if (ofHost === undefined) byHost.set(fleetHost(newRun.run), [newRun]);
    else ofHost.push(newRun);
  }
  return [...byHost.values()].flatMap((ofHost) => {
    const newest = ofHost.reduce((a, b) => (b.run.finished_at > a.run.finished_at ? b : a));
    const { fleet, host, received_at: at } = newest.run;
    const touched = ofHost.map(({ run }) => periodTouchedBy(run));
    return [pendingHostWrite(table, fleet, host, touched, at, countedCohort(newest.sample))];
  });
}

/** The cohort that a run names for its host: a hint for which hosts to count together. */
export const countedCohort = ({ cohort, capped }: NewRun["sample"]): CountedCohort =>
  capped === true ? OTHER_COHORT : cohort;

/**
 * Replaces a run by what its line is now parsed as, and makes its host pending for what both of them touch. False if the run
 * was withdrawn, or is no longer withdrawn, since it was read: then nothing changes.
 */
export async function replaceRun(table: Table, before: Run, { run, sample }: NewRun, at: string): Promise<boolean> {
  const isWithdrawn = before.withdrawn_at !== null;
  const form = packedForm(table);
  const expiry = isWithdrawn ? await readExpiry(table, before) : {};
  const put: TransactWriteItem = {
    Put: {
      TableName: table.name,
      Item: { ...runItem(run, form), ...expiry },
      ConditionExpression: `attribute_exists(pk) AND ${isWithdrawn ? "attribute_exists" : "attribute_not_exists"}(withdrawn)`,
    },
  };
  const entry = { ...sampleItem(run, sample, form), ...expiry };
  const obsolete = entryKey(before);
  const isMoved = keyText(obsolete) !== keyText(entryKey(run));
  try {
    await retryingTransient(() =>
      transact(table, [
        put,
        { Put: { TableName: table.name, Item: entry } },
        ...(isMoved ? [{ Delete: { TableName: table.name, Key: keyItem(obsolete) } }] : []),
        pendingHostWrite(
          table,
          run.fleet,
          run.host,
          [periodTouchedBy(before), periodTouchedBy(run)],
          at,
          countedCohort(sample),
        ),
      ]),
    );
    return true;
  } catch (error) {
    if (error instanceof TransactionCancelled && error.isLostRace) return false;
    throw error;
  }
}

/** When a withdrawn run expires, as the attribute of its items. */
async function readExpiry(table: Table, { fleet, id }: Run): Promise<Item> {
  const ttl = (await getItem(table, runKey(fleet, id)))?.[TABLE.timeToLive];
  return ttl === undefined ? {} : { [TABLE.timeToLive]: ttl };
}
