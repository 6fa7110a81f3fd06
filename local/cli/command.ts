// What a command of `vbdstat` is. In: its arguments and the store. Out: text, and an exit code: 0 done and nothing found
// wrong, 1 something found wrong or not done, 2 the command line is not understood.

import type { ParseArgsConfig } from "node:util";
import type { Table } from "../../functions/store/table.ts";
import type { TokenStore } from "../../shared/ports.ts";

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
  /** Understands the arguments and gives what to do; throws UsageFault before anything is opened. */
  prepare(given: Arguments): (table: Table, terminal: Terminal, store: OpenStore) => Promise<0 | 1>;
}

/** The store that a command works on. */
export interface OpenStore {
  readonly table: Table;
  /** Its tokens, with all that guards them. Throws StartFault where the key of the data folder cannot be used. */
  tokens(): Promise<TokenStore>;
  /** The data folder of its embedded engine; null with another DynamoDB. */
  readonly dataFolder: string | null;
  close(): Promise<void>;
}

/** A command line that is not understood, in words for the person at the terminal. */
export class UsageFault extends Error {
  override readonly name = "UsageFault";
}

/** The text of an option; undefined when it was not given. */
export function textOption({ values }: Arguments, name: string): string | undefined {
  const value = values[name];
  return typeof value === "string" ? value : undefined;
}

/** Throws UsageFault for arguments that are no options, which most commands do not take. */
export function refusePositionals({ positionals }: Arguments): void {
  const [first] = positionals;
  if (first !== undefined) throw new UsageFault(`expected options only, found ${JSON.stringify(first)}`);
}
