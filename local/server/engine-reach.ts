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
import { errorMessage, StartError } from "./start-error.ts";
import { isFull, writeOver } from "./table-files.ts";

/** How requests reach an engine. */
export interface EngineReach {
  readonly endpoint: string;
  /** Opens connections to an engine in a namespace, whose endpoint is not a real address. */
  readonly connect: Connect | undefined;
}

/** Where an engine listens. */
export type Place =
  | { readonly namespace: NamespaceKind; readonly endpoint: string }
  | { readonly namespace: null; readonly endpoint: string; readonly address: string; readonly port: number };

/** A name that never resolves: only the connector reaches an engine in a namespace. */
const NAMESPACE_ENDPOINT = "http://engine.invalid";

/** Decides where a new engine will listen. Throws StartError when a namespace is required and cannot be created. */
export async function findPlace(isolation: EngineIsolation): Promise<Place> {
  const kind = isolation === "address" ? "it was not requested" : findNamespaceKind();
  if (typeof kind === "object") return { namespace: kind, endpoint: NAMESPACE_ENDPOINT };
  if (isolation === "namespace") {
    throw new StartError(
      [
        `ENGINE_ISOLATION=namespace: cannot create a network namespace here: ${kind}.`,
        "See the runbook on who can reach the engine; ENGINE_ISOLATION=address works without one.",
      ].join("\n"),
    );
  }
  const { address, port } = await freeAddress();
  return { namespace: null, endpoint: `http://${address}:${port}`, address, port };
}

/** A free port on an address of 127.0.0.0/8 that is hard to guess; on 127.0.0.1 if the system has no other. */
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
        else reject(new Error("the system assigned no port"));
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

/** How to reach the engine in an engine file, also after its server has restarted it; null when it does not run. */
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

/** The content of a file; empty when the file does not exist. Throws StartError when it cannot be read. */
function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return "";
    throw new StartError(`${file} cannot be read: ${errorMessage(error)}`);
  }
}

/** Writes an engine file atomically; on a full disk it overwrites the old content. Throws as `fs` does. */
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

/** The port of the engine in its namespace, where nothing else listens. */
export const NAMESPACE_PORT = 8000;

/** The loopback of a new namespace is down. */
const LOOPBACK_UP = [
  'PATH="$PATH:/usr/sbin:/sbin"',
  "{ ip link set lo up || ifconfig lo up || busybox ip link set lo up || busybox ifconfig lo up ||",
  // struct ifreq: a name of 16 bytes and the flags, here IFF_UP; 0x8914 is SIOCSIFFLAGS.
  `perl -e 'socket(S, 2, 2, 0) && ioctl(S, 0x8914, pack("a16 s x22", "lo", 1)) or exit 1'; }`,
].join("\n");

/** How a namespace is created; `user`: within a user namespace, which needs no privileges. */
export interface NamespaceKind {
  readonly user: boolean;
}

const unshareCommand = ({ user }: NamespaceKind): readonly string[] => [
  "unshare",
  ...(user ? ["--user", "--map-root-user"] : []),
  "--net",
  "--",
];

/**
 * Which kind of namespace this machine can create and enter, found by creating one, which ends at once; or the reason why it can create
 * none.
 */
export function findNamespaceKind(): NamespaceKind | string {
  if (process.platform !== "linux") return `${process.platform} has none`;
  // Root needs no user namespace, and would lose its access to other users' files in one.
  const kinds = process.geteuid?.() === 0 ? [{ user: false }, { user: true }] : [{ user: true }];
  let reason = "";
  for (const kind of kinds) {
    const [program = "", ...words] = unshareCommand(kind);
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

/** The command line of a program in a new namespace: prints a line when the loopback is up, and then becomes `words`. */
export const inNamespace = (kind: NamespaceKind, words: readonly string[]): readonly string[] => [
  ...unshareCommand(kind),
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

/** The time limit for a socket, including the start of the connector. */
const CONNECTED_WITHIN_MS = 5_000;

/** A connector into the namespace of the current engine; `engine` returns null while none runs. */
export function makeConnector(engine: () => NamespaceMember | null): Connector {
  let current: { readonly pid: number; readonly started: Started } | null = null;
  let isClosed = false;
  return {
    connect: async () => {
      // A retry after close must not start another connector.
      const member = isClosed ? null : engine();
      if (member === null) throw connectError("ECONNREFUSED");
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
    // It does almost nothing; without these it would need 50 % more memory.
    "--max-semi-space-size=1",
    "--v8-pool-size=0",
    connectorFile(),
    String(NAMESPACE_PORT),
    readlinkSync("/proc/self/ns/net"),
  ];
  // Its own process group: a Ctrl-C at the terminal is for the server only, which then finishes requests.
  const child = spawn("nsenter", words, { stdio: ["ignore", "ignore", "ignore", "ipc"], detached: true });
  const waiting = new Map<number, (socket: Socket | null, code: string) => void>();
  let requested = 0;
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
        requested += 1;
        const id = requested;
        // A connector that does not respond is useless for other requests as well.
        const timer = setTimeout(close, CONNECTED_WITHIN_MS);
        waiting.set(id, (socket, code) => {
          clearTimeout(timer);
          waiting.delete(id);
          if (socket === null) return reject(connectError(code));
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

/** An error like that of a socket, so that the client retries the request. */
const connectError = (code: string): Error =>
  Object.assign(new Error(`no connection to the embedded engine: ${code}`), { code });

/** The connector: in the bundle or in the source. */
function connectorFile(): string {
  const files = ["engine-connector.js", "engine-connector.mjs"];
  const [found] = files.map((name) => fileURLToPath(new URL(name, import.meta.url))).filter(existsSync);
  if (found === undefined) throw new Error(`${files[0]} is missing next to ${import.meta.url}`);
  return found;
}
