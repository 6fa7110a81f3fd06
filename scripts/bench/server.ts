// The server under test: the bundle of `npm start` as a separate process, its log in a file, with requests over keep-alive connections.

import { spawn } from "node:child_process";
import { mkdirSync, openSync, readFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { join } from "node:path";
import { readIdentityFile } from "../../local/server/process-identity.ts";

/** The first admin token of every server of the benchmark; its fleet is `default`. */
const SECRET = "benchmark-admin-token";

/** Peak resident memory in bytes, and processor time in nanoseconds; 0 without /proc. */
interface Usage {
  readonly memory: number;
  readonly cpu: number;
}

export interface BenchServer {
  /** Sends a request and returns the body of the response. Throws on any status from 400 on. */
  ask(path: string, body?: string): Promise<string>;
  /** The resources that the server and its engine have used so far. */
  usage(): { readonly server: Usage; readonly engine: Usage };
  stop(): Promise<void>;
}

/** Starts the bundle in dist/ on a data folder and waits until it listens. With `profile`, writes a CPU profile with that name to dist/profiles. */
export async function startServer(dataDir: string, profile: string | null): Promise<BenchServer> {
  mkdirSync(dataDir, { recursive: true });
  const logFile = join(dataDir, "server.log");
  const log = openSync(logFile, "w");
  const profiling =
    profile === null ? [] : ["--cpu-prof", "--cpu-prof-dir=dist/profiles", `--cpu-prof-name=${profile}.cpuprofile`];
  const child = spawn(process.execPath, [...profiling, "--enable-source-maps", "dist/main.js"], {
    stdio: ["ignore", log, log],
    env: {
      PATH: process.env["PATH"],
      PORT: "0",
      DATA_DIR: dataDir,
      VBDSTAT_ADMIN_TOKEN: SECRET,
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
    },
  });
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  let url: string | undefined;
  while (url === undefined) {
    if (child.exitCode !== null) throw new Error(`the server ended:\n${readFileSync(logFile, "utf8")}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
    url = /listens on (http:\S+),/.exec(readFileSync(logFile, "utf8"))?.[1];
  }
  const address = url;
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  return {
    ask: (path, body) => ask(agent, address + path, body),
    usage: () => ({
      server: readUsage(child.pid),
      engine: readUsage(readIdentityFile(join(dataDir, "engine"))?.pid),
    }),
    stop: async () => {
      agent.destroy();
      child.kill("SIGTERM");
      await exited;
    },
  };
}

function ask(agent: Agent, url: string, body?: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = { Authorization: `Bearer ${SECRET}`, Accept: "application/json" };
    const sent = request(url, { agent, headers, method: body === undefined ? "GET" : "POST" }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () => {
        const text = Buffer.concat(chunks).toString();
        if ((response.statusCode ?? 500) < 400) resolve(text);
        else reject(new Error(`${url}: ${response.statusCode} ${text}`));
      });
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

/** Clock ticks of /proc are a hundredth of a second on Linux. */
const TICK_NS = 1e7;

function readUsage(pid: number | undefined): Usage {
  try {
    const kib = Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0);
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // User and system time are the twelfth and thirteenth field after the name, which is in parentheses.
    const [user = 0, system = 0] = stat
      .slice(stat.lastIndexOf(")") + 2)
      .split(" ")
      .slice(11, 13)
      .map(Number);
    return { memory: kib * 1024, cpu: (user + system) * TICK_NS };
  } catch {
    return { memory: 0, cpu: 0 };
  }
}
