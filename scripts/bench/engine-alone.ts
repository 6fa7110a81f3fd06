// The engine without the server: its maximum throughput, and the cost of reaching it. For the throughput the transactions that the store
// sends for results are recorded beforehand and then sent over plain HTTP, with nothing else running: no store on this engine can be faster
// with these items.

import { mkdirSync } from "node:fs";
import { Agent, request } from "node:http";
import { join } from "node:path";
import { PutItemCommand } from "@aws-sdk/client-dynamodb";
import { embeddedTable } from "../../functions/env.ts";
import { ensureTable, openTable } from "../../functions/store/client.ts";
import { makeRunStore } from "../../functions/store/runs/runs.ts";
import { getItem, type Table } from "../../functions/store/table/table.ts";
import { generateFleet } from "../../local/demo/generated-fleet.ts";
import { startEngine } from "../../local/server/engine.ts";
import { findNamespaceKind } from "../../local/server/engine-reach.ts";
import type { NewRun } from "../../shared/cells/sample.ts";
import { FLEET, parseRuns, withTable } from "./fleets.ts";
import { median, percentile, type Row, type Section, timed } from "./section.ts";

/** Results passed to the store at once, as in a bulk import, and concurrent transactions. */
const BATCH = 400;
const IN_FLIGHT = 8;

interface Sent {
  readonly headers: Record<string, string>;
  readonly body: Uint8Array | string;
}

/** A fleet's results as transactions, sent to an empty table. */
export const engineAlone: Section = async ({ folder, quick }) => {
  const hosts = quick ? 20 : 1_000;
  const runs = [...generateFleet({ ...FLEET, hosts, runs: 10 })].flatMap(({ body }) => parseRuns(body));
  return withTable(join(folder, "engine-alone"), async ({ name }, endpoint) => {
    const transactions = await recordTransactions(runs, endpoint, name);
    const agent = new Agent({ keepAlive: true });
    const { seconds } = await timed(transactions, IN_FLIGHT, (sent) => send(agent, endpoint, sent));
    agent.destroy();
    const row: Row = {
      name: `EngineAlone/results=${runs.length}`,
      iterations: transactions.length,
      figures: [{ value: runs.length / seconds, unit: "stored-results/s" }],
    };
    return [row];
  });
};

/** Records the requests of the store for these runs; none reaches the engine. */
async function recordTransactions(runs: readonly NewRun[], endpoint: string, name: string): Promise<Sent[]> {
  const written: Sent[] = [];
  const table: Table = openTable(embeddedTable({ endpoint }, name));
  table.client.middlewareStack.add(
    () => async (args) => {
      written.push(args.request as Sent); // The SDK's own request, which the step declares as unknown.
      return { response: { statusCode: 200, headers: {}, body: Buffer.from("{}") } } as never; // as from the wire
    },
    { step: "deserialize", priority: "low" },
  );
  for (let from = 0; from < runs.length; from += BATCH) await makeRunStore(table).add(runs.slice(from, from + BATCH));
  table.client.destroy();
  return written;
}

function send(agent: Agent, endpoint: string, { headers, body }: Sent): Promise<void> {
  return new Promise((resolve, reject) => {
    const sent = request(endpoint, { agent, headers, method: "POST" }, (response) => {
      response.resume();
      response.on("end", () =>
        response.statusCode === 200 ? resolve() : reject(new Error(`the engine responded ${response.statusCode}`)),
      );
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

// The cost of reaching the engine: the same small requests through the server's client, to an engine at an address and to one in a network
// namespace, alternating, so that other load affects both.

/** Concurrent writes. */
const CLIENTS = 32;

/** Latencies in ns, and writes per second. */
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
  const { seconds } = await timed(keys, CLIENTS, put);
  const gets = await timed(keys, 1, async (key) => void (await getItem(table, key)));
  return { p50: percentile(gets, 0.5), p99: percentile(gets, 0.99), puts: requests / seconds };
}
