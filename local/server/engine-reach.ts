// How requests reach an engine. It authenticates nobody, so it listens where nobody else can connect: in a network namespace of its
// own, which the kernel lets only its own user (and root) enter, with nsenter; a connector there passes connected sockets out. On
// a machine without namespaces it listens on a random loopback address. The engine file says where, for commands.

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { randomInt } from "node:crypto";
import { existsSync, readFileSync, readlinkSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { Agent } from "node:http";
import { createServer, Socket } from "node:net";
import { fileURLToPath } from "node:url";
import * as z from "zod";
import type { EngineIsolation } from "../../functions/env.ts";
import { type Connect, ConnectingAgent } from "../../functions/store/client.ts";
import { isRunning, parseIdentity, readProcessIdentity } from "./process-identity.ts";
import { StartError } from "./start-error.ts";
import { isFull, writeOver } from "./table-files.ts";

/** How requests get to an engine. */
export interface EngineReach {
  readonly endpoint: string;
  /** Gives connections to an engine in a namespace; its endpoint is no address then. */
  readonly connect: Connect | undefined;
}

/** Where an engine listens. */
export type Place =
  | { readonly namespace: NamespaceKind; readonly endpoint: string }
  | { readonly namespace: null; readonly endpoint: string; readonly address: string; readonly port: number };

/** A name that leads nowhere, should it ever be looked up: an engine in a namespace is reached by its connector. */
const NAMESPACE_ENDPOINT = "http://engine.invalid";

/** Decides where a new engine will listen. Throws StartError when a namespace is required and cannot be created. */
export async function findPlace(isolation: EngineIsolation): Promise<Place> {
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

/** An agent whose connections go to the engine. */
export const makeAgent = ({ connect }: EngineReach): Agent =>
  connect === undefined ? new Agent({ keepAlive: true }) : new ConnectingAgent(connect);

// The engine file: the process of the engine and where it listens, written by its server and read by commands.

const written = z.object({ endpoint: z.string(), namespace: z.object({ user: z.boolean() }).nullable() });

export interface RunningEngine extends EngineReach {
  close(): void;
}

/** How to reach the engine that an engine file tells of, also when its server has started it again; null when none runs. */
export function findRunningEngine(engineFile: string): RunningEngine | null {
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

/** Writes an engine file, whole or not at all; on a full disk over what it held. Throws as `fs` does. */
export function writeEngineFile(engineFile: string, pid: number, { endpoint, namespace }: Place): void {
  const text = JSON.stringify({ ...readProcessIdentity(pid), endpoint, namespace });
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

// Network namespaces, and the connector into one.

/** The port of the engine in its namespace, where it is alone. */
export const NAMESPACE_PORT = 8000;

/** A new namespace has a loopback, which is down. */
const LOOPBACK_UP = [
  'PATH="$PATH:/usr/sbin:/sbin"',
  "{ ip link set lo up || ifconfig lo up || busybox ip link set lo up || busybox ifconfig lo up ||",
  // struct ifreq: a name of 16 bytes and the flags, here IFF_UP; 0x8914 is SIOCSIFFLAGS.
  `perl -e 'socket(S, 2, 2, 0) && ioctl(S, 0x8914, pack("a16 s x22", "lo", 1)) or exit 1'; }`,
].join("\n");

/** What a namespace is made with; `user` says that a user namespace is made about it, which needs no rights. */
export interface NamespaceKind {
  readonly user: boolean;
}

const unshareWords = ({ user }: NamespaceKind): readonly string[] => [
  "unshare",
  ...(user ? ["--user", "--map-root-user"] : []),
  "--net",
  "--",
];

/**
 * Which kind of namespace can be made here and entered, found out by making one, which is gone at once; or, in words, why
 * none can.
 */
export function findNamespaceKind(): NamespaceKind | string {
  if (process.platform !== "linux") return `there are none on ${process.platform}`;
  // Root needs no user namespace, in which it would lose its rights to files of others.
  const kinds = process.geteuid?.() === 0 ? [{ user: false }, { user: true }] : [{ user: true }];
  let reason = "";
  for (const kind of kinds) {
    const [program = "", ...words] = unshareWords(kind);
    const script = `${LOOPBACK_UP} >/dev/null && nsenter --version >/dev/null`;
    const { status, error, stderr } = spawnSync(program, [...words, "sh", "-c", script], {
      stdio: ["ignore", "ignore", "pipe"],
      timeout: 5_000,
      encoding: "utf8",
    });
    if (status === 0) return kind;
    reason = error?.message ?? (stderr.trim().split("\n").at(-1) || `exit ${status}`);
  }
  return reason;
}

/** The words of a program in a new namespace: it prints a line when its loopback is up, and then becomes `words`. */
export const inNamespace = (kind: NamespaceKind, words: readonly string[]): readonly string[] => [
  ...unshareWords(kind),
  "sh",
  "-c",
  `${LOOPBACK_UP} >/dev/null 2>&1 && echo up && exec "$@" >/dev/null`,
  "sh",
  ...words,
];

/** A process in the namespace. */
export interface NamespaceMember {
  readonly pid: number;
  readonly kind: NamespaceKind;
}

export interface Connector {
  /** A connected socket to the engine. Rejects with an Error with a `code`, as a socket would. */
  readonly connect: Connect;
  close(): void;
}

/** So long may it take to get a socket, the start of the connector included. */
const CONNECTED_WITHIN_MS = 5_000;

/** A connector into the namespace of the engine that `engine` names at the time; null while no engine runs. */
export function makeConnector(engine: () => NamespaceMember | null): Connector {
  let current: { readonly pid: number; readonly started: Started } | null = null;
  let isClosed = false;
  return {
    connect: async () => {
      // A request that is tried again after the end must not start another.
      const member = isClosed ? null : engine();
      if (member === null) throw connectFault("ECONNREFUSED");
      if (current?.pid !== member.pid || !current.started.isUsable()) {
        current?.started.close();
        current = { pid: member.pid, started: start(member) };
      }
      return current.started.connect();
    },
    close: () => {
      isClosed = true;
      current?.started.close();
    },
  };
}

interface Started extends Connector {
  isUsable(): boolean;
}

function start({ pid, kind }: NamespaceMember): Started {
  const words = [
    "--target",
    String(pid),
    "--net",
    ...(kind.user ? ["--user", "--preserve-credentials"] : []),
    "--",
    process.execPath,
    // It does next to nothing; without these it would take half as much memory again.
    "--max-semi-space-size=1",
    "--v8-pool-size=0",
    connectorFile(),
    String(NAMESPACE_PORT),
    readlinkSync("/proc/self/ns/net"),
  ];
  // Its own group: a Ctrl-C at the terminal is for the server only, which then finishes requests.
  const child = spawn("nsenter", words, { stdio: ["ignore", "ignore", "ignore", "ipc"], detached: true });
  const waiting = new Map<number, (socket: Socket | null, code: string) => void>();
  let asked = 0;
  const close = () => {
    child.kill("SIGKILL");
    for (const settle of waiting.values()) settle(null, "ECONNREFUSED");
  };
  child.on("error", close);
  child.once("exit", close);
  child.on("message", (message, handle) => {
    const { id, code = "ECONNREFUSED" } = message as { id: number; code?: string }; // as the connector sends them
    const socket = handle instanceof Socket ? handle : null;
    const settle = waiting.get(id);
    if (settle === undefined) socket?.destroy();
    else settle(socket, code);
  });
  return {
    isUsable: () => child.connected && isAlive(child),
    connect: () =>
      new Promise((resolve, reject) => {
        asked += 1;
        const id = asked;
        // One that does not answer is of no use to anybody else either.
        const timer = setTimeout(close, CONNECTED_WITHIN_MS);
        waiting.set(id, (socket, code) => {
          clearTimeout(timer);
          waiting.delete(id);
          if (socket === null) return reject(connectFault(code));
          socket.setNoDelay(true);
          resolve(socket);
        });
        child.send(id, (error) => {
          if (error !== null) waiting.get(id)?.(null, "ECONNREFUSED");
        });
      }),
    close,
  };
}

const isAlive = (child: ChildProcess): boolean =>
  child.pid !== undefined && child.exitCode === null && child.signalCode === null;

/** As a socket's, so that a request is tried again. */
const connectFault = (code: string): Error =>
  Object.assign(new Error(`no connection to the embedded engine: ${code}`), { code });

/** The connector: in the bundle, or as it is in the source. */
function connectorFile(): string {
  const files = ["engine-connector.js", "engine-connector.mjs"];
  const [found] = files.map((name) => fileURLToPath(new URL(name, import.meta.url))).filter(existsSync);
  if (found === undefined) throw new Error(`${files[0]} is missing beside ${import.meta.url}`);
  return found;
}
