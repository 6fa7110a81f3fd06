// What a command of `vbdstat` is. In: its arguments and the store. Out: text, and an exit code: 0 done and nothing found
// wrong, 1 something found wrong or not done, 2 the command line is not understood.

import { existsSync } from "node:fs";
import type { ParseArgsConfig } from "node:util";
import { embeddedTable, type LocalSettings, tableAt } from "../../functions/env.ts";
import { ensureTable, openTable } from "../../functions/store/client.ts";
import { requireFormat } from "../../functions/store/format.ts";
import { listFleets } from "../../functions/store/status.ts";
import type { Table } from "../../functions/store/table.ts";
import type { TokenStore } from "../../functions/store/tokens.ts";
import { makeTokenStore } from "../../functions/store/tokens.ts";
import { FLEET_PATTERN } from "../../shared/run/token.ts";
import { filesOf, holderOf, openDataFolder } from "../server/data-folder.ts";
import { runningEngine, startEngine } from "../server/engine.ts";
import { StartError } from "../server/start-error.ts";
import { openSealedTokens } from "../server/token-seal.ts";

// Which store a command works on: that of DYNAMODB_ENDPOINT; else the engine of the server that runs on the data folder;
// else the folder itself, opened with an engine of its own for as long as the command runs.

/**
 * Opens the store; a command that may not create one needs it to be there, and one that neither upgrades nor restores it
 * needs it whole and in the format of this version. Throws StartError, FormatError.
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
      throw new StartError(`a server runs on ${settings.dataDir}; stop it first.`);
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
    throw new StartError(
      `the vbdstat on ${dataDir} (process ${holder.pid}) has no engine of its own: it is just starting, was started on a full disk, or uses another DynamoDB.\nTry again, or set DYNAMODB_ENDPOINT as it does.`,
    );
  }
  if (!mayCreate && !existsSync(database)) {
    throw new StartError(`there are no data in ${dataDir}; set DATA_DIR to the folder of your server.`);
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

/** Where a command writes: results to standard output, everything else to standard error. */
export interface Terminal {
  /** Resolves when the text was taken. */
  out(text: string | Uint8Array): Promise<void>;
  error(text: string): void;
  /** Whether standard error is looked at by a person: then progress is shown there. */
  readonly isInteractive: boolean;
}

/** Arguments as node:util parses them. */
export interface Arguments {
  readonly values: Readonly<Record<string, string | boolean | undefined>>;
  readonly positionals: readonly string[];
}

export interface Command {
  /** The text of `--help`; its second line says what it does. */
  readonly help: string;
  readonly options: Readonly<Record<string, { readonly type: "string" | "boolean" }>> & ParseArgsConfig["options"];
  /** Whether it may begin a new data folder and table. */
  readonly mayCreate: boolean;
  /** Whether it works on a table of any format: what it does is the same for all. */
  readonly anyFormat?: boolean;
  /** Whether it works on a table of an earlier format, on which no server may run then. */
  readonly upgrades?: boolean;
  /** Whether it works on a table into which a restore has not put everything. */
  readonly restores?: boolean;
  /** Understands the arguments and gives what to do; throws UsageError before anything is opened. */
  prepare(given: Arguments): (table: Table, terminal: Terminal, store: OpenStore) => Promise<0 | 1>;
}

/** The store that a command works on. */
interface OpenStore {
  readonly table: Table;
  /** Its tokens, with all that guards them. Throws StartError where the key of the data folder cannot be used. */
  tokens(): Promise<TokenStore>;
  /** The data folder of its embedded engine; null with another DynamoDB. */
  readonly dataFolder: string | null;
  close(): Promise<void>;
}

/** A command line that is not understood, in words for the person at the terminal. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** The text of an option; undefined when it was not given. */
export function textOption({ values }: Arguments, name: string): string | undefined {
  const value = values[name];
  return typeof value === "string" ? value : undefined;
}

/** Throws UsageError for arguments that are no options, which most commands do not take. */
export function rejectPositionals({ positionals }: Arguments): void {
  const [first] = positionals;
  if (first !== undefined) throw new UsageError(`expected options only, found ${JSON.stringify(first)}`);
}

/** The fleet that `--fleet` names; undefined when it was not given. */
export function fleetOption(given: Arguments): string | undefined {
  const fleet = textOption(given, "fleet");
  if (fleet !== undefined && !FLEET_PATTERN.test(fleet)) {
    throw new UsageError(`--fleet: expected 1 to 63 letters, digits and inner . _ -, found ${JSON.stringify(fleet)}`);
  }
  return fleet;
}

/** The fleet of a machine that knows of no other, as that of the first admin token. */
export const DEFAULT_FLEET = "default";

/**
 * Refuses a fleet that the store does not have: of a misspelt one there is nothing to find wrong, and nothing to write, which
 * must not look like success. The default one is there from the beginning.
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
