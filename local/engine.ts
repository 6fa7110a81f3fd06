// The embedded engine: a DynamoDB API on one SQLite file, as a child process on a free port of 127.0.0.1. It is restarted
// when it dies; an engine left over by a server that was killed is ended before a new one opens the same file.

import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import * as z from "zod";
import { searchPath } from "../functions/env.ts";
import { identityOf, isRunning, processesStartedWith, readIdentity } from "./process-identity.ts";
import { StartFault } from "./start-fault.ts";

export interface Engine {
  readonly endpoint: string;
  /** The process of the engine that runs now. */
  pid(): number | null;
  stop(): Promise<void>;
}

export interface EngineOptions {
  readonly database: string;
  /** Where the engine's process and address are written down. */
  readonly engineFile: string;
  /** Told when the engine died and is started again. */
  readonly onRestart: (reason: string) => void;
}

const READY_WITHIN_MS = 10_000;
const STOPPED_WITHIN_MS = 5_000;

/** Waits before an engine that died is started again: they double until one has run for a while. */
const SHORTEST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 10_000;
const STEADY_AFTER_MS = 30_000;

/** Starts the engine and waits until it answers. Throws StartFault when there is none for this platform. */
export async function startEngine(options: EngineOptions): Promise<Engine> {
  const program = findProgram();
  await endLeftovers(options);
  const port = await freePort();
  const endpoint = endpointOf(port);
  let stopping = false;
  let restart: NodeJS.Timeout | undefined;
  let child = launch(program, port, options);

  let waitMs = SHORTEST_WAIT_MS;

  function supervise(watched: ChildProcess): void {
    const since = Date.now();
    watched.once("exit", (code, signal) => {
      if (stopping) return;
      // An engine that dies again and again (a full disk, a damaged file) must not take the processor as well.
      waitMs = Date.now() - since > STEADY_AFTER_MS ? SHORTEST_WAIT_MS : Math.min(LONGEST_WAIT_MS, waitMs * 2);
      options.onRestart(`the engine ended (${signal ?? `exit ${code}`}); starting it again in ${waitMs} ms`);
      restart = setTimeout(() => {
        child = launch(program, port, options);
        supervise(child);
      }, waitMs);
    });
  }

  await ready(child, endpoint, options.database);
  supervise(child);
  return {
    endpoint,
    pid: () => child.pid ?? null,
    stop: async () => {
      stopping = true;
      clearTimeout(restart);
      await end(child);
      rmSync(options.engineFile, { force: true });
    },
  };
}

const endpointOf = (port: number): string => `http://127.0.0.1:${port}`;

const written = z.object({ endpoint: z.string() });

/** The address of the engine that an engine file tells of; null when that engine does not run. */
export function runningEndpoint(engineFile: string): string | null {
  const identity = readIdentity(engineFile);
  if (identity === null || !isRunning(identity)) return null;
  return written.safeParse(JSON.parse(readFileSync(engineFile, "utf8"))).data?.endpoint ?? null;
}

/** The engine's program: from the optional package, else from the PATH. */
function findProgram(): string {
  try {
    const packaged = join(dirname(fileURLToPath(import.meta.resolve("@dynoxide/linux-x64/package.json"))), "dynoxide");
    if (existsSync(packaged)) return packaged;
  } catch {
    // The package is for one platform only; elsewhere it is not installed.
  }
  const onPath = searchPath()
    .map((folder) => join(folder, "dynoxide"))
    .find(existsSync);
  if (onPath !== undefined) return onPath;
  throw new StartFault(
    [
      `there is no embedded engine for this platform (${process.platform}-${process.arch}).`,
      "Set DYNAMODB_ENDPOINT to a DynamoDB, such as DynamoDB Local or AWS, or put a dynoxide program on the PATH.",
    ].join("\n"),
  );
}

function launch(program: string, port: number, { database, engineFile }: EngineOptions): ChildProcess {
  const child = spawn(program, ["serve", "--host", "127.0.0.1", "--port", String(port), "--db-path", database], {
    stdio: ["ignore", "ignore", "ignore"],
    // Its own group: a Ctrl-C at the terminal reaches the server only, which lets requests finish before it ends the engine.
    detached: true,
  });
  // A program that cannot be run ends like one that ends at once: whoever watches for the exit hears of it.
  child.once("error", () => child.emit("exit", child.exitCode, child.signalCode));
  try {
    if (child.pid !== undefined) {
      writeFileSync(engineFile, JSON.stringify({ ...identityOf(child.pid), endpoint: endpointOf(port) }));
    }
  } catch {
    // An engine that is not written down could not be found again by the next server: without it rather than so.
    child.kill("SIGKILL");
  }
  return child;
}

async function ready(child: ChildProcess, endpoint: string, database: string): Promise<void> {
  for (let waited = 0; waited < READY_WITHIN_MS; waited += 10) {
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) {
      throw new StartFault(
        [
          `the embedded engine did not start (exit ${child.exitCode ?? child.signalCode}): it cannot use ${database}.`,
          "See that it may be written and that the disk has room; if it has, the file is damaged: restore the backup.",
        ].join("\n"),
      );
    }
    try {
      await fetch(endpoint, { method: "POST", signal: AbortSignal.timeout(1_000) });
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
  await end(child);
  throw new StartFault(`the embedded engine did not answer within ${READY_WITHIN_MS / 1000} seconds`);
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), STOPPED_WITHIN_MS);
  await exited;
  clearTimeout(timer);
}

/**
 * Ends engines of a server that was killed: the lock is ours, so nobody needs them. One that was killed between starting its
 * engine and writing it down is found by the database it was started on, where /proc tells.
 */
async function endLeftovers({ engineFile, database }: EngineOptions): Promise<void> {
  const written = readIdentity(engineFile);
  // Without a start time the number could mean any process by now.
  const known = written === null || written.started === null ? [] : [written];
  for (const leftover of [...known, ...processesStartedWith("--db-path", database)]) {
    for (let waited = 0; isRunning(leftover) && waited < STOPPED_WITHIN_MS; waited += 10) {
      if (waited === 0) send(leftover.pid, "SIGTERM");
      else if (waited > STOPPED_WITHIN_MS / 2) send(leftover.pid, "SIGKILL");
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended by itself, or belongs to somebody else.
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => {
        if (address !== null && typeof address === "object") resolve(address.port);
        else reject(new Error("no port was given"));
      });
    });
  });
}
