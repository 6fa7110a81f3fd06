// `npm run demo`: everything in a minute. Starts a server on a temporary folder; the agent sends two results, as from a Dom0; then a
// generated fleet with known true ratios is posted, and the results are compared with the truth.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as z from "zod";
import { environmentWith } from "../../functions/env.ts";
import { formatEstimate, formatInterval } from "../../shared/report/format.ts";
import { verdictLabel } from "../../shared/report/verdicts.ts";
import { formatRatio } from "../../shared/run/format.ts";
import { formatError, readableLog } from "../server/log.ts";
import { type LocalServer, startLocalServer } from "../server/server.ts";
import { StartError } from "../server/start-error.ts";
import { DEMO_CANDIDATE, DEMO_FLEET } from "./fleet-plan.ts";
import { generateFleet } from "./generated-fleet.ts";

// Files that the demo or the engine creates are readable by this user only.
process.umask(0o077);

const print = (line: string) => console.log(line);
const title = (text: string) => print(process.stdout.isTTY ? `\n\u001b[1m${text}\u001b[0m` : `\n${text}`);

const toPath = (file: string) => fileURLToPath(new URL(`../${file}`, import.meta.url));

/** Runs a program that shares our output; `input` is its standard input. */
async function run(program: string, args: readonly string[], settings: Record<string, string>, input: string) {
  await new Promise<void>((resolve, reject) => {
    const child = spawn(program, args, { stdio: ["pipe", "inherit", "inherit"], env: environmentWith(settings) });
    child.once("error", () => reject(new StartError("the demo needs curl; install it (apt-get install curl)")));
    child.once("exit", (code) => (code === 0 ? resolve() : reject(new StartError(`${program} ended with ${code}`))));
    child.stdin.end(input);
  });
}

/** Posts a sample with the agent, as a Dom0 does; prints the command as a user would type it, and its output. */
async function post(server: LocalServer, backend: string, sample: string): Promise<void> {
  print(`$ agent/vbdstat-agent post --backend ${backend} local/demo/samples/${sample}`);
  const settings = {
    VBDSTAT_CONFIG: "/dev/null",
    VBDSTAT_SERVER: server.url,
    VBDSTAT_TOKEN_FILE: join(folder, "admin-token"),
    VBDSTAT_SPOOL: join(folder, "spool"),
    VBDSTAT_HOST: "dom0",
  };
  const args = ["post", "--backend", backend, toPath(`local/demo/samples/${sample}`)];
  await run(toPath("agent/vbdstat-agent"), args, settings, "");
}

/** Sends a query with curl; prints the command as a user would type it, and its output. */
async function curl(server: LocalServer, path: string): Promise<void> {
  print(`$ curl -s -H "Authorization: Bearer $TOKEN" "$URL${path}"`);
  // The token goes through standard input: every user of the machine can read a command line.
  const header = `header = "Authorization: Bearer ${readSecret(server)}"\n`;
  await run("curl", ["-sS", "-K", "-", `${server.url}${path}`], {}, header);
}

/** The first admin token of a new folder. */
function readSecret({ adminToken }: LocalServer): string {
  if (adminToken.secret === null) throw new Error("a new folder has no admin token");
  return adminToken.secret;
}

async function send(server: LocalServer, token: string, path: string, init: RequestInit = {}): Promise<unknown> {
  const response = await fetch(`${server.url}${path}`, {
    ...init,
    headers: { Authorization: `Bearer ${token}`, Accept: "application/json" },
  });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return response.json();
}

async function untilAggregated(server: LocalServer, token: string): Promise<void> {
  const status = z.object({ pending_hosts: z.number() });
  while (status.parse(await send(server, token, "/v1/status")).pending_hosts > 0) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function showTwoResults(server: LocalServer): Promise<void> {
  title("1. Two results of one guest: first loop, then blktap");
  await post(server, "loop", "seed-loop.csv");
  await post(server, "blktap1", "seed-blktap.csv");
  await untilAggregated(server, readSecret(server));
  title("2. What they prove, and what they don't");
  await curl(server, "/v1/compare.txt?baseline=loop&candidate=blktap1");
}

const comparison = z.object({
  fleet: z.object({
    metrics: z.record(
      z.string(),
      z.object({
        hosts: z.number(),
        ratio: z.object({
          low: z.number().nullable(),
          high: z.number().nullable(),
          relation: z.enum(["=", ">=", "<=", "between", "unknown"]),
        }),
        ci: z.object({ low: z.number().nullable(), high: z.number().nullable() }).nullable(),
        verdict: z.enum(["faster", "slower", "equivalent", "inconclusive", "not comparable"]),
      }),
    ),
  }),
});

async function showFleet(server: LocalServer): Promise<string> {
  title(
    `3. A generated fleet: ${DEMO_FLEET.hosts} simulated hosts, ${DEMO_FLEET.runs} runs on each backend, known true ratios`,
  );
  const made = await send(server, readSecret(server), "/v1/tokens", {
    method: "POST",
    body: JSON.stringify({ scope: "admin", fleet: "generated", label: "demo" }),
  });
  const { token } = z.object({ token: z.string() }).parse(made);
  const started = performance.now();
  const uploads = [...generateFleet(DEMO_FLEET)];
  for (const [index, { body }] of uploads.entries()) {
    await send(server, token, "/v1/results", { method: "POST", body });
    if (process.stdout.isTTY) process.stdout.write(`\r  posted ${index + 1} of ${uploads.length} hosts `);
  }
  await untilAggregated(server, token);
  const seconds = (performance.now() - started) / 1000;
  print(
    `${process.stdout.isTTY ? "\r" : ""}  ${uploads.length * DEMO_FLEET.runs * 2} results posted and aggregated in ${seconds.toFixed(1)} s`,
  );
  const { baseline } = DEMO_FLEET;
  const candidate = DEMO_CANDIDATE.backend;
  const result = comparison.parse(await send(server, token, `/v1/compare?baseline=${baseline}&candidate=${candidate}`));
  title(`4. Estimated and true ratios: ${candidate} / ${baseline}, generated`);
  print("metric      hosts   true      estimate 95 % interval  true inside verdict");
  for (const [name, { hosts, ratio, ci, verdict }] of Object.entries(result.fleet.metrics)) {
    const truth = DEMO_CANDIDATE.trueRatio[name as keyof typeof DEMO_CANDIDATE.trueRatio];
    const low = ci?.low ?? 0;
    const high = ci?.high ?? Number.POSITIVE_INFINITY;
    print(
      [
        name.padEnd(10),
        String(hosts).padStart(6),
        formatRatio(truth).padStart(6),
        formatEstimate(ratio, formatRatio).padStart(13),
        formatInterval(ci, formatRatio).padEnd(14),
        (ci === null ? "-" : truth >= low && truth <= high ? "yes" : "NO").padStart(11),
        verdictLabel({ verdict }),
      ].join(" "),
    );
  }
  print(
    [
      `The first ${DEMO_FLEET.cachedHosts} hosts read the ${baseline} file from Dom0's page cache; their read-path results are excluded.`,
      "A 95 % interval misses the true value in 1 of 20 cases: an occasional NO is expected.",
    ].join("\n"),
  );
  return token;
}

const folder = mkdtempSync(join(tmpdir(), "vbdstat-demo-"));
const once = process.argv.includes("--once");
let server: LocalServer | null = null;

async function finish(code: number): Promise<never> {
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
  process.exit(code);
}

// If a reader such as head closes the pipe, the server and its engine must end as well.
process.stdout.on("error", () => void finish(1));

try {
  const settings = {
    port: 0,
    host: "127.0.0.1",
    dataDir: folder,
    endpoint: null,
    engineIsolation: "auto" as const,
    tableName: "vbdstat",
    adminSecret: null,
    publicUrl: null,
  };
  const quiet = { ...readableLog(print), request: () => undefined };
  server = await startLocalServer(settings, quiet, print);
  print(`vbdstat demo: a server on ${server.url} with its data in ${folder}`);
  await showTwoResults(server);
  const generated = await showFleet(server);
  if (once) await finish(0);
  title("The server keeps running; press Ctrl-C to stop it and remove its data.");
  print(`URL=${server.url}`);
  print(`TOKEN=${readSecret(server)}   # fleet "default": the two results`);
  print(`TOKEN=${generated}   # fleet "generated"`);
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void finish(0));
} catch (error) {
  console.error(error instanceof StartError ? `the demo does not start: ${error.message}` : formatError(error));
  await finish(1);
}
