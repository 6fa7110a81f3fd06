// An engine whose server was killed, found by its command line: the words after the program are only ever an engine's, and
// the database names the folder it belongs to.

import { basename } from "node:path";
import { isRunning, type ProcessIdentity, processesWhere } from "./server/process-identity.ts";

/** The words with which an engine is started. */
export const engineWords = (program: string, address: string, port: number, database: string): readonly string[] => [
  program,
  "serve",
  "--host",
  address,
  "--port",
  String(port),
  "--db-path",
  database,
];

/** Whether words are an engine's on this database, or those of a program that is about to become one. */
function areOfEngine(words: readonly string[], database: string): boolean {
  const [program = "", serve, host, , port, , option, file] = words.slice(-8);
  return (
    basename(program) === "dynoxide" &&
    [serve, host, port, option].join(" ") === "serve --host --port --db-path" &&
    file === database
  );
}

/** The engines that run on a database, as this user and in this pid namespace; none where there is no /proc. */
export const enginesOn = (database: string): ProcessIdentity[] =>
  processesWhere((words) => areOfEngine(words, database));

/** An engine that was told to end has so long to do so before it is killed. */
const PATIENCE_MS = 2_500;

/** Ends engines, and waits until they have ended or cannot be. */
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
    // It has ended meanwhile, or belongs to somebody else.
  }
}
