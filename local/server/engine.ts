// The embedded engine: a DynamoDB API on one SQLite file, as a child process. In: the database and how isolated the engine must be.
// Out: an engine that answers; it is restarted when it dies or hangs, and dies with the server.

import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, linkSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { EngineIsolation } from "../../functions/env.ts";
import { dieWithParent, engineCommand, findProgram } from "./engine-command.ts";
import {
  type Connector,
  type EngineReach,
  findPlace,
  inNamespace,
  makeAgent,
  makeConnector,
  NAMESPACE_PORT,
  type Place,
  writeEngineFile,
} from "./engine-reach.ts";
import { ping, WATCH_LIMITS, watchEngine } from "./engine-watch.ts";
import { BUSY, readActivity } from "./process-identity.ts";
import { StartError } from "./start-error.ts";
import { isFull, writeOver } from "./table-files.ts";

export interface Engine extends EngineReach {
  /** The process of the engine that runs now. */
  pid(): number | null;
  stop(): Promise<void>;
}

export interface EngineOptions {
  readonly database: string;
  /** Where the engine's process and how to reach it are written down. */
  readonly engineFile: string;
  /** An open file that the engine inherits, so that a lock on it lasts as long as the engine. */
  readonly lockedFile?: number | null;
  readonly isolation: EngineIsolation;
  /** Told when the engine died or hung and is started again, and when it could not be written down. */
  readonly print: (line: string) => void;
}

/** An engine that starts and does nothing is given up after so long. */
const IDLE_START_MS = 10_000;
const STOPPED_WITHIN_MS = 5_000;

/** Waits before an engine that died is started again: they double until one has run for a while. */
const SHORTEST_WAIT_MS = 100;
const MAX_WAIT_MS = 10_000;
const STEADY_AFTER_MS = 30_000;

/** Starts the engine and waits until it answers. Throws StartError when there is none for this platform. */
export async function startEngine(options: EngineOptions): Promise<Engine> {
  const program = findProgram();
  const place = await findPlace(options.isolation);
  const words = buildCommand(program, place, options.database);
  let stopping = false;
  let restart: NodeJS.Timeout | undefined;
  let watching = new AbortController();
  let waitMs = SHORTEST_WAIT_MS;
  let run = launch(words, place, options);

  const { namespace } = place;
  const connector: Connector | null =
    namespace === null
      ? null
      : makeConnector(() => {
          const { pid } = run.child;
          return pid === undefined || !run.isUp() || hasEnded(run.child) ? null : { pid, kind: namespace };
        });
  const reach: EngineReach = { endpoint: place.endpoint, connect: connector?.connect };
  const agent = makeAgent(reach);
  const pinged = { endpoint: place.endpoint, agent };

  function supervise({ child }: Run): void {
    const since = performance.now();
    watching = new AbortController();
    child.once("exit", (code, signal) => {
      watching.abort();
      if (stopping) return;
      // An engine that dies again and again (a damaged file) must not take the processor as well.
      waitMs = performance.now() - since > STEADY_AFTER_MS ? SHORTEST_WAIT_MS : Math.min(MAX_WAIT_MS, waitMs * 2);
      options.print(`the engine ended (${signal ?? `exit ${code}`}); starting it again in ${waitMs} ms`);
      restart = setTimeout(() => {
        run = launch(words, place, options);
        supervise(run);
      }, waitMs);
    });
    if (child.pid === undefined) return;
    const onHung = () => {
      options.print("the engine answers nobody and does nothing: ending it");
      child.kill("SIGKILL");
    };
    void watchEngine(pinged, { pid: child.pid, onHung }, watching.signal);
  }

  const stop = async () => {
    stopping = true;
    clearTimeout(restart);
    watching.abort();
    await end(run.child);
    agent.destroy();
    connector?.close();
    keepRoom(options.database);
    try {
      // Not removed: the room it has is what the next start writes into when the disk is full.
      writeOver(options.engineFile, "");
    } catch {
      // It says of an engine that no longer runs; nothing is gained by failing for it.
    }
  };
  try {
    await ready(run, () => ping(pinged, 1_000), options.database);
  } catch (error) {
    await stop();
    throw error;
  }
  supervise(run);
  return { ...reach, pid: () => run.child.pid ?? null, stop };
}

function buildCommand(program: string, place: Place, database: string): readonly string[] {
  const { namespace } = place;
  const [address, port] = namespace === null ? [place.address, place.port] : ["127.0.0.1", NAMESPACE_PORT];
  const words = [...dieWithParent(), ...engineCommand(program, address, port, database)];
  return namespace === null ? words : inNamespace(namespace, words);
}

/** One process of the engine. */
interface Run {
  readonly child: ChildProcess;
  /** Whether it is in its namespace; at once where it has none. */
  isUp(): boolean;
  /** The last that it said on standard error. */
  said(): string;
}

/** Bytes that are kept of what the engine says. */
const MAX_SAID = 2_000;

function launch(words: readonly string[], place: Place, { engineFile, lockedFile, print }: EngineOptions): Run {
  const [program = "", ...others] = words;
  const child = spawn(program, others, {
    stdio: ["ignore", place.namespace === null ? "ignore" : "pipe", "pipe", lockedFile ?? "ignore"],
    // Its own group: a Ctrl-C at the terminal reaches the server only, which lets requests finish before it ends the engine.
    detached: true,
  });
  let isUp = place.namespace === null;
  let said = "";
  child.stdout?.once("data", () => (isUp = true));
  child.stderr?.on("data", (piece: Buffer) => (said = (said + piece.toString()).slice(-MAX_SAID)));
  // A program that cannot be run ends like one that ends at once: whoever watches for the exit hears of it.
  child.once("error", () => child.emit("exit", child.exitCode, child.signalCode));
  try {
    if (child.pid !== undefined) {
      writeEngineFile(engineFile, child.pid, place);
    }
  } catch (error) {
    const reason = `${engineFile} cannot be written: ${error instanceof Error ? error.message : String(error)}`;
    if (isFull(error)) {
      print(`${reason}; commands cannot use this engine until the disk has room and the server is started again`);
    } else {
      child.kill("SIGKILL");
      said = reason;
    }
  }
  return { child, isUp: () => isUp, said: () => said.trim() };
}

/**
 * Bytes that a start takes: 32 KiB of the file that SQLite's processes share, which the last of them removes and without which
 * no database is opened, and some for the small files of the folder.
 */
const START_BYTES = 65_536;

/** Leaves as much of that room as there is to the next start, in the shared file: SQLite empties the one that it finds. */
function keepRoom(database: string): void {
  const part = `${database}-shm.${process.pid}`;
  try {
    if (!existsSync(database)) return;
    try {
      writeFileSync(part, Buffer.alloc(START_BYTES), { mode: 0o600 });
    } catch (error) {
      if (!isFull(error)) throw error;
    }
    // In one step, and never in place of one that is in use.
    linkSync(part, `${database}-shm`);
  } catch {
    // It is there already, or nothing can be kept here.
  } finally {
    rmSync(part, { force: true });
  }
}

/** Whether a disk has less room than an engine needs to start. */
function isDiskFull(folder: string): boolean {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize < START_BYTES;
}

const hasEnded = (child: ChildProcess): boolean =>
  child.exitCode !== null || child.signalCode !== null || child.pid === undefined;

/** Waits for the first answer. An engine that reads a large log after a crash takes its time, and is seen to work. */
async function ready({ child, said }: Run, ask: () => Promise<void>, database: string): Promise<void> {
  const started = performance.now();
  let active = started;
  let activity: string | null = null;
  for (;;) {
    if (hasEnded(child)) {
      const reason = said() || `exit ${child.exitCode ?? child.signalCode}`;
      const told = `the embedded engine did not start (${reason}): it cannot use ${database}.`;
      if (isDiskFull(dirname(database))) throw new StartError(`${told}\nThe disk is full: make room.`);
      throw new StartError(
        [
          told,
          "See that it may be written and that the disk has room; if it has, the file is damaged: restore the backup.",
        ].join("\n"),
      );
    }
    try {
      return await ask();
    } catch {
      const now = performance.now();
      const seen = child.pid === undefined ? null : readActivity(child.pid);
      if (seen !== activity || seen === BUSY) active = now;
      activity = seen;
      if (now - active > IDLE_START_MS || now - started > WATCH_LIMITS.work) break;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
  throw new StartError(
    `the embedded engine did not answer within ${Math.round((performance.now() - started) / 1000)} seconds`,
  );
}

/** Ends an engine. One that the kernel does not let go, because its disk does not answer, is left: it keeps the folder locked. */
async function end(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return;
  const exited = new Promise<"exit">((resolve) => child.once("exit", () => resolve("exit")));
  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    child.kill(signal);
    const waiting = new AbortController();
    const late = pause(STOPPED_WITHIN_MS / 2, "late", { signal: waiting.signal }).catch(() => "late");
    const first = await Promise.race([exited, late]);
    waiting.abort();
    if (first === "exit") return;
  }
}
