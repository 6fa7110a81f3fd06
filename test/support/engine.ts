// A real engine in a folder of its own for one test file, and everything that is made over it.

import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { tableAt } from "../../functions/env.ts";
import { ensureTable, openTable } from "../../functions/store/client.ts";
import type { Table } from "../../functions/store/table/table.ts";
import { startEngine } from "../../local/server/engine.ts";

export interface TestEngine {
  readonly endpoint: string;
  /** A fresh, empty table. */
  newTable(): Promise<Table>;
  stop(): Promise<void>;
}

/** Starts an engine; `DYNAMODB_ENDPOINT` in the environment makes the tests run against that one instead. */
export async function startTestEngine(): Promise<TestEngine> {
  const elsewhere = process.env["DYNAMODB_ENDPOINT"];
  const folder = mkdtempSync(join(tmpdir(), "vbdstat-test-"));
  const engine =
    elsewhere === undefined
      ? await startEngine({
          database: join(folder, "test.db"),
          engineFile: join(folder, "engine"),
          // Tests ask it at its address.
          isolation: "address",
          print: (reason) => {
            throw new Error(`the engine of this test died: ${reason}`);
          },
        })
      : null;
  const endpoint = elsewhere ?? engine?.endpoint ?? "";
  const tables: Table[] = [];
  return {
    endpoint,
    newTable: async () => {
      const table = openTable(tableAt(endpoint, `test-${randomUUID()}`));
      await ensureTable(table);
      tables.push(table);
      return table;
    },
    stop: async () => {
      for (const table of tables) table.client.destroy();
      await engine?.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
