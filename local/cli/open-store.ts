// Which store a command works on: that of DYNAMODB_ENDPOINT; else the engine of the server that runs on the data folder;
// else the folder itself, opened with an engine of its own for as long as the command runs.

import { existsSync } from "node:fs";
import { embeddedTable, type LocalSettings, tableAt } from "../../functions/env.ts";
import { requireFormat } from "../../functions/store/format.ts";
import { ensureTable, openTable } from "../../functions/store/client.ts";
import { makeTokenStore } from "../../functions/store/tokens.ts";
import { filesOf, holderOf, openDataFolder } from "../server/data-folder.ts";
import { runningEngine, startEngine } from "../server/engine.ts";
import { StartFault } from "../server/start-error.ts";
import { openSealedTokens } from "../server/token-seal.ts";
import type { Command, OpenStore } from "./command.ts";

/**
 * Opens the store; a command that may not create one needs it to be there, and one that neither upgrades nor restores it
 * needs it whole and in the format of this version. Throws StartFault, FormatFault.
 */
export async function openStore(
  settings: LocalSettings,
  { mayCreate, upgrades, restores, anyFormat }: Pick<Command, "mayCreate" | "upgrades" | "restores" | "anyFormat">,
  print: (line: string) => void,
): Promise<OpenStore> {
  const { address, folder, close } = await findTable(settings, mayCreate, print);
  const table = openTable(address);
  const store: OpenStore = {
    table,
    dataFolder: settings.endpoint === null ? settings.dataDir : null,
    tokens: async () =>
      folder === null ? makeTokenStore(table) : openSealedTokens(table, settings.dataDir, { ...folder, print }),
    close: async () => {
      table.client.destroy();
      await close();
    },
  };
  try {
    if (mayCreate) await ensureTable(table);
    if (upgrades === true && folder?.isHolder === false) {
      throw new StartFault(`a server runs on ${settings.dataDir}; stop it first.`);
    }
    if (!upgrades && !restores && !anyFormat) await requireFormat(table);
    return store;
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** Where the table is; of a data folder also whether this process holds it, and not a server. */
async function findTable(settings: LocalSettings, mayCreate: boolean, print: (line: string) => void) {
  const { endpoint, dataDir, tableName } = settings;
  if (endpoint !== null) {
    return { address: tableAt(endpoint, tableName), folder: null, close: async () => undefined };
  }
  const holder = holderOf(dataDir);
  const { database, engineFile } = filesOf(dataDir);
  // The engine of a server that is stopping would be gone in a moment.
  if (holder !== null && holder.role !== "stopping") {
    const running = runningEngine(engineFile);
    if (running !== null) {
      const address = embeddedTable(running, tableName);
      return { address, folder: { isHolder: false }, close: async () => running.close() };
    }
    throw new StartFault(
      `the vbdstat on ${dataDir} (process ${holder.pid}) has no engine of its own: it is just starting, was started on a full disk, or uses another DynamoDB.\nTry again, or set DYNAMODB_ENDPOINT as it does.`,
    );
  }
  if (!mayCreate && !existsSync(database)) {
    throw new StartFault(`there are no data in ${dataDir}; set DATA_DIR to the folder of your server.`);
  }
  const folder = await openDataFolder(dataDir, { role: "command", print });
  try {
    const engine = await startEngine({ ...folder, isolation: settings.engineIsolation, print });
    return {
      address: embeddedTable(engine, tableName),
      folder: { isHolder: true },
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
