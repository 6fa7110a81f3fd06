// The database before it accepts results: checked for damage, and upgraded to the format of this version. Damage that is found now is a
// clear message; found later, it means that uploads were acknowledged into a file that loses them. SQLite's own check reads every
// page; without a `sqlite3` command the engine reads every item instead, and with them the pages of tables and indexes in use.

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import type { EndpointTable } from "../../functions/env.ts";
import { readEverything } from "../../functions/store/backup.ts";
import { ensureTable, openTable } from "../../functions/store/client.ts";
import { brokenStore } from "../../functions/store/table/errors.ts";
import type { Table } from "../../functions/store/table/table.ts";
import { upgradeTable } from "../../functions/store/upgrade.ts";
import { StartError } from "./start-error.ts";

/** The time limit of the check: enough for more than a gigabyte from memory, or some hundred megabytes from a slow disk. */
const PATIENCE_MS = 5_000;

/** Whether SQLite has checked the database; without `sqlite3` the engine has to, once it runs. */
export type DatabaseCheck = "made" | "no sqlite3";

/**
 * Checks a database that no engine has open, with SQLite's `quick_check`. Throws StartError when it is damaged. A check that takes too
 * long is reported to `print`, and does not prevent the start.
 */
export async function checkDatabase(database: string, print: (line: string) => void): Promise<DatabaseCheck> {
  if (!existsSync(database)) return "made";
  // The settings in ~/.sqliterc are for people.
  const words = ["-batch", "-init", "/dev/null", database, "PRAGMA quick_check(1)"];
  const child = spawn("sqlite3", words, {
    stdio: ["ignore", "pipe", "pipe"],
    timeout: PATIENCE_MS,
    killSignal: "SIGKILL",
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (piece: Buffer) => (output = (output + piece.toString()).slice(0, 1_000)));
  }
  const ended = await new Promise<{ code: number | null } | null>((resolve) => {
    child.once("error", () => resolve(null));
    child.once("close", (code) => resolve({ code }));
  });
  if (ended === null) return "no sqlite3";
  const result = output.trim();
  if (ended.code === null) print(notDone);
  else if (ended.code === 0 ? result !== "ok" : /malformed|not a database/.test(result))
    throw damaged(database, result);
  else if (ended.code !== 0)
    print(`the database was not checked for damage: sqlite3 reports ${JSON.stringify(result)}`);
  return "made";
}

/** The check without a `sqlite3` command, through the engine. Throws StartError when the database is damaged. */
export async function checkThroughEngine(
  database: string,
  address: EndpointTable,
  print: (line: string) => void,
): Promise<void> {
  const table = openTable(address);
  try {
    await ensureTable(table);
    if (!(await readEverything(table, PATIENCE_MS))) print(notDone);
  } catch (error) {
    if (brokenStore(error)?.is === "damaged") throw damaged(database, "the engine cannot read all of it");
    throw error;
  } finally {
    table.client.destroy();
  }
}

/** Upgrades a table to the format of this version, and prints what was done, if anything. Throws FormatError. */
export async function upgradeAndReport(table: Table, print: (line: string) => void): Promise<void> {
  const { from, to, tokens, leftBehind, runs, unreadable } = await upgradeTable(table);
  if (from !== to) {
    print(`upgraded table ${table.name} from format ${from} to ${to}: ${tokens} tokens and ${runs} runs converted`);
  }
  for (const id of unreadable) print(`run ${id} was not converted: it cannot be read`);
  for (const id of leftBehind) print(`token ${id} was not converted: its two items contradict each other`);
}

const notDone = `the database is too large to check for damage within ${PATIENCE_MS / 1000} seconds; see docs/runbook.md, The database is damaged`;

const damaged = (database: string, how: string): StartError =>
  new StartError(
    `${database} is damaged: ${how.replaceAll(/\s+/g, " ")}\nRestore the backup; see docs/runbook.md, The database is damaged.`,
  );
