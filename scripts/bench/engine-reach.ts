// The cost of reaching the engine: the same small requests through the server's client, to an engine at an address and to one in a network
// namespace, alternating, so that other load affects both.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { PutItemCommand } from "@aws-sdk/client-dynamodb";
import { embeddedTable } from "../../functions/env.ts";
import { ensureTable, openTable } from "../../functions/store/client.ts";
import { getItem, type Table } from "../../functions/store/table.ts";
import { startEngine } from "../../local/server/engine.ts";
import { findNamespaceKind } from "../../local/server/engine-reach.ts";
import type { Row } from "./rows.ts";
import type { Section } from "./section.ts";
import { median, percentile, timed } from "./timing.ts";

const IN_FLIGHT = 32;

interface Measured {
  readonly p50: number;
  readonly p99: number;
  readonly puts: number;
}

/** Rows for an address, and for a namespace if one can be created: medians over the rounds. */
export const engineReach: Section = async ({ folder, quick }) => {
  const [rounds, requests] = quick ? [2, 100] : [7, 3_000];
  const isolations =
    typeof findNamespaceKind() === "string" ? (["address"] as const) : (["address", "namespace"] as const);
  const measured = new Map<string, Measured[]>();
  for (let round = 0; round < rounds; round += 1) {
    for (const isolation of isolations) {
      const dataDir = join(folder, `reach-${isolation}-${round}`);
      mkdirSync(dataDir);
      const print = (reason: string) => {
        throw new Error(reason);
      };
      const files = { database: join(dataDir, "vbdstat.db"), engineFile: join(dataDir, "engine") };
      const engine = await startEngine({ ...files, isolation, print });
      const table = openTable(embeddedTable(engine, "vbdstat"));
      await ensureTable(table);
      measured.set(isolation, [...(measured.get(isolation) ?? []), await measure(table, requests)]);
      table.client.destroy();
      await engine.stop();
    }
  }
  return [...measured].map(([isolation, found]): Row => {
    const over = (figure: keyof Measured) => median(found.map((one) => one[figure]));
    return {
      name: `EngineReach/${isolation}`,
      iterations: rounds * requests,
      figures: [
        { value: over("p50"), unit: "get-p50-ns" },
        { value: over("p99"), unit: "get-p99-ns" },
        { value: over("puts"), unit: "puts/s" },
      ],
    };
  });
};

async function measure(table: Table, requests: number): Promise<Measured> {
  const keys = Array.from({ length: requests }, (_, index) => ({ pk: `key-${index % 100}`, sk: String(index) }));
  const put = async ({ pk, sk }: { pk: string; sk: string }) => {
    const Item = { pk: { S: pk }, sk: { S: sk }, text: { S: "x".repeat(800) } };
    await table.client.send(new PutItemCommand({ TableName: table.name, Item }));
  };
  const { seconds } = await timed(keys, IN_FLIGHT, put);
  const gets = await timed(keys, 1, async (key) => void (await getItem(table, key)));
  return { p50: percentile(gets, 0.5), p99: percentile(gets, 0.99), puts: requests / seconds };
}
