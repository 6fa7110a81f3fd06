// The server as a process of its own, as `npm start` runs it: the same bundle, on a free port and a folder of the test's.

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";

/** Where this test file's bundle is: below the project, so that it finds the engine's package. */
export const BUNDLE = `dist/test-${process.pid}`;

/** Makes the bundle; for beforeAll. */
export function buildServer(): void {
  execFileSync(process.execPath, ["local/build.mjs", BUNDLE], { stdio: "inherit" });
}

/** Removes the bundle; for afterAll. */
export function removeBuild(): void {
  rmSync(BUNDLE, { recursive: true, force: true });
}

export interface ServerProcess {
  readonly process: ChildProcess;
  readonly url: string;
  /** The first admin token, as the setting or the file has it; "" when the file was put aside. */
  readonly token: string;
  /** Everything it has printed so far, both streams. */
  output(): string;
  /** Sends a request with the admin token. */
  send(path: string, init?: RequestInit): Promise<Response>;
  /** Waits until no work mark is open. */
  untilAggregated(): Promise<void>;
  /** Sends a signal and waits for the end; the exit code, or the signal that ended it. */
  end(signal: "SIGTERM" | "SIGINT" | "SIGKILL"): Promise<number | string>;
}

/** The bundle and the environment to start it with. */
export interface StartOptions {
  readonly dataDir: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly program?: string;
  /** A new file for what it prints. Without it a pipe to this process takes that, and a server waits for a reader that is busy. */
  readonly logFile?: string;
}

/** Runs the program to its end; for starts that must fail. */
export async function runServer(options: StartOptions): Promise<{ code: number | string; output: string }> {
  const { child, output } = launch(options);
  const code = await exitOf(child);
  return { code, output: output() };
}

/** Starts the server and waits until it says where it listens. */
export async function startServerProcess(options: StartOptions): Promise<ServerProcess> {
  const { child, output } = launch(options);
  const url = await new Promise<string>((resolve, reject) => {
    const looking = setInterval(() => {
      const found = /listens on (http:\S+),/.exec(output())?.[1];
      if (found === undefined && child.exitCode === null && child.signalCode === null) return;
      clearInterval(looking);
      if (found === undefined) reject(new Error(`the server ended:\n${output()}`));
      else resolve(found);
    }, 10);
  });
  const given = options.environment?.["VBDSTAT_ADMIN_TOKEN"];
  const file = join(options.dataDir, "admin-token");
  const token = given ?? (existsSync(file) ? readFileSync(file, "utf8").trim() : "");
  const send = (path: string, init: RequestInit = {}) =>
    fetch(url + path, { ...init, headers: { Authorization: `Bearer ${token}`, ...init.headers } });
  return {
    process: child,
    url,
    token,
    output,
    send,
    untilAggregated: async () => {
      const status = z.object({ pending_hosts: z.number() });
      while (status.parse(await (await send("/v1/status")).json()).pending_hosts > 0) {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
    end: (signal) => {
      const exited = exitOf(child);
      child.kill(signal);
      return exited;
    },
  };
}

function launch({ dataDir, environment = {}, program = `${BUNDLE}/main.js`, logFile }: StartOptions) {
  const log = logFile === undefined ? ("pipe" as const) : openSync(logFile, "ax");
  const child = spawn(process.execPath, [program], {
    stdio: ["ignore", log, log],
    env: {
      PATH: process.env["PATH"],
      PORT: "0",
      DATA_DIR: dataDir,
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
      ...environment,
    },
  });
  if (typeof log === "number") closeSync(log);
  let printed = "";
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (data: Buffer) => (printed += data.toString()));
  return { child, output: () => (logFile === undefined ? printed : readFileSync(logFile, "utf8")) };
}

function exitOf(child: ChildProcess): Promise<number | string> {
  return new Promise((resolve) => child.once("close", (code, signal) => resolve(code ?? signal ?? "?")));
}
