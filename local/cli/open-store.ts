// Which store a command works on: that of DYNAMODB_ENDPOINT; else the engine of the server that runs on the data folder;
// else the folder itself, opened with an engine of its own for as long as the command runs.

import { existsSync } from "node:fs";
import { embeddedTable, type LocalSettings, tableAt } from "../../functions/env.ts";
import { ensureTable, openTable } from "../../functions/store/open-table.ts";
import type { Table } from "../../functions/store/table.ts";
import { filesOf, holderOf, openDataFolder } from "../data-folder.ts";
import { runningEngine, startEngine } from "../engine.ts";
import { StartFault } from "../start-fault.ts";

interface OpenStore {
  readonly table: Table;
  close(): Promise<void>;
}

/** Opens the store; without `mayCreate` it must be there. Throws StartFault. */
export async function openStore(settings: LocalSettings, mayCreate: boolean, print: (line: string) => void) {
  const { address, close } = await findTable(settings, mayCreate, print);
  const table = openTable(address);
  const store: OpenStore = {
    table,
    close: async () => {
      table.client.destroy();
      await close();
    },
  };
  try {
    if (mayCreate) await ensureTable(table);
    return store;
  } catch (error) {
    await store.close();
    throw error;
  }
}

async function findTable(settings: LocalSettings, mayCreate: boolean, print: (line: string) => void) {
  const { endpoint, dataDir, tableName } = settings;
  if (endpoint !== null) return { address: tableAt(endpoint, tableName), close: async () => undefined };
  const holder = holderOf(dataDir);
  const { database, engineFile } = filesOf(dataDir);
  // The engine of a server that is stopping would be gone in a moment.
  if (holder !== null && holder.role !== "stopping") {
    const running = runningEngine(engineFile);
    if (running !== null) return { address: embeddedTable(running, tableName), close: async () => running.close() };
    throw new StartFault(
      `the vbdstat on ${dataDir} (process ${holder.pid}) has no engine of its own: it is just starting, or uses another DynamoDB.\nTry again, or set DYNAMODB_ENDPOINT as it does.`,
    );
  }
  if (!mayCreate && !existsSync(database)) {
    throw new StartFault(`there are no data in ${dataDir}; set DATA_DIR to the folder of your server.`);
  }
  const folder = await openDataFolder(dataDir, { role: "command", print });
  try {
    const engine = await startEngine({ ...folder, isolation: settings.engineIsolation, onRestart: print });
    return {
      address: embeddedTable(engine, tableName),
      close: async () => {
        await engine.stop();
        folder.release();
      },
    };
  } catch (error) {
    folder.release();
    throw error;
  }
}
