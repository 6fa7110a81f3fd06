// Runs in the table: put if absent together with the work mark of their host, read by id, withdrawn, replaced.

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
import { type Item, ItemError, keyItem, optionalTextOf, sizeOf, textOf } from "./item.ts";
import { bucketOf, hostHash, runKey, runOrder, runsOfHost, timeOrder, timePartition, withdrawnOrder } from "./keys.ts";
import { pendingHostWrite } from "./pending-hosts.ts";
import { listRuns } from "./run-list.ts";
import { getItem, inChunks, queryItems, type Table, transact } from "./table.ts";

// Where a run stands in the order index, which says what the run need not repeat.

/**
 * The place of a run, or of its entry in the order index: `backend#stratum#finishedAt#id`, with `~` before it once withdrawn.
 * Throws ItemError for anything else.
 */
export function runPlaceOf(item: Item): RunPlace {
  const order = textOf(item, "ord");
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
  const run = optionalTextOf(item, "sk") ?? id;
  if (run !== id) throw new ItemError(`order entry ${order} is not that of run ${run}`);
  return { id, backend, stratum, finished_at };
}

/** Whether an entry of the order index is that of a withdrawn run. */
export const isWithdrawn = (entry: Item): boolean => textOf(entry, "ord").startsWith("~");

// Samples: what aggregation reads of runs. They are projected into the order index, so that the newest of a group are one short
// range, read consistently, and no raw line is read for them.

/** The newest `limit` samples of a host's backend and stratum with `from <= finished_at < to`, newest first. */
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
    // `to` itself is outside: no time is equal to it, for times are longer than the prefixes in a window.
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
    samples.push(sampleOfEntry(entry));
    if (samples.length === limit) break;
  }
  return samples;
}

/** The sample of an entry of the order index. Throws ItemError. */
function sampleOfEntry(entry: Item): RunSample {
  const place = runPlaceOf(entry);
  try {
    return { ...place, ...decodeSample(textOf(entry, "sample")) };
  } catch (error) {
    if (error instanceof ItemError) throw error;
    throw new ItemError(`the sample of run ${place.id} cannot be read`, { cause: error });
  }
}

// Identity: which upload of a line is the same run as another (docs/api.md#post-results). A retry is a duplicate; two true
// repeats with equal bytes are two runs if they carry different `run` ids.

/** What identifies a run. */
export interface RunIdentity {
  readonly fleet: string;
  readonly host: string;
  readonly vm: string;
  readonly backend: string;
  /** The client's own id of the run, else `finished` as it was sent, else nothing. */
  readonly run: string | null;
  readonly finished: string | null;
  readonly raw: string;
  readonly encoding: "utf-8" | "latin-1";
}

/**
 * The id: 16 hexadecimal digits of the host's hash, by which a store finds the run, then 32 of the SHA-256 over all parts,
 * each with its length in front, so that no two identities are the same bytes.
 */
export function runId({ fleet, host, vm, backend, run, finished, raw, encoding }: RunIdentity): string {
  const discriminator = run === null ? (finished === null ? "" : `finished ${finished}`) : `run ${run}`;
  const said = [fleet, host, vm, backend, discriminator].map((part) => `${Buffer.byteLength(part)}:${part}`).join("");
  const bytes = Buffer.concat([Buffer.from(said), Buffer.from(raw, encoding === "latin-1" ? "latin1" : "utf8")]);
  return hostHash(fleet, host) + hash("sha256", bytes).slice(0, 32);
}

/**
 * Whether a stored run is still the one that its id was made of. Null where that cannot be said: of a time that was sent,
 * the run keeps the time and not how it was written.
 */
export function isIdOf(run: Run): boolean | null {
  const { fleet, host, vm, backend, client_run, finished_at, received_at, raw, raw_encoding: encoding } = run;
  const identity = { fleet, host, vm, backend, run: client_run, finished: null, raw, encoding };
  if (runId(identity) === run.id) return true;
  if (client_run !== null || finished_at === received_at) return false;
  const seconds = String(Date.parse(finished_at) / 1000);
  const usual = [seconds, finished_at.replace(/\.000Z$/, "Z"), finished_at];
  return usual.some((finished) => runId({ ...identity, finished }) === run.id) ? true : null;
}

// A run as an item: `run` holds what is served and the key does not say, `sum` a checksum of it; `sample` what aggregation
// reads, projected into the order index so that summarising a host never reads raw lines.

/** The item of a run that is not there yet; one that was exported may have been withdrawn. */
export function runItem(run: Run, sample: RunSample): Item {
  const text = encodeRun(run);
  return {
    ...keyItem(runKey(run.fleet, run.id)),
    ...derivedOf(run, sample),
    run: { S: text },
    sum: { S: checksum(text) },
    ...(run.withdrawn_at === null ? {} : { withdrawn: { S: run.withdrawn_at } }),
  };
}

/** What stands beside a run in its item and follows from it: its places in the indexes, and its sample. */
export function derivedOf(
  run: Run,
  sample: RunSample,
): Readonly<Record<"ord" | "tpk" | "tsk" | "sample", { S: string }>> {
  const order = runOrder(run.backend, run.stratum, run.finished_at, run.id);
  return {
    ord: { S: run.withdrawn_at === null ? order : withdrawnOrder(order) },
    tpk: { S: timePartition(run.fleet, bucketOf(run.fleet, run.host)) },
    tsk: { S: timeOrder(run.finished_at, run.id, run.backend) },
    sample: { S: encodeSample(sample) },
  };
}

/** 66 bits: what chance changes in a stored text is found, and the item hardly grows. */
const checksum = (text: string): string => hash("sha256", text, "base64url").slice(0, 11);

/** Whether the text of a run is still what was written. Null for a run that was stored before there were checksums. */
export function isAsWritten(item: Item): boolean | null {
  const sum = optionalTextOf(item, "sum");
  return sum === null ? null : sum === checksum(textOf(item, "run"));
}

/** The refusal of a run that cannot be read; it names the run, and its cause says why. */
export class RunError extends AppError implements UnreadableRun {
  readonly id: string;
  readonly host: string | null;

  constructor(item: Item, reason: unknown) {
    const id = textOf(item, "sk");
    const host = hostIn(item);
    const of = host === null ? "a host whose name cannot be read" : `host ${JSON.stringify(host)}`;
    // The message may be for somebody who must not hear of the host.
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

/** The host of a run that cannot be read as a whole: the name in its text that belongs to its key; null for none. */
function hostIn(item: Item): string | null {
  const [, fleet = ""] = textOf(item, "pk").split("#");
  const [, name] = /"host":("(?:[^"\\]|\\.)*")/.exec(optionalTextOf(item, "run") ?? "") ?? [];
  try {
    const host: unknown = JSON.parse(name ?? "null");
    return typeof host === "string" && runsOfHost(fleet, host) === textOf(item, "pk") ? host : null;
  } catch {
    return null;
  }
}

/** The run of an item; `withdrawn` is an attribute of its own because it is the one thing that changes. Throws RunError. */
export function runOfItem(item: Item): Run {
  try {
    return { ...decodeRun(textOf(item, "run"), runPlaceOf(item)), withdrawn_at: optionalTextOf(item, "withdrawn") };
  } catch (error) {
    throw new RunError(item, error);
  }
}

/** The runs of items, and apart those that cannot be read. */
export function runsOfItems(items: readonly Item[]): { readonly runs: Run[]; readonly unreadable: RunError[] } {
  const runs: Run[] = [];
  const unreadable: RunError[] = [];
  for (const item of items) {
    try {
      runs.push(runOfItem(item));
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
    add: (runs: readonly NewRun[]): Promise<readonly ("stored" | "duplicate")[]> => addRuns(table, runs),
    get: async (fleet: string, id: string): Promise<Run | null> => {
      const item = await getItem(table, runKey(fleet, id));
      return item === null ? null : runOfItem(item);
    },
    list: (fleet: string, query: RunQuery): Promise<RunPage> => listRuns(table, fleet, query),
    withdraw: (fleet: string, id: string, at: string): Promise<Withdrawable | null> => withdraw(table, fleet, id, at),
    replace: (before: Run, after: NewRun, at: string): Promise<boolean> => replaceRun(table, before, after, at),
  };
}

/** The runs of a table. */
export type RunStore = ReturnType<typeof makeRunStore>;

interface Pending {
  readonly newRun: NewRun;
  readonly item: Item;
}

async function addRuns(table: Table, runs: readonly NewRun[]): Promise<("stored" | "duplicate")[]> {
  const stored = new Set<string>();
  const pending = new Map<string, Pending>();
  for (const newRun of runs) {
    const { id } = newRun.run;
    if (!pending.has(id)) pending.set(id, { newRun, item: runItem(newRun.run, newRun.sample) });
  }
  const chunks = inChunks([...pending.values()], {
    bytesOf: ({ item }) => sizeOf(item),
    sharedOf: ({ newRun }) => hostOf(newRun.run),
  });
  for (const chunk of chunks) for (const id of await addChunk(table, chunk)) stored.add(id);
  // The first run of an id is the one that was stored; the same line again in one upload is a duplicate of it.
  return runs.map(({ run }) => (stored.delete(run.id) ? "stored" : "duplicate"));
}

/** Writes those runs of a chunk that are not there yet; the ids of what was written. */
async function addChunk(table: Table, chunk: readonly Pending[]): Promise<readonly string[]> {
  let left = chunk;
  while (left.length > 0) {
    const puts: TransactWriteItem[] = left.map(({ item }) => ({
      Put: { TableName: table.name, Item: item, ConditionExpression: "attribute_not_exists(pk)" },
    }));
    try {
      await retryingTransient(() => transact(table, [...puts, ...marksOf(table, left)]));
      return left.map(({ newRun }) => newRun.run.id);
    } catch (error) {
      if (!(error instanceof TransactionCancelled)) throw error;
      const { reasons } = error;
      const absent = left.filter((_, index) => reasons[index] !== "ConditionalCheckFailed");
      if (absent.length === left.length) throw error;
      left = absent;
    }
  }
  return [];
}

/** One text for a host; an upload may hold hosts of several fleets. */
const hostOf = ({ fleet, host }: Run): string => `${fleet}#${host}`;

function marksOf(table: Table, runs: readonly Pending[]): TransactWriteItem[] {
  const byHost = new Map<string, NewRun[]>();
  for (const { newRun } of runs) {
    const ofHost = byHost.get(hostOf(newRun.run));
    if (ofHost === undefined) byHost.set(hostOf(newRun.run), [newRun]);
    else ofHost.push(newRun);
  }
  return [...byHost.values()].flatMap((ofHost) => {
    const newest = ofHost.reduce((a, b) => (b.run.finished_at > a.run.finished_at ? b : a));
    const { fleet, host, received_at: at } = newest.run;
    const touched = ofHost.map(({ run }) => periodTouchedBy(run));
    return [pendingHostWrite(table, fleet, host, touched, at, cohortSaid(newest.sample))];
  });
}

/** The cohort that a run says its host is of, as a hint for what to count together. */
const cohortSaid = ({ cohort, capped }: NewRun["sample"]): CountedCohort => (capped === true ? OTHER_COHORT : cohort);

/** What a withdrawal needs of a run: of one that cannot be read, all that its key and its place still say. */
type Withdrawable = RunPlace & Pick<Run, "host" | "withdrawn_at">;

/** Throws RunError where not even that can be read. */
function withdrawableOf(item: Item): Withdrawable {
  const { runs, unreadable } = runsOfItems([item]);
  const [run] = runs;
  if (run !== undefined) return run;
  const [fault] = unreadable;
  if (fault === undefined || fault.host === null || item["ord"] === undefined) throw fault ?? new RunError(item, "");
  return { ...runPlaceOf(item), host: fault.host, withdrawn_at: optionalTextOf(item, "withdrawn") };
}

async function withdraw(table: Table, fleet: string, id: string, at: string): Promise<Withdrawable | null> {
  const key = runKey(fleet, id);
  const item = await getItem(table, key);
  if (item === null) return null;
  const run = withdrawableOf(item);
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
    // Somebody else withdrew it meanwhile: their time stands.
    const again = await getItem(table, key);
    if (again === null || optionalTextOf(again, "withdrawn") === null) throw error;
    return withdrawableOf(again);
  }
  return { ...run, withdrawn_at: at };
}

/**
 * Replaces what a run was read as, and marks its host for what it was and what it is. False when it was withdrawn
 * meanwhile: it then stays as it is, for nothing counts it.
 */
async function replaceRun(table: Table, before: Run, { run, sample }: NewRun, at: string): Promise<boolean> {
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
          cohortSaid(sample),
        ),
      ]),
    );
    return true;
  } catch (error) {
    if (error instanceof TransactionCancelled && error.isLostRace) return false;
    throw error;
  }
}
