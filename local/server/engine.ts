// The embedded engine: a DynamoDB API on one SQLite file, as a child process, in a network namespace of its own where there
// are such, else on an address of chance. It is restarted when it dies or hangs, and dies with the server.

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { randomInt } from "node:crypto";
import { existsSync, linkSync, readFileSync, renameSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { Agent } from "node:http";
import { createServer } from "node:net";
import { basename, dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import * as z from "zod";
import { type EngineIsolation, searchPath } from "../../functions/env.ts";
import { type Connect, ConnectingAgent } from "../../functions/store/client.ts";
import {
  type Connector,
  findNamespaceKind,
  inNamespace,
  makeConnector,
  NAMESPACE_PORT,
  type NamespaceKind,
} from "./engine-namespace.ts";
import { ping, WATCH_LIMITS, watchEngine } from "./engine-watch.ts";
import {
  activityOf,
  BUSY,
  identityOf,
  isRunning,
  type ProcessIdentity,
  parseIdentity,
  processesWhere,
} from "./process-identity.ts";
import { StartError } from "./start-error.ts";
import { isFull, writeOver } from "./table-files.ts";

// An engine whose server was killed, found by its command line: the words after the program are only ever an engine's, and
// the database names the folder it belongs to.

/** The words with which an engine is started. */
const engineWords = (program: string, address: string, port: number, database: string): readonly string[] => [
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

/** How requests get to an engine. */
interface EngineReach {
  readonly endpoint: string;
  /** Gives connections to an engine in a namespace; its endpoint is no address then. */
  readonly connect: Connect | undefined;
}

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

/** Where an engine listens. */
type Place =
  | { readonly namespace: NamespaceKind; readonly endpoint: string }
  | { readonly namespace: null; readonly endpoint: string; readonly address: string; readonly port: number };

/** Starts the engine and waits until it answers. Throws StartError when there is none for this platform. */
export async function startEngine(options: EngineOptions): Promise<Engine> {
  const program = findProgram();
  const place = await findPlace(options.isolation);
  const words = enumValues(program, place, options.database);
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
  const agent = agentFor(reach);
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

/** A name that leads nowhere, should it ever be looked up: an engine in a namespace is reached by its connector. */
const NAMESPACE_ENDPOINT = "http://engine.invalid";

async function findPlace(isolation: EngineIsolation): Promise<Place> {
  const kind = isolation === "address" ? "it was not asked for" : findNamespaceKind();
  if (typeof kind === "object") return { namespace: kind, endpoint: NAMESPACE_ENDPOINT };
  if (isolation === "namespace") {
    throw new StartError(
      [
        `ENGINE_ISOLATION=namespace: no network namespace can be made here: ${kind}.`,
        "See the runbook on who can reach the engine; ENGINE_ISOLATION=address does without.",
      ].join("\n"),
    );
  }
  const { address, port } = await freeAddress();
  return { namespace: null, endpoint: `http://${address}:${port}`, address, port };
}

function enumValues(program: string, place: Place, database: string): readonly string[] {
  const { namespace } = place;
  const [address, port] = namespace === null ? [place.address, place.port] : ["127.0.0.1", NAMESPACE_PORT];
  const words = [...dyingWithParent(), ...engineWords(program, address, port, database)];
  return namespace === null ? words : inNamespace(namespace, words);
}

/** What makes a program end with the process that started it, however that ended; nothing where no program does. */
function dyingWithParent(): readonly string[] {
  const words = ["setpriv", "--pdeathsig", "KILL"];
  const [program = "", ...others] = words;
  return spawnSync(program, [...others, "true"], { stdio: "ignore" }).status === 0 ? words : [];
}

const agentFor = ({ connect }: EngineReach): Agent =>
  connect === undefined ? new Agent({ keepAlive: true }) : new ConnectingAgent(connect);

const written = z.object({ endpoint: z.string(), namespace: z.object({ user: z.boolean() }).nullable() });

export interface RunningEngine extends EngineReach {
  close(): void;
}

/** How to reach the engine that an engine file tells of, also when its server has started it again; null when none runs. */
export function runningEngine(engineFile: string): RunningEngine | null {
  const find = () => {
    const text = readText(engineFile);
    const identity = parseIdentity(text);
    if (identity === null || !isRunning(identity)) return null;
    const reach = written.safeParse(JSON.parse(text)).data;
    return reach === undefined ? null : { ...reach, pid: identity.pid };
  };
  const found = find();
  if (found === null) return null;
  const { endpoint } = found;
  if (found.namespace === null) return { endpoint, connect: undefined, close: () => undefined };
  const connector = makeConnector(() => {
    const { pid, namespace = null } = find() ?? {};
    return pid === undefined || namespace === null ? null : { pid, kind: namespace };
  });
  return { endpoint, ...connector };
}

/** What is in a file; empty when the file does not exist. Throws StartError when it cannot be read. */
function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return "";
    throw new StartError(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
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
  throw new StartError(
    [
      `there is no embedded engine for this platform (${process.platform}-${process.arch}).`,
      "Set DYNAMODB_ENDPOINT to a DynamoDB, such as DynamoDB Local or AWS, or put a dynoxide program on the PATH.",
    ].join("\n"),
  );
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
      const { endpoint, namespace } = place;
      writeDown(engineFile, JSON.stringify({ ...identityOf(child.pid), endpoint, namespace }));
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

/** Writes an engine file, whole or not at all; on a full disk over what it held. Throws as `fs` does. */
function writeDown(engineFile: string, text: string): void {
  const whole = `${engineFile}.${process.pid}`;
  try {
    writeFileSync(whole, text, { mode: 0o600 });
    renameSync(whole, engineFile);
  } catch (error) {
    rmSync(whole, { force: true });
    if (!isFull(error)) throw error;
    try {
      writeOver(engineFile, text);
    } catch {
      throw error;
    }
  }
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
      const seen = child.pid === undefined ? null : activityOf(child.pid);
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

/** A free port on an address of 127.0.0.0/8 that is hard to guess; on 127.0.0.1 where the system has no other. */
async function freeAddress(): Promise<{ address: string; port: number }> {
  const address = [127, randomInt(1, 255), randomInt(256), randomInt(1, 255)].join(".");
  try {
    return { address, port: await freePort(address) };
  } catch {
    return { address: "127.0.0.1", port: await freePort("127.0.0.1") };
  }
}

function freePort(host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, host, () => {
      const address = probe.address();
      probe.close(() => {
        if (address !== null && typeof address === "object") resolve(address.port);
        else reject(new Error("no port was given"));
      });
    });
  });
}
