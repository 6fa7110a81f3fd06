// Runs in the table: stored if absent, read by their id, withdrawn, and replaced by a reparse. Every change of a run makes its
// host pending in the same transaction.
//
// The item of a run has `run`, what is served and its key does not contain, with a checksum `sum`; `sample`, what aggregation
// reads; `withdrawn`, because it is the only thing that changes; and its sort keys in the order index (`ord`), which has the
// samples too, and the time index (`tpk`, `tsk`).

import { hash } from "node:crypto";
import type { TransactWriteItem } from "@aws-sdk/client-dynamodb";
import type { RunSample } from "../../shared/cells/host-values.ts";
import type { NewRun } from "../../shared/cells/sample.ts";
import { decodeSample, encodeSample } from "../../shared/cells/sample.ts";
import { TABLE } from "../../shared/deployment.ts";
import { AppError } from "../../shared/errors.ts";
import { isBackend } from "../../shared/run/backends.ts";
import { type CountedCohort, OTHER_COHORT } from "../../shared/run/cohort.ts";
import type { RunPage, RunQuery, UnreadableRun } from "../../shared/run/listing.ts";
import { periodTouchedBy } from "../../shared/run/pending-host.ts";
import type { Run } from "../../shared/run/run.ts";
import { decodeRun, encodeRun, type RunPlace } from "../../shared/run/run-codec.ts";
import { retryingTransient, TransactionCancelled } from "./errors.ts";
import { type Item, ItemError, itemSize, itemText, keyItem, optionalText } from "./item.ts";
import {
  computeShard,
  hostHash,
  runKey,
  runOrder,
  runsOfHost,
  timeOrder,
  timePartition,
  withdrawnOrder,
} from "./keys.ts";
import { pendingHostWrite } from "./pending-hosts.ts";
import { listRuns } from "./run-list.ts";
import { findSameLines, type SameLine } from "./same-lines.ts";
import { getItem, inChunks, queryItems, type Table, transact } from "./table.ts";

// The order index: runs of a host by backend, stratum and time. What its sort key contains, the run does not repeat.

/**
 * Parses the sort key of a run or of its entry in the order index: `backend#stratum#finishedAt#id`, after `~` if withdrawn.
 * Throws ItemError for anything else.
 */
export function parseRunOrder(item: Item): RunPlace {
  const order = itemText(item, "ord");
  const [backend, stratum, finished_at, id] = order.replace(/^~/, "").split("#");
  if (
    backend === undefined ||
    !isBackend(backend) ||
    stratum === undefined ||
    finished_at === undefined ||
    id === undefined
  ) {
    throw new ItemError(`order entry ${order} is not backend#stratum#finishedAt#id`);
  }
  const run = optionalText(item, "sk") ?? id;
  if (run !== id) throw new ItemError(`order entry ${order} is not that of run ${run}`);
  return { id, backend, stratum, finished_at };
}

/** Whether a run, or its entry in the order index, is withdrawn. */
export const isWithdrawn = (entry: Item): boolean => itemText(entry, "ord").startsWith("~");

/**
 * The newest `limit` samples of a host's backend and stratum with `from <= finished_at < to`, newest first. The order index
 * has them in one short range, which is read consistently and contains no raw lines.
 */
export async function readSamples(
  table: Table,
  group: { fleet: string; host: string; backend: string; stratum: string },
  window: { from: string; to: string },
  limit: number,
): Promise<RunSample[]> {
  const prefix = `${group.backend}#${group.stratum}#`;
  const samples: RunSample[] = [];
  const query = {
    IndexName: TABLE.orderIndex.name,
    KeyConditionExpression: "pk = :pk AND ord BETWEEN :from AND :to",
    // `to` itself is excluded: no time equals it, because times are longer than the prefixes of a window.
    ExpressionAttributeValues: {
      ":pk": { S: runsOfHost(group.fleet, group.host) },
      ":from": { S: prefix + window.from },
      ":to": { S: prefix + window.to },
    },
    ScanIndexForward: false,
    ConsistentRead: true,
    Limit: limit,
  };
  for await (const entry of queryItems(table, query)) {
    samples.push(parseSample(entry));
    if (samples.length === limit) break;
  }
  return samples;
}

/** The sample of an entry of the order index. Throws ItemError. */
function parseSample(entry: Item): RunSample {
  const order = parseRunOrder(entry);
  try {
    return { ...order, ...decodeSample(itemText(entry, "sample")) };
  } catch (error) {
    if (error instanceof ItemError) throw error;
    throw new ItemError(`the sample of run ${order.id} cannot be read`, { cause: error });
  }
}

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
 * The id: 16 hexadecimal digits of the hash of the host, which are part of the key of the run, then 32 of the SHA-256 over
 * all parts. Each part has its length in front, so that no two identities have the same bytes.
 */
export function runId({ fleet, host, vm, backend, run, finished, line, encoding }: RunIdentity): string {
  const discriminator = run === null ? (finished === null ? "" : `finished ${finished}`) : `run ${run}`;
  const parts = [fleet, host, vm, backend, discriminator].map((part) => `${Buffer.byteLength(part)}:${part}`).join("");
  const bytes = Buffer.concat([Buffer.from(parts), Buffer.from(line, encoding === "latin-1" ? "latin1" : "utf8")]);
  return hostHash(fleet, host) + hash("sha256", bytes).slice(0, 32);
}

/**
 * Whether a stored run is still the one that its id was computed from, with one of these lines. Null if that cannot be
 * determined: of a `finished` that was sent, the run has the time, but not how it was written.
 */
export function verifyId(run: Run, lines: readonly string[]): boolean | null {
  const { fleet, host, vm, backend, client_run, finished_at, received_at, raw_encoding: encoding } = run;
  const seconds = String(Date.parse(finished_at) / 1000);
  const isKnown = client_run !== null || finished_at === received_at;
  const times = [null, ...(isKnown ? [] : [seconds, finished_at.replace(/\.000Z$/, "Z"), finished_at])];
  const ofRun = { fleet, host, vm, backend, run: client_run, encoding };
  const isOf = (line: string) => times.some((finished) => runId({ ...ofRun, finished, line }) === run.id);
  if (lines.some(isOf)) return true;
  return isKnown ? false : null;
}

// Items.

/** The item of a run. A run that is stored from an export may be withdrawn already. */
export function runItem(run: Run, sample: RunSample): Item {
  const text = encodeRun(run);
  return {
    ...keyItem(runKey(run.fleet, run.id)),
    ...derivedAttributes(run, sample),
    run: { S: text },
    sum: { S: checksum(text) },
    ...(run.withdrawn_at === null ? {} : { withdrawn: { S: run.withdrawn_at } }),
  };
}

/** The attributes of a run's item that can be derived from the run: its sort keys in the indexes, and its sample. */
export function derivedAttributes(
  run: Run,
  sample: RunSample,
): Readonly<Record<"ord" | "tpk" | "tsk" | "sample", { S: string }>> {
  const order = runOrder(run.backend, run.stratum, run.finished_at, run.id);
  return {
    ord: { S: run.withdrawn_at === null ? order : withdrawnOrder(order) },
    tpk: { S: timePartition(run.fleet, computeShard(run.fleet, run.host)) },
    tsk: { S: timeOrder(run.finished_at, run.id, run.backend) },
    sample: { S: encodeSample(sample) },
  };
}

/** 66 bits: enough to find accidental changes of a stored text, and the item hardly grows. */
const checksum = (text: string): string => hash("sha256", text, "base64url").slice(0, 11);

/** Whether the text of a run is still as it was written. Null for a run without a checksum, of an earlier version. */
export function isAsWritten(item: Item): boolean | null {
  const sum = optionalText(item, "sum");
  return sum === null ? null : sum === checksum(itemText(item, "run"));
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

/** The host of a run that cannot be read as a whole: the name in its text, if it belongs to its key; else null. */
function findHost(item: Item): string | null {
  const [, fleet = ""] = itemText(item, "pk").split("#");
  const [, name] = /"host":("(?:[^"\\]|\\.)*")/.exec(optionalText(item, "run") ?? "") ?? [];
  try {
    const host: unknown = JSON.parse(name ?? "null");
    return typeof host === "string" && runsOfHost(fleet, host) === itemText(item, "pk") ? host : null;
  } catch {
    return null;
  }
}

/** The run of an item. Throws RunError. */
export function parseRun(item: Item): Run {
  try {
    return { ...decodeRun(itemText(item, "run"), parseRunOrder(item)), withdrawn_at: optionalText(item, "withdrawn") };
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
export function makeRunStore(table: Table) {
  return {
    add: (runs: readonly NewRun[]): Promise<readonly AddedStatus[]> => addRuns(table, runs),
    sameLines: (runs: readonly NewRun[], identify: (raw: string) => string): Promise<ReadonlyMap<string, SameLine>> =>
      findSameLines(table, runs, identify),
    get: async (fleet: string, id: string): Promise<Run | null> => {
      const item = await getItem(table, runKey(fleet, id));
      return item === null ? null : parseRun(item);
    },
    list: (fleet: string, query: RunQuery): Promise<RunPage> => listRuns(table, fleet, query),
    withdraw: (fleet: string, id: string, at: string): Promise<Withdrawable | null> => withdraw(table, fleet, id, at),
  };
}

/** The runs of a table. */
export type RunStore = ReturnType<typeof makeRunStore>;

interface Pending {
  readonly newRun: NewRun;
  readonly item: Item;
}

/** What became of a run: stored, or a duplicate of a stored run, which may be withdrawn. */
export type AddedStatus = "stored" | "duplicate" | "withdrawn";

async function addRuns(table: Table, runs: readonly NewRun[]): Promise<AddedStatus[]> {
  const stored = new Set<string>();
  const withdrawn = new Set<string>();
  const pending = new Map<string, Pending>();
  for (const newRun of runs) {
    const { id } = newRun.run;
    if (!pending.has(id)) pending.set(id, { newRun, item: runItem(newRun.run, newRun.sample) });
  }
  const chunks = inChunks([...pending.values()], {
    measure: ({ item }) => itemSize(item),
    sharedBy: ({ newRun }) => fleetHost(newRun.run),
  });
  for (const chunk of chunks) for (const id of await addChunk(table, chunk, withdrawn)) stored.add(id);
  // Of several runs with one id in an upload the first is stored, and the others are duplicates of it.
  return runs.map(({ run }) => {
    if (stored.delete(run.id)) return "stored";
    return withdrawn.has(run.id) ? "withdrawn" : "duplicate";
  });
}

/** Stores the runs of a chunk that are not stored yet, and gives their ids; adds to `withdrawn` the ids of withdrawn ones. */
async function addChunk(table: Table, chunk: readonly Pending[], withdrawn: Set<string>): Promise<readonly string[]> {
  let left = chunk;
  while (left.length > 0) {
    const puts: TransactWriteItem[] = left.map(({ item }) => ({
      Put: {
        TableName: table.name,
        Item: item,
        ConditionExpression: "attribute_not_exists(pk)",
        ReturnValuesOnConditionCheckFailure: "ALL_OLD",
      },
    }));
    try {
      await retryingTransient(() => transact(table, [...puts, ...pendingHostWrites(table, left)]));
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
const countedCohort = ({ cohort, capped }: NewRun["sample"]): CountedCohort =>
  capped === true ? OTHER_COHORT : cohort;

/** What a withdrawal needs of a run. Of one that cannot be read, its keys still contain it. */
type Withdrawable = RunPlace & Pick<Run, "host" | "withdrawn_at">;

/** Throws RunError if not even that can be read. */
function parseWithdrawable(item: Item): Withdrawable {
  const { runs, unreadable } = parseRuns([item]);
  const [run] = runs;
  if (run !== undefined) return run;
  const [error] = unreadable;
  if (error === undefined || error.host === null || item["ord"] === undefined) throw error ?? new RunError(item, "");
  return { ...parseRunOrder(item), host: error.host, withdrawn_at: optionalText(item, "withdrawn") };
}

async function withdraw(table: Table, fleet: string, id: string, at: string): Promise<Withdrawable | null> {
  const key = runKey(fleet, id);
  const item = await getItem(table, key);
  if (item === null) return null;
  const run = parseWithdrawable(item);
  if (run.withdrawn_at !== null) return run;
  const order = runOrder(run.backend, run.stratum, run.finished_at, run.id);
  try {
    await retryingTransient(() =>
      transact(table, [
        {
          Update: {
            TableName: table.name,
            Key: keyItem(key),
            UpdateExpression: "SET withdrawn = :at, ord = :ord",
            ConditionExpression: "attribute_exists(pk) AND attribute_not_exists(withdrawn)",
            ExpressionAttributeValues: { ":at": { S: at }, ":ord": { S: withdrawnOrder(order) } },
          },
        },
        pendingHostWrite(table, fleet, run.host, [periodTouchedBy(run)], at),
      ]),
    );
  } catch (error) {
    if (!(error instanceof TransactionCancelled)) throw error;
    // Another request has withdrawn it since: its time is the right one.
    const again = await getItem(table, key);
    if (again === null || optionalText(again, "withdrawn") === null) throw error;
    return parseWithdrawable(again);
  }
  return { ...run, withdrawn_at: at };
}

/**
 * Replaces a run by what its line is now parsed as, and makes its host pending for what both of them touch. False if the run
 * was withdrawn, or is no longer withdrawn, since it was read: then nothing changes.
 */
export async function replaceRun(table: Table, before: Run, { run, sample }: NewRun, at: string): Promise<boolean> {
  const isWithdrawn = before.withdrawn_at !== null;
  const put: TransactWriteItem = {
    Put: {
      TableName: table.name,
      Item: runItem(run, sample),
      ConditionExpression: `attribute_exists(pk) AND ${isWithdrawn ? "attribute_exists" : "attribute_not_exists"}(withdrawn)`,
    },
  };
  try {
    await retryingTransient(() =>
      transact(table, [
        put,
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
