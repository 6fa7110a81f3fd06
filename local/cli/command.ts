// A command of `vbdstat`, and the store that it works on. In: parsed arguments and the store. Out: text, and an exit code: 0 success, 1
// failure or differences found, 2 usage error.

import { existsSync } from "node:fs";
import type { ParseArgsConfig } from "node:util";
import { embeddedTable, type LocalSettings, tableAt } from "../../functions/env.ts";
import { ensureTable, openTable } from "../../functions/store/client.ts";
import type { TokenStore } from "../../functions/store/fleet/tokens.ts";
import { listFleets, makeTokenStore } from "../../functions/store/fleet/tokens.ts";
import { requireFormat } from "../../functions/store/table/format.ts";
import type { Table } from "../../functions/store/table/table.ts";
import { FLEET_PATTERN } from "../../shared/run/token.ts";
import { dataFolderFiles, openDataFolder } from "../server/data-folder.ts";
import { startEngine } from "../server/engine.ts";
import { findRunningEngine } from "../server/engine-reach.ts";
import { findHolder } from "../server/folder-lock.ts";
import { StartError } from "../server/start-error.ts";
import { openSealedTokens } from "../server/token-seal.ts";
import { type Arguments, textOption, UsageError } from "./arguments.ts";

/** The output of a command: results on standard output, everything else on standard error. */
export interface Terminal {
  /** Resolves when the text was written. */
  out(text: string | Uint8Array): Promise<void>;
  error(text: string): void;
  /** Whether standard error is a terminal: then progress is shown there. */
  readonly isInteractive: boolean;
}

export interface Command {
  /** The text of `--help`; its second line is the summary of the command. */
  readonly help: string;
  readonly options: Readonly<Record<string, { readonly type: "string" | "boolean" }>> & ParseArgsConfig["options"];
  /** Whether it may create a data folder and table. */
  readonly mayCreate: boolean;
  /** Whether it works on a table of any format. */
  readonly anyFormat?: boolean;
  /** Whether it upgrades a table of an earlier format, while no server may run on it. */
  readonly upgrades?: boolean;
  /** Whether it works on a table with an incomplete restore. */
  readonly restores?: boolean;
  /** The stores of a command that copies one into another; it does not use the one of the settings. */
  readonly stores?: (given: Arguments, settings: LocalSettings) => CopiedStores;
  /** Checks the arguments and returns the work; throws UsageError before anything is opened. */
  prepare(given: Arguments): (table: Table, terminal: Terminal, store: OpenStore) => Promise<0 | 1>;
}

/** The settings of a store to copy, and of the one to copy it to. */
interface CopiedStores {
  readonly from: LocalSettings;
  readonly to: LocalSettings;
}

/** The store that a command works on. */
export interface OpenStore {
  readonly table: Table;
  /** The store that is copied into it; null for a command that copies nothing. */
  readonly source: OpenStore | null;
  /** Its tokens, with their seal. Throws StartError when the key of the data folder cannot be used. */
  tokens(): Promise<TokenStore>;
  /** The data folder of its embedded engine; null with another DynamoDB. */
  readonly dataFolder: string | null;
  close(): Promise<void>;
}

/** The value of `--fleet`; undefined when it was not given. Throws UsageError for an invalid name. */
export function fleetOption(given: Arguments): string | undefined {
  const fleet = textOption(given, "fleet");
  if (fleet !== undefined && !FLEET_PATTERN.test(fleet)) {
    throw new UsageError(`--fleet: expected 1 to 63 letters, digits and inner . _ -, found ${JSON.stringify(fleet)}`);
  }
  return fleet;
}

/** The fleet when none is named, which is also the fleet of the first admin token. */
export const DEFAULT_FLEET = "default";

/**
 * Throws UsageError for a fleet that the store does not have: for a misspelled name a command would find nothing, which must not look like
 * success. The default fleet always exists.
 */
export async function rejectUnknownFleet(table: Table, fleet: string): Promise<void> {
  if (fleet === DEFAULT_FLEET) return;
  const fleets = await listFleets(table);
  if (fleets.includes(fleet)) return;
  const some = [DEFAULT_FLEET, ...fleets.filter((name) => name !== DEFAULT_FLEET)].slice(0, 10);
  const others = fleets.length > 10 ? " ..." : "";
  throw new UsageError(
    `--fleet: expected a fleet of this store (${some.join(", ")}${others}), found ${JSON.stringify(fleet)}`,
  );
}

// The store of a command: DYNAMODB_ENDPOINT if set; otherwise the engine of the server that runs on the data folder; otherwise the folder
// itself, with an engine that runs as long as the command.

/**
 * Opens the store. A command that may not create one needs an existing store; a command that neither upgrades nor restores needs a complete
 * one in the format of this version. Throws StartError, FormatError.
 */
export async function openStore(
  settings: LocalSettings,
  { mayCreate, upgrades, restores, anyFormat }: Pick<Command, "mayCreate" | "upgrades" | "restores" | "anyFormat">,
  print: (line: string) => void,
  source: OpenStore | null = null,
): Promise<OpenStore> {
  const { address, folder, close } = await findTable(settings, mayCreate, print);
  const table = openTable(address);
  const store: OpenStore = {
    table,
    source,
    dataFolder: isInFolder(settings) ? settings.dataDir : null,
    tokens: async () =>
      folder === null ? makeTokenStore(table) : openSealedTokens(table, settings.dataDir, { ...folder, print }),
    close: async () => {
      table.client.destroy();
      await close();
    },
  };
  try {
    // On AWS the stack creates it, with its stream.
    if (mayCreate && settings.region === undefined) await ensureTable(table);
    if (upgrades === true && folder?.isHolder === false) {
      throw new StartError(`a server runs on ${settings.dataDir}; stop it first.`);
    }
    if (!upgrades && !restores && !anyFormat) await requireFormat(table);
    return store;
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** Whether the store is a data folder. */
const isInFolder = ({ endpoint, region }: LocalSettings): boolean => endpoint === null && region === undefined;

/** Finds the table; for a data folder also whether this process holds it, rather than a server. */
async function findTable(settings: LocalSettings, mayCreate: boolean, print: (line: string) => void) {
  const { endpoint, region, dataDir, tableName } = settings;
  if (endpoint === null && region !== undefined) {
    return { address: { tableName, region }, folder: null, close: async () => undefined };
  }
  if (endpoint !== null) {
    return { address: tableAt(endpoint, tableName), folder: null, close: async () => undefined };
  }
  const holder = findHolder(dataDir);
  const { database, engineFile } = dataFolderFiles(dataDir);
  // The engine of a stopping server is about to end.
  if (holder !== null && holder.role !== "stopping") {
    const running = findRunningEngine(engineFile);
    if (running !== null) {
      const address = embeddedTable(running, tableName);
      return { address, folder: { isHolder: false }, close: async () => running.close() };
    }
    throw new StartError(
      `the vbdstat on ${dataDir} (process ${holder.pid}) has no engine: it is starting, was started on a full disk, or uses another DynamoDB.\nTry again, or set the same DYNAMODB_ENDPOINT.`,
    );
  }
  if (!mayCreate && !existsSync(database)) {
    throw new StartError(`no data found in ${dataDir}; set DATA_DIR to the folder of your server.`);
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
