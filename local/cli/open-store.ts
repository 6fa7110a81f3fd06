// Which store a command works on: that of DYNAMODB_ENDPOINT; else the engine of the server that runs on the data folder;
// else the folder itself, opened with an engine of its own for as long as the command runs.

import { existsSync } from "node:fs";
import { embeddedTable, type LocalSettings, tableAt } from "../../functions/env.ts";
import { ensureTable, openTable } from "../../functions/store/open-table.ts";
import { refuseUnfinishedRestore } from "../../functions/store/restore.ts";
import { filesOf, holderOf, openDataFolder } from "../data-folder.ts";
import { runningEndpoint, startEngine } from "../engine.ts";
import { StartFault } from "../start-fault.ts";
import type { Command, OpenStore } from "./command.ts";

/**
 * Opens the store; a command that may not create one needs it to be there, and one that does not restore it needs it whole.
 * Throws StartFault, RestoreFault.
 */
export async function openStore(
  settings: LocalSettings,
  { mayCreate, restores = false }: Pick<Command, "mayCreate" | "restores">,
  print: (line: string) => void,
): Promise<OpenStore> {
  const { address, close } = await findTable(settings, mayCreate, print);
  const table = openTable(address);
  const store: OpenStore = {
    table,
    dataFolder: settings.endpoint === null ? settings.dataDir : null,
    close: async () => {
      table.client.destroy();
      await close();
    },
  };
  try {
    if (mayCreate) await ensureTable(table);
    if (!restores) await refuseUnfinishedRestore(table);
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
  if (holder !== null) {
    const running = runningEndpoint(engineFile);
    if (running !== null) return { address: embeddedTable(running, tableName), close: async () => undefined };
    throw new StartFault(
      `the vbdstat on ${dataDir} (process ${holder}) has no engine of its own: it is just starting, or uses another DynamoDB.\nTry again, or set DYNAMODB_ENDPOINT as it does.`,
    );
  }
  if (!mayCreate && !existsSync(database)) {
    throw new StartFault(`there are no data in ${dataDir}; set DATA_DIR to the folder of your server.`);
  }
  const folder = openDataFolder(dataDir);
  try {
    const engine = await startEngine({ ...folder, onRestart: print });
    return {
      address: embeddedTable(engine.endpoint, tableName),
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
