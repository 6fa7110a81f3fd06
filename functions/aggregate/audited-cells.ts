// The cells of an audit: what they must be by the summaries, and which stored ones are anything else, byte for byte.

import type { Cell } from "../../shared/cells/cell.ts";
import { encodeCell } from "../../shared/cells/codec.ts";
import { contributions } from "../../shared/cells/contribution.ts";
import { addCell, emptyCell } from "../../shared/cells/merge.ts";
import type { CountedCohort } from "../../shared/run/cohort.ts";
import type { View } from "../../shared/model/view.ts";
import type { FleetGeneration } from "../../shared/ports.ts";
import type { HostSummary } from "../../shared/summary/types.ts";
import { encodedView } from "../store/cell-item.ts";
import { type Item, textOf } from "../store/item.ts";
import { bucketOf, cellKey, cellPartition, cohortHash, EVERY_COHORT, idOf } from "../store/keys.ts";
import { partition, queryItems, type Table } from "../store/table.ts";
import { type Difference, differenceOf } from "./audit-difference.ts";
import { countShard, type Shards } from "./audited-cohorts.ts";

/** Both views of each cell, by its key. */
export type ExpectedCells = Map<string, Record<View, Cell>>;

/** The version of every cell, by its key, as far as it belongs to the buckets. */
export async function versionsOfCells(
  table: Table,
  of: FleetGeneration,
  periods: readonly string[],
  buckets: readonly number[],
): Promise<ReadonlyMap<string, string>> {
  const versions = new Map<string, string>();
  for (const period of periods) {
    const query = {
      ...partition(cellPartition(of, period)),
      ProjectionExpression: "pk, sk, ver",
      ConsistentRead: true,
    };
    for await (const item of queryItems(table, query)) {
      if (isOf(buckets, item)) versions.set(keyOf(item), textOf(item, "ver"));
    }
  }
  return versions;
}

const keyOf = (item: Item): string => idOf({ pk: textOf(item, "pk"), sk: textOf(item, "sk") });

/** Whether a cell belongs to one of the buckets, which its sort key ends in. */
const isOf = (buckets: readonly number[], cell: Item): boolean =>
  buckets.includes(Number(textOf(cell, "sk").split("#").at(-1)));

/** Adds what a host contributes by a summary of a period to the cells that are expected. */
export function addToCells(
  cells: ExpectedCells,
  of: FleetGeneration,
  period: string,
  summary: HostSummary,
  counted: CountedCohort,
): void {
  const shard = bucketOf(of.fleet, summary.host);
  for (const { view, kind, name, scope, cell } of contributions(summary)) {
    for (const cohort of [EVERY_COHORT, cohortHash(counted)]) {
      const key = idOf(cellKey(of, period, { cohort, kind, name, scope, shard }));
      const views = cells.get(key) ?? { trusted: emptyCell(), all: emptyCell() };
      addCell(views[view], cell);
      cells.set(key, views);
    }
  }
}

/** A cell that is not as expected, in the version that was compared; undefined when there is none. */
interface WrongCell extends Difference {
  readonly version: string | undefined;
}

/**
 * Compares every stored cell of the buckets with the expected ones, which it takes out of the map. Gives as well in how many
 * shards, whichever the buckets, each cohort has hosts, by period.
 */
export async function wrongCells(
  table: Table,
  of: FleetGeneration,
  periods: readonly string[],
  buckets: readonly number[],
  expected: ExpectedCells,
): Promise<{ wrong: WrongCell[]; count: number; shards: ReadonlyMap<string, Shards> }> {
  const wrong: WrongCell[] = [];
  const shards = new Map<string, Shards>();
  let count = 0;
  for (const period of periods) {
    const inPeriod: Shards = new Map();
    shards.set(period, inPeriod);
    for await (const item of queryItems(table, { ...partition(cellPartition(of, period)), ConsistentRead: true })) {
      countShard(inPeriod, item);
      if (!isOf(buckets, item)) continue;
      count += 1;
      const key = keyOf(item);
      const found = bothViews(encodedView(item, "trusted"), encodedView(item, "all"));
      const cell = expected.get(key);
      expected.delete(key);
      const differences = differenceOf(key, found, cell === undefined ? null : expectedViews(cell));
      wrong.push(...differences.map((difference) => ({ ...difference, version: textOf(item, "ver") })));
    }
  }
  for (const key of expected.keys()) wrong.push({ key, kind: "missing", version: undefined });
  return { wrong, count, shards };
}

const expectedViews = ({ trusted, all }: Record<View, Cell>): string => bothViews(encodeCell(trusted), encodeCell(all));

const bothViews = (...views: readonly (Uint8Array | null)[]): string =>
  views.map((bytes) => (bytes === null ? "none" : Buffer.from(bytes).toString("hex"))).join(" ");
