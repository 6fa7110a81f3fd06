// The maximum throughput of the engine: the transactions that the store sends for results, recorded beforehand and then sent over plain HTTP,
// with nothing else running. No store on this engine can be faster with these items.

import { Agent, request } from "node:http";
import { join } from "node:path";
import { embeddedTable } from "../../functions/env.ts";
import { openTable } from "../../functions/store/client.ts";
import { makeRunStore } from "../../functions/store/runs.ts";
import type { Table } from "../../functions/store/table.ts";
import { generateFleet } from "../../local/demo/generated-fleet.ts";
import type { NewRun } from "../../shared/cells/sample.ts";
import { FLEET, runsOf, withTable } from "./fleets.ts";
import type { Row } from "./rows.ts";
import type { Section } from "./section.ts";
import { timed } from "./timing.ts";

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
  const runs = [...generateFleet({ ...FLEET, hosts, runs: 10 })].flatMap(({ body }) => runsOf(body));
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
