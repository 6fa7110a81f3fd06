// The batch that everything stored must agree with: all runs of a table, summarised afresh, host by host and period by
// period, and added up cell by cell, in the generation that is read, without a mark, an index, a stored sample or a stored summary being looked at.

import { ScanCommand } from "@aws-sdk/client-dynamodb";
import { parseRun } from "../../functions/store/runs/runs.ts";
import { currentGeneration } from "../../functions/store/statistics/generations.ts";
import { parseSummary } from "../../functions/store/statistics/summaries.ts";
import { type Item, itemText, optionalBytes } from "../../functions/store/table/item.ts";
import {
  ALL_COHORTS,
  cellKey,
  cohortHash,
  computeShard,
  keyText,
  summaryKey,
} from "../../functions/store/table/keys.ts";
import { packedText } from "../../functions/store/table/packed.ts";
import type { Table } from "../../functions/store/table/table.ts";
import { addCell, type Cell, emptyCell } from "../../shared/cells/cell.ts";
import { decodeCell, encodeCell } from "../../shared/cells/codec.ts";
import { contributions } from "../../shared/cells/contribution.ts";
import { computeCountedCohort, summarize } from "../../shared/cells/host-values.ts";
import { toSample } from "../../shared/cells/sample.ts";
import { encodeSummary } from "../../shared/cells/stored-summary.ts";
import { decodeTotals, encodeTotals } from "../../shared/cells/totals.ts";
import { OTHER_COHORT } from "../../shared/run/cohort.ts";
import type { Run, View } from "../../shared/run/run.ts";

/** Something stored that is not what the runs say: `found` is null where it is missing, `expected` where it must not be. */
interface Difference {
  readonly key: string;
  readonly found: string | null;
  readonly expected: string | null;
}

export interface Audit {
  readonly runs: number;
  /** Summaries and cells that were compared, open marks. */
  readonly summaries: number;
  readonly cells: number;
  readonly marks: number;
  readonly differences: readonly Difference[];
}

/** Recomputes every summary and cell of a fleet, or of all of a table, and compares, both ways and byte for byte. */
export async function audit(table: Table, fleet?: string): Promise<Audit> {
  const found = new Map<string, string>();
  const runs: Run[] = [];
  const inOther = new Set<string>();
  let marks = 0;
  for await (const item of scan(table)) {
    const pk = itemText(item, "pk");
    if (fleet !== undefined && pk.split("#")[1] !== fleet) continue;
    const key = keyText({ pk, sk: itemText(item, "sk") });
    if (pk.startsWith("RUN#")) runs.push(parseRun(item));
    if (pk.startsWith("WORK#")) marks += 1;
    if (pk.startsWith("CELL#") || pk.startsWith("TOTAL#")) found.set(key, storedCells(item, pk.startsWith("TOTAL#")));
    if (pk.startsWith("HOST#")) {
      const { summary, cohort } = parseSummary(item);
      // Whether its cohort had room is no function of the runs: what is stored is taken as given.
      if (cohort === OTHER_COHORT) inOther.add(key);
      // A host whose runs are all gone keeps an empty summary.
      if (summary.groups.length > 0) found.set(key, `${packedText(item, "summary")} ${cohortHash(cohort)}`);
    }
  }
  const fleets = [...new Set(runs.map((run) => run.fleet))];
  const generations = new Map(
    await Promise.all(fleets.map(async (name) => [name, (await currentGeneration(table, name)).generation] as const)),
  );
  const expected = expectedOf(
    runs.filter((run) => run.withdrawn_at === null),
    generations,
    inOther,
  );
  const differences = [...new Set([...found.keys(), ...expected.keys()])]
    .map((key) => ({ key, found: found.get(key) ?? null, expected: expected.get(key) ?? null }))
    .filter((each) => each.found !== each.expected);
  const count = (start: string) => [...found.keys()].filter((key) => key.startsWith(start)).length;
  return { runs: runs.length, summaries: count("HOST#"), cells: count("CELL#") + count("TOTAL#"), marks, differences };
}

async function* scan(table: Table): AsyncGenerator<Item> {
  let start: Item | undefined;
  do {
    const page = await table.client.send(
      new ScanCommand({ TableName: table.name, ConsistentRead: true, ExclusiveStartKey: start }),
    );
    yield* page.Items ?? [];
    start = page.LastEvaluatedKey;
  } while (start !== undefined);
}

/** The stored cells of an item in text, one line for each view; both must also be readable. */
function storedCells(item: Item, areTotals: boolean): string {
  const trusted = optionalBytes(item, "trusted") ?? new Uint8Array();
  const all = optionalBytes(item, "all");
  for (const bytes of [trusted, all ?? trusted]) (areTotals ? decodeTotals : decodeCell)(bytes);
  return cellText(trusted, all);
}

const cellText = (trusted: Uint8Array, all: Uint8Array | null): string =>
  [trusted, all].map((bytes) => (bytes === null ? "as trusted" : Buffer.from(bytes).toString("hex"))).join("\n");

/** Every summary and cell there must be, as text by key. */
function expectedOf(
  runs: readonly Run[],
  generations: ReadonlyMap<string, string>,
  inOther: ReadonlySet<string>,
): Map<string, string> {
  const expected = new Map<string, string>();
  const cells = new Map<string, Record<View, Map<string, Cell>>>();
  for (const [, ofHost] of grouped(runs, (run) => [`${run.fleet} ${run.host}`])) {
    for (const [period, inPeriod] of grouped(ofHost, (run) => calendarPeriods(run.finished_at))) {
      const [{ fleet, host } = { fleet: "", host: "" }] = inPeriod;
      const of = { fleet, generation: generations.get(fleet) ?? "" };
      const summary = summarize(host, inPeriod.map(toSample));
      const key = keyText(summaryKey(of, period, host));
      const cohort = cohortHash(inOther.has(key) ? OTHER_COHORT : computeCountedCohort(summary));
      expected.set(key, `${encodeSummary(summary)} ${cohort}`);
      for (const { view, kind, name, scope, cell } of contributions(summary)) {
        for (const cohortName of [ALL_COHORTS, cohort]) {
          const place = { cohort: cohortName, kind, name, scope, shard: computeShard(fleet, host) };
          const key = keyText(cellKey(of, period, place));
          const views = cells.get(key) ?? { trusted: new Map(), all: new Map() };
          cells.set(key, views);
          // A cell is alone in its item, but for the totals, which have the fleet and all backends.
          const inItem = key.startsWith("TOTAL#") ? name : "";
          const sum = views[view].get(inItem) ?? emptyCell();
          addCell(sum, cell);
          views[view].set(inItem, sum);
        }
      }
    }
  }
  for (const [key, { trusted, all }] of cells) {
    const encode = (view: Map<string, Cell>) =>
      key.startsWith("TOTAL#") ? encodeTotals(view) : encodeCell(view.get("") ?? emptyCell());
    const [trustedBytes, allBytes] = [encode(trusted), encode(all)];
    expected.set(key, cellText(trustedBytes, Buffer.compare(trustedBytes, allBytes) === 0 ? null : allBytes));
  }
  return expected;
}

/** The periods of a time by the UTC calendar, by another way than the product takes. */
function calendarPeriods(at: string): string[] {
  const date = new Date(at);
  const [year, month] = [String(date.getUTCFullYear()).padStart(4, "0"), date.getUTCMonth()];
  return [`${year}-${String(month + 1).padStart(2, "0")}`, `${year}-Q${Math.floor(month / 3) + 1}`, year, "all"];
}

function grouped<T>(items: readonly T[], keysOf: (item: T) => readonly string[]): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    for (const key of keysOf(item)) {
      const group = groups.get(key);
      if (group === undefined) groups.set(key, [item]);
      else group.push(item);
    }
  }
  return groups;
}
