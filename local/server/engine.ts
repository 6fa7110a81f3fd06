// The embedded engine: a DynamoDB API on one SQLite file, as a child process. In: the database and how isolated the engine must be.
// Out: an engine that answers; it is restarted when it dies or hangs, and dies with the server.

import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, linkSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { type Agent, request } from "node:http";
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
import { BUSY, readActivity } from "./process-identity.ts";
import { errorMessage, StartError } from "./start-error.ts";
import { isFull, writeOver } from "./table-files.ts";

export interface Engine extends EngineReach {
  /** The process id of the current engine. */
  pid(): number | null;
  stop(): Promise<void>;
}

export interface EngineOptions {
  readonly database: string;
  /** The file that records the engine's process and how to reach it. */
  readonly engineFile: string;
  /** An open file that the engine inherits, so that a lock on it lasts as long as the engine. */
  readonly lockedFile?: number | null;
  readonly isolation: EngineIsolation;
  /** Prints that the engine died or hung and is restarted, and that the engine file could not be written. */
  readonly print: (line: string) => void;
}

/** A starting engine that does nothing for this long is given up. */
const IDLE_START_MS = 10_000;
const STOPPED_WITHIN_MS = 5_000;

/** The wait before a restart: it doubles until an engine has run for a while. */
const MIN_WAIT_MS = 100;
const MAX_WAIT_MS = 10_000;
const STEADY_AFTER_MS = 30_000;

/** Starts the engine and waits until it answers. Throws StartError when this platform has no engine, or when it does not start. */
export async function startEngine(options: EngineOptions): Promise<Engine> {
  const program = findProgram();
  const place = await findPlace(options.isolation);
  const words = buildCommand(program, place, options.database);
  let stopping = false;
  let restart: NodeJS.Timeout | undefined;
  let watching = new AbortController();
  let waitMs = MIN_WAIT_MS;
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
      // An engine that keeps dying (a damaged file) must not use all of the processor.
      waitMs = performance.now() - since > STEADY_AFTER_MS ? MIN_WAIT_MS : Math.min(MAX_WAIT_MS, waitMs * 2);
      options.print(`the engine ended (${signal ?? `exit ${code}`}); restarting it in ${waitMs} ms`);
      restart = setTimeout(() => {
        run = launch(words, place, options);
        supervise(run);
      }, waitMs);
    });
    if (child.pid === undefined) return;
    const onHung = () => {
      options.print("the engine hangs: killing it");
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
    reserveStartBytes(options.database);
    try {
      // Not removed: on a full disk the next start overwrites it.
      writeOver(options.engineFile, "");
    } catch {
      // It names an engine that no longer runs; that is no reason to fail.
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
  /** Whether it has entered its namespace; true at once if it has none. */
  isUp(): boolean;
  /** The end of its standard error. */
  stderr(): string;
}

/** Characters of the engine's standard error that are kept. */
const MAX_STDERR = 2_000;

function launch(words: readonly string[], place: Place, { engineFile, lockedFile, print }: EngineOptions): Run {
  const [program = "", ...others] = words;
  const child = spawn(program, others, {
    stdio: ["ignore", place.namespace === null ? "ignore" : "pipe", "pipe", lockedFile ?? "ignore"],
    // Its own process group: a Ctrl-C at the terminal reaches the server only, which finishes requests before it ends the engine.
    detached: true,
  });
  let isUp = place.namespace === null;
  let stderr = "";
  child.stdout?.once("data", () => (isUp = true));
  child.stderr?.on("data", (piece: Buffer) => (stderr = (stderr + piece.toString()).slice(-MAX_STDERR)));
  // A program that cannot be started is treated like one that exits at once.
  child.once("error", () => child.emit("exit", child.exitCode, child.signalCode));
  try {
    if (child.pid !== undefined) {
      writeEngineFile(engineFile, child.pid, place);
    }
  } catch (error) {
    const reason = `${engineFile} cannot be written: ${errorMessage(error)}`;
    if (isFull(error)) {
      print(`${reason}; commands cannot use this engine until the disk has space and the server is restarted`);
    } else {
      child.kill("SIGKILL");
      stderr = reason;
    }
  }
  return { child, isUp: () => isUp, stderr: () => stderr.trim() };
}

/**
 * Bytes that a start needs: 32 KiB for SQLite's shared-memory file, which the last process removes and without which SQLite opens no
 * database, and some for the small files of the folder.
 */
const START_BYTES = 65_536;

/** Reserves that space for the next start, in a new shared-memory file: SQLite reuses the one that it finds. */
function reserveStartBytes(database: string): void {
  const part = `${database}-shm.${process.pid}`;
  try {
    if (!existsSync(database)) return;
    try {
      writeFileSync(part, Buffer.alloc(START_BYTES), { mode: 0o600 });
    } catch (error) {
      if (!isFull(error)) throw error;
    }
    // Atomically, and never in place of a file in use.
    linkSync(part, `${database}-shm`);
  } catch {
    // The file exists already, or the disk has no space.
  } finally {
    rmSync(part, { force: true });
  }
}

/** Whether the disk has less space than an engine needs to start. */
function isDiskFull(folder: string): boolean {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize < START_BYTES;
}

const hasEnded = (child: ChildProcess): boolean =>
  child.exitCode !== null || child.signalCode !== null || child.pid === undefined;

/** Waits for the first answer. An engine that reads a large log after a crash is waited for while it is active. */
async function ready({ child, stderr }: Run, ask: () => Promise<void>, database: string): Promise<void> {
  const started = performance.now();
  let active = started;
  let activity: string | null = null;
  for (;;) {
    if (hasEnded(child)) {
      const reason = stderr() || `exit ${child.exitCode ?? child.signalCode}`;
      const problem = `the embedded engine did not start (${reason}): it cannot use ${database}.`;
      if (isDiskFull(dirname(database))) throw new StartError(`${problem}\nThe disk is full: free some space.`);
      throw new StartError(
        [
          problem,
          "Check that it is writable and the disk is not full; otherwise the file is damaged: restore the backup.",
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

/** Ends an engine. An engine that the kernel cannot kill, because its disk hangs, is left running and keeps the folder locked. */
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

// The watch, which finds an engine that hangs: stopped or deadlocked. It is pinged every second. An engine that does not answer but is active, on a slow
// disk or in a long transaction, is waited for: /proc shows whether it does anything.

/** What is pinged. */
export interface Pinged {
  readonly endpoint: string;
  /** A separate agent, so that other requests do not delay the ping. */
  readonly agent: Agent;
}

/** Pings the engine, which needs no table. Rejects when it does not answer in time. */
function ping({ endpoint, agent }: Pinged, withinMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const sent = request(endpoint, { agent }, (response) => {
      response.resume();
      response.once("end", () => {
        clearTimeout(timer);
        resolve();
      });
    });
    const timer = setTimeout(() => sent.destroy(new Error(`no answer within ${withinMs} ms`)), withinMs);
    sent.once("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
    sent.end();
  });
}

/** Time limits, in milliseconds. */
export interface WatchLimits {
  /** From an answer to the next ping. */
  readonly pause: number;
  /** Two pings without an answer in this time, and no activity during the second: it hangs. */
  readonly answer: number;
  /** An active engine that never answers is given up after this time; reading a large log after a crash takes longest. */
  readonly work: number;
}

const WATCH_LIMITS: WatchLimits = { pause: 1_000, answer: 2_000, work: 300_000 };

/**
 * Pings the engine until `signal` is aborted. Calls `onHung` once when the process hangs: no answer and no activity for some seconds, or
 * no answer for minutes.
 */
export async function watchEngine(
  pinged: Pinged,
  engine: { readonly pid: number; readonly onHung: () => void },
  signal: AbortSignal,
  limits: WatchLimits = WATCH_LIMITS,
): Promise<void> {
  let silentSince: number | null = null;
  while (!signal.aborted) {
    const before = readActivity(engine.pid);
    try {
      await ping(pinged, limits.answer);
      silentSince = null;
    } catch {
      const now = performance.now();
      const isFirst = silentSince === null;
      silentSince ??= now;
      const after = readActivity(engine.pid);
      // Without /proc only the time limit decides.
      const isIdle = after !== null && after === before && after !== BUSY;
      if (!signal.aborted && ((isIdle && !isFirst) || now - silentSince > limits.work)) {
        engine.onHung();
        return;
      }
    }
    // Does not keep a stopping server waiting.
    await new Promise((resolve) => setTimeout(resolve, limits.pause).unref());
  }
}
