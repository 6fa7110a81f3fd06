// The command line of an engine: how one is started, and how those that a killed server has left are found and ended. The words
// after the program are only ever an engine's, and the database names the folder that it belongs to.

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { searchPath } from "../../functions/env.ts";
import { findProcesses, isRunning, type ProcessIdentity } from "./process-identity.ts";
import { StartError } from "./start-error.ts";

/** The command line of an engine. */
export const engineCommand = (program: string, address: string, port: number, database: string): readonly string[] => [
  program,
  "serve",
  "--host",
  address,
  "--port",
  String(port),
  "--db-path",
  database,
];

/** The engine's program: from the optional package, else from the PATH. Throws StartError when there is neither. */
export function findProgram(): string {
  try {
    const packaged = join(dirname(fileURLToPath(import.meta.resolve("@dynoxide/linux-x64/package.json"))), "dynoxide");
    if (existsSync(packaged)) return packaged;
  } catch {
    // The package exists for one platform only.
  }
  const onPath = searchPath()
    .map((folder) => join(folder, "dynoxide"))
    .find(existsSync);
  if (onPath !== undefined) return onPath;
  throw new StartError(
    [
      `no embedded engine for this platform (${process.platform}-${process.arch}).`,
      "Set DYNAMODB_ENDPOINT to DynamoDB Local or AWS, or put a dynoxide program on the PATH.",
    ].join("\n"),
  );
}

/** A prefix for a command line that makes the program end with its parent process, however that ends; empty if the machine has no setpriv. */
export function dieWithParent(): readonly string[] {
  const words = ["setpriv", "--pdeathsig", "KILL"];
  const [program = "", ...others] = words;
  return spawnSync(program, [...others, "true"], { stdio: "ignore" }).status === 0 ? words : [];
}

/** Whether a command line is that of an engine on this database, or of a program that is about to become one. */
function isEngineCommand(words: readonly string[], database: string): boolean {
  const [program = "", serve, host, , port, , option, file] = words.slice(-8);
  return (
    basename(program) === "dynoxide" &&
    [serve, host, port, option].join(" ") === "serve --host --port --db-path" &&
    file === database
  );
}

/** The engines on a database that run as this user in this pid namespace; empty without /proc. */
export const findEngines = (database: string): ProcessIdentity[] =>
  findProcesses((words) => isEngineCommand(words, database));

/** How long an engine may take to end after SIGTERM before it is killed. */
const PATIENCE_MS = 2_500;

/** Ends engines, and waits until they have ended, or gives up after twice PATIENCE_MS. */
export async function endEngines(engines: readonly ProcessIdentity[]): Promise<void> {
  for (const engine of engines) {
    const started = performance.now();
    for (let signal: NodeJS.Signals | null = "SIGTERM"; isRunning(engine); ) {
      const waited = performance.now() - started;
      if (waited > 2 * PATIENCE_MS) break;
      if (waited > PATIENCE_MS) signal = "SIGKILL";
      if (signal !== null) send(engine.pid, signal);
      signal = null;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended, or belongs to another user.
  }
}
