// What aggregation reads and writes. The heart is `commit`: summaries and cells change together or not at all, each under
// the condition that it still is what was read. So a host counts exactly once however often and in whatever order
// aggregation runs (design, Storage).

import { randomUUID } from "node:crypto";
import type { TransactWriteItem } from "@aws-sdk/client-dynamodb";
import type { Cell } from "../../shared/cells/cell.ts";
import { decodeCell, encodeCell } from "../../shared/cells/codec.ts";
import { addCell, emptyCell, isEmpty, subtractCell } from "../../shared/cells/merge.ts";
import { firstMonthOf } from "../../shared/model/period.ts";
import type { AggregationStore, StoredSummary, SummaryStep } from "../../shared/ports.ts";
import { decodeSummary, encodeSummary } from "../../shared/summary/summary-codec.ts";
import { type CellChange, type CellPart, cellChanges } from "./cell-changes.ts";
import { MAX_TRANSACTION_BYTES, WRITES_PER_TRANSACTION } from "./chunks.ts";
import { type Item, keyItem, optionalBytesOf, sizeOf, textOf } from "./item.ts";
import { cohortHash, cohortKey, FLEETS_PARTITION, type Key, summaryKey } from "./keys.ts";
import { clearMark, markWrite, readMark, readMarks } from "./marks.ts";
import { readSamples } from "./runs.ts";
import { TransactionCancelled } from "./store-error.ts";
import { walk } from "./summary-walk.ts";
import { getItems, partition, queryAll, type Table, transact } from "./table.ts";

export function makeAggregationStore(table: Table): AggregationStore {
  return {
    fleets: async () => (await queryAll(table, partition(FLEETS_PARTITION))).map((item) => textOf(item, "sk")),
    marks: (fleet, bucket, limit, after) => readMarks(table, fleet, bucket, limit, after),
    mark: (fleet, host) => readMark(table, fleet, host),
    clear: (mark) => clearMark(table, mark),
    samples: (group, window, limit) => readSamples(table, group, window, limit),
    summaries: (fleet, keys) => readSummaries(table, fleet, keys),
    commit: (fleet, bucket, steps, at) => commit(table, fleet, bucket, steps, at),
  };
}

async function readSummaries(
  table: Table,
  fleet: string,
  keys: readonly { period: string; host: string }[],
): Promise<StoredSummary[]> {
  const wanted = keys.map(({ period, host }) => summaryKey(fleet, period, host));
  const items = byKey(await getItems(table, wanted));
  return keys.map(({ host }, index): StoredSummary => {
    const key = wanted[index];
    const item = key && items.get(idOf(key));
    if (item === undefined) return { summary: { host, groups: [] }, cohort: {}, version: null };
    return {
      summary: decodeSummary(textOf(item, "summary")),
      cohort: JSON.parse(textOf(item, "cohort")),
      version: textOf(item, "ver"),
    };
  });
}

const idOf = (key: Key) => `${key.pk} ${key.sk}`;

const byKey = (items: readonly Item[]) =>
  new Map(items.map((item) => [idOf({ pk: textOf(item, "pk"), sk: textOf(item, "sk") }), item]));

/** Put or delete under the condition that the item is still the version that was read; null means it was not there. */
function conditional(table: Table, key: Key, item: Item | null, version: string | null): TransactWriteItem {
  const condition =
    version === null
      ? { ConditionExpression: "attribute_not_exists(pk)" }
      : { ConditionExpression: "ver = :ver", ExpressionAttributeValues: { ":ver": { S: version } } };
  return item === null
    ? { Delete: { TableName: table.name, Key: keyItem(key), ...condition } }
    : { Put: { TableName: table.name, Item: { ...keyItem(key), ...item, ver: { S: randomUUID() } }, ...condition } };
}

/** A step with the cells it changes. */
interface Plan {
  readonly step: SummaryStep;
  readonly changes: readonly CellChange[];
}

/** Writes of a plan besides cells: the summary, and the cohort it may enter. */
const WRITES_BESIDE_CELLS = 2;

async function commit(
  table: Table,
  fleet: string,
  bucket: number,
  steps: readonly SummaryStep[],
  at: string,
): Promise<SummaryStep[]> {
  const planOf = (step: SummaryStep): Plan => ({ step, changes: cellChanges(fleet, bucket, step) });
  const lost: SummaryStep[] = [];
  for (const batch of batches(steps.map(planOf))) {
    const [first] = batch;
    const committed =
      first !== undefined && batch.length === 1 && writesOf(batch) > WRITES_PER_TRANSACTION
        ? await commitInSteps(table, fleet, first.step, planOf, at)
        : await commitBatch(table, fleet, batch, at);
    if (!committed) lost.push(...batch.map(({ step }) => step));
  }
  return lost;
}

function writesOf(plans: readonly Plan[]): number {
  const cells = new Set(plans.flatMap(({ changes }) => changes.map(({ key }) => idOf(key))));
  return cells.size + plans.length * WRITES_BESIDE_CELLS;
}

/** Plans in order, as many together as one transaction takes; cells that several of them change are written once. */
function batches(plans: readonly Plan[]): Plan[][] {
  const done: Plan[][] = [];
  let batch: Plan[] = [];
  let cells = new Set<string>();
  for (const plan of plans) {
    const ids = plan.changes.map(({ key }) => idOf(key));
    const fresh = ids.filter((id) => !cells.has(id)).length;
    if (batch.length > 0 && cells.size + fresh + (batch.length + 1) * WRITES_BESIDE_CELLS > WRITES_PER_TRANSACTION) {
      done.push(batch);
      batch = [];
      cells = new Set();
    }
    batch.push(plan);
    for (const id of ids) cells.add(id);
  }
  if (batch.length > 0) done.push(batch);
  return done;
}

/** A host that changes more cells than a transaction may write: over states that differ in one group each. */
async function commitInSteps(
  table: Table,
  fleet: string,
  { period, before, after }: SummaryStep,
  planOf: (step: SummaryStep) => Plan,
  at: string,
): Promise<boolean> {
  // The way may lead over states without groups that are to come back. Were it to end there, the mark must know of them.
  const month = firstMonthOf(period);
  const touched = before.summary.groups.map(({ backend, stratum }) => ({ month, backend, stratum }));
  if (touched.length > 0) await transact(table, [markWrite(table, fleet, after.summary.host, touched, at)]);
  let from: StoredSummary = before;
  for (const state of walk(before, after)) {
    if (!(await commitBatch(table, fleet, [planOf({ period, before: from, after: state })], at))) return false;
    [from = from] = await readSummaries(table, fleet, [{ period, host: after.summary.host }]);
    // Somebody else moved on from our state: theirs is valid too, but no longer where this walk stands.
    if (encodeSummary(from.summary) !== encodeSummary(state.summary)) return false;
  }
  return true;
}

async function commitBatch(table: Table, fleet: string, plans: readonly Plan[], at: string): Promise<boolean> {
  const parts = new Map<string, { key: Key; parts: CellPart[] }>();
  for (const change of plans.flatMap(({ changes }) => changes)) {
    const all = parts.get(idOf(change.key)) ?? { key: change.key, parts: [] };
    all.parts.push(...change.parts);
    parts.set(idOf(change.key), all);
  }
  const changes = [...parts.values()];
  const stored = byKey(
    await getItems(
      table,
      changes.map(({ key }) => key),
    ),
  );
  const steps = plans.map(({ step }) => step);
  const writes = [
    ...steps.map((step) => summaryWrite(table, fleet, step)),
    ...cohortWrites(table, fleet, steps),
    ...changes.flatMap((change) => cellWrite(table, change, stored.get(idOf(change.key)) ?? null, at)),
  ];
  const bytes = writes.reduce((sum, { Put }) => sum + (Put?.Item === undefined ? 0 : sizeOf(Put.Item)), 0);
  if (bytes > MAX_TRANSACTION_BYTES && plans.length > 1) {
    const half = Math.ceil(plans.length / 2);
    const first = await commitBatch(table, fleet, plans.slice(0, half), at);
    return (await commitBatch(table, fleet, plans.slice(half), at)) && first;
  }
  try {
    await transact(table, writes);
    return true;
  } catch (error) {
    if (error instanceof TransactionCancelled) return false;
    throw error;
  }
}

function summaryWrite(table: Table, fleet: string, { period, before, after }: SummaryStep): TransactWriteItem {
  const item =
    after.summary.groups.length === 0
      ? null
      : { summary: { S: encodeSummary(after.summary) }, cohort: { S: JSON.stringify(after.cohort) } };
  return conditional(table, summaryKey(fleet, period, after.summary.host), item, before.version);
}

/** A cohort is listed once a host enters it; it stays listed when the last one leaves, its cells are then empty. */
function cohortWrites(table: Table, fleet: string, steps: readonly SummaryStep[]): TransactWriteItem[] {
  const entered = new Map<string, TransactWriteItem>();
  for (const { period, before, after } of steps) {
    if (after.summary.groups.length === 0) continue;
    if (before.version !== null && cohortHash(before.cohort) === cohortHash(after.cohort)) continue;
    const key = cohortKey(fleet, period, cohortHash(after.cohort));
    entered.set(idOf(key), {
      Put: { TableName: table.name, Item: { ...keyItem(key), cohort: { S: JSON.stringify(after.cohort) } } },
    });
  }
  return [...entered.values()];
}

/** Both views of a cell are one item; `all` is left out where it equals `trusted`, as it does without cached runs. */
function cellWrite(table: Table, change: CellChange, stored: Item | null, at: string): TransactWriteItem[] {
  const trusted = viewOf(stored, "trusted");
  const all = viewOf(stored, "all");
  for (const { view, subtract, add } of change.parts) {
    const cell = view === "trusted" ? trusted : all;
    // Adding first: what is taken out of a cell was put in by the same host before, so no sum is ever negative.
    if (add !== null) addCell(cell, add);
    if (subtract !== null) subtractCell(cell, subtract);
  }
  const version = stored === null ? null : textOf(stored, "ver");
  if (isEmpty(trusted) && isEmpty(all)) {
    return stored === null ? [] : [conditional(table, change.key, null, version)];
  }
  const trustedBytes = encodeCell(trusted);
  const allBytes = encodeCell(all);
  const item: Item = {
    trusted: { B: trustedBytes },
    ...(Buffer.compare(trustedBytes, allBytes) === 0 ? {} : { all: { B: allBytes } }),
    at: { S: at },
  };
  return [conditional(table, change.key, item, version)];
}

/** One view of a stored cell, as a cell of its own that may be changed. */
export function viewOf(stored: Item | null, view: "trusted" | "all"): Cell {
  if (stored === null) return emptyCell();
  const bytes = (view === "all" ? optionalBytesOf(stored, "all") : null) ?? optionalBytesOf(stored, "trusted");
  return bytes === null ? emptyCell() : decodeCell(bytes);
}
