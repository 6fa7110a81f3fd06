// A look at the database before results are taken into it: damage that is found now is a clear message; found later it is
// uploads acknowledged into a file that loses them. SQLite's own check reads every page; where there is no `sqlite3` command
// the engine is asked for every item instead, which reads the pages of tables and indexes that hold some.

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import type { EndpointTable } from "../../functions/env.ts";
import { readEverything } from "../../functions/store/backup.ts";
import { ensureTable, openTable } from "../../functions/store/client.ts";
import { brokenStore } from "../../functions/store/errors.ts";
import { StartError } from "./start-error.ts";

/** A start may take so much longer by it: a gigabyte or more of a file in memory, some hundred megabytes of a slow disk. */
const PATIENCE_MS = 5_000;

/** Whether a check was made; where SQLite's was not, the engine's is still to come. */
export type DatabaseCheck = "made" | "no sqlite3";

/**
 * Checks a database that no engine has open, with SQLite's `quick_check`. Throws StartError when it is damaged. A check that
 * is not done in time is told to `print`, and is no hindrance.
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
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (piece: Buffer) => (said = (said + piece.toString()).slice(0, 1_000)));
  }
  const ended = await new Promise<{ code: number | null } | null>((resolve) => {
    child.once("error", () => resolve(null));
    child.once("close", (code) => resolve({ code }));
  });
  if (ended === null) return "no sqlite3";
  const answer = said.trim();
  if (ended.code === null) print(notDone);
  else if (ended.code === 0 ? answer !== "ok" : /malformed|not a database/.test(answer))
    throw damaged(database, answer);
  else if (ended.code !== 0) print(`the database was not checked for damage: sqlite3 says ${JSON.stringify(answer)}`);
  return "made";
}

/** The check where there is no `sqlite3` command, through the engine. Throws StartError as above. */
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

const notDone = `the database is too large to be checked for damage within ${PATIENCE_MS / 1000} seconds; see docs/runbook.md, The database is damaged`;

const damaged = (database: string, how: string): StartError =>
  new StartError(
    `${database} is damaged: ${how.replaceAll(/\s+/g, " ")}\nRestore the backup; docs/runbook.md, The database is damaged, says more.`,
  );
