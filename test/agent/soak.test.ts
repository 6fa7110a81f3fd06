// Against the real server: two agents at once post 500 results through a network that loses, delays and repeats, while they
// are killed at moments of chance, clocks are set back a year, and the server is killed, too. At the end there are exactly
// 500 runs. And on a disk that is full, nothing is lost.

import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeRandom } from "../../local/random.ts";
import { readCsv } from "../support/csv.ts";
import { buildServer, removeBuild, type ServerProcess, startServerProcess } from "../support/server-process.ts";
import { startFaultyProxy } from "./faulty-proxy.ts";
import { AGENT, isInstalled, mount, SHELLS, unmount } from "./shells.ts";

const RESULTS = 500;
const BATCH = 20;
const seed = 6;

const folder = mkdtempSync(join(tmpdir(), "vbdstat-soak-"));
const dataDir = join(folder, "data");
const shells = SHELLS.filter((shell) => isInstalled(shell.split(" ")[0] ?? ""));

let server: ServerProcess;

beforeAll(async () => {
  buildServer();
  server = await startServerProcess({ dataDir });
  mkdirSync(join(folder, "bin"));
  symlinkSync(resolve("test/agent/stubs/date"), join(folder, "bin/date"));
  mkdirSync(join(folder, "results"));
  writeFileSync(join(folder, "token"), `${server.token}\n`, { mode: 0o600 });
});

afterAll(async () => {
  await server.end("SIGTERM");
  removeBuild();
  rmSync(folder, { recursive: true, force: true });
});

/** The line of result number `n`, and the file that holds it. */
const lineOf = (n: number) =>
  `vm101,2064M,${10_000 + n},96,93549,20,38118,10,54955,76,131645,8,249.1,0,16,29488,79${",+++++,+++".repeat(5)}`;
const fileOf = (n: number) => join(folder, "results", `${n}.csv`);

interface Agent {
  readonly child: ChildProcess;
  /** Exit code, or the signal that ended it; and what it said. */
  readonly ended: Promise<{ code: number | string; said: string }>;
}

interface Settings {
  readonly server: string;
  readonly spool: string;
  readonly shell?: string;
  /** Seconds that the clock is off. */
  readonly clock?: number;
}

function agent({ server: url, spool, shell = "sh", clock = 0 }: Settings, ...words: string[]): Agent {
  const [program = "sh", ...options] = shell.split(" ");
  const child = spawn(program, [...options, AGENT, ...words], {
    env: {
      PATH: `${folder}/bin:${process.env["PATH"]}`,
      REAL_DATE: "/bin/date",
      STUB_CLOCK: String(clock),
      VBDSTAT_CONFIG: "/dev/null",
      VBDSTAT_SERVER: url,
      VBDSTAT_TOKEN_FILE: join(folder, "token"),
      VBDSTAT_SPOOL: spool,
      VBDSTAT_SPOOL_MAX_FILES: "600",
      VBDSTAT_BACKOFF_FIRST: "0",
      VBDSTAT_TIMEOUT: "5",
      VBDSTAT_LOCK_WAIT: "1",
      VBDSTAT_HOST: "dom0-1",
    },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  child.stderr?.on("data", (data: Buffer) => (said += data.toString()));
  const ended = new Promise<{ code: number | string; said: string }>((done) =>
    child.once("exit", (code, signal) => done({ code: code ?? signal ?? "?", said })),
  );
  return { child, ended };
}

/** The lines of all runs of a backend, as stored. */
async function storedLines(backend: string): Promise<string[]> {
  const [head = [], ...records] = readCsv(await (await server.send(`/v1/runs.csv?backend=${backend}`)).text());
  return records.map((record) => String(JSON.parse(record[head.indexOf("raw")] ?? ""))).sort();
}

/** What is left in a spool. */
const left = (spool: string) =>
  ["new", "tmp", "jobs", "rejected"].flatMap((part) => readdirSync(join(spool, part)).map((name) => `${part}/${name}`));

test("500 results arrive exactly once, whatever happens to network, agents, clocks and server", {
  timeout: 300_000,
}, async () => {
  const { uniform } = makeRandom(seed);
  const oneOf = <T>(values: readonly T[]): T => {
    const value = values[Math.floor(uniform() * values.length)];
    if (value === undefined) throw new Error("nothing to choose from");
    return value;
  };
  const proxy = await startFaultyProxy(uniform);
  proxy.target(server.url);
  const spool = join(folder, "spool");
  const settings = () => ({ server: proxy.url, spool, shell: oneOf(shells), clock: oneOf([0, 0, -31_536_000]) });
  let killed = 0;

  /** Runs an agent, which is killed after a moment of chance in every third case. */
  async function tried(...words: string[]): Promise<{ code: number | string; said: string }> {
    const { child, ended } = agent(settings(), ...words);
    const timer = uniform() < 0.35 ? setTimeout(() => child.kill("SIGKILL"), uniform() * 900) : null;
    const result = await ended;
    if (timer !== null) clearTimeout(timer);
    if (result.code === "SIGKILL") killed += 1;
    return result;
  }

  /** Posts until the agent says that it has taken all: what follows is its own matter. */
  async function post(numbers: readonly number[]): Promise<void> {
    for (;;) {
      const { code, said } = await tried("post", "--backend", "loop", ...numbers.map(fileOf));
      if (code === 0 || code === 3) return;
      if (code !== "SIGKILL") throw new Error(`post ended with ${code}:\n${said}`);
    }
  }

  /** Measures until it was measured: a command that has run must not be run again, its result must arrive. */
  async function measure(number: number): Promise<void> {
    const proof = join(folder, "results", `${number}.measured`);
    while (!existsSync(proof)) {
      const command = ["sh", "-c", 'cat "$1"; echo yes >"$2"', "-", fileOf(number), proof];
      const { code, said } = await tried("run", "--backend", "loop", "vm101", "xvda", "--", ...command);
      if (![0, 3, "SIGKILL"].includes(code)) throw new Error(`run ended with ${code}:\n${said}`);
      // A command outlives its agent: it has run when nothing of the run is alive any more.
      if (code === "SIGKILL") await new Promise((done) => setTimeout(done, 400));
    }
  }

  const numbers = Array.from({ length: RESULTS }, (_, n) => n);
  for (const n of numbers) writeFileSync(fileOf(n), `${lineOf(n)}\n`);
  const work: (() => Promise<void>)[] = [];
  for (let from = 0; from < RESULTS; from += BATCH) {
    const batch = numbers.slice(from, from + BATCH);
    const measured = batch.slice(0, 1);
    work.push(() => post(batch.slice(1)));
    for (const n of measured) work.push(() => measure(n));
  }
  const restarts = [10, 35].map((at) => ({ at, run: () => proxy.restart(300) }));
  const total = work.length;
  async function worker(): Promise<void> {
    for (let task = work.shift(); task !== undefined; task = work.shift()) {
      const done = total - work.length;
      const due = restarts.findIndex(({ at }) => at <= done);
      const [restart] = due < 0 ? [] : restarts.splice(due, 1);
      await Promise.all([task(), restart?.run()]);
      if (done === 20) {
        await server.end("SIGKILL");
        server = await startServerProcess({ dataDir });
        proxy.target(server.url);
      }
    }
  }
  await Promise.all([worker(), worker()]);

  proxy.heal();
  const last = await agent({ server: proxy.url, spool }, "flush", "--now").ended;
  await proxy.stop();
  expect(last).toMatchObject({ code: 0 });
  expect(await storedLines("loop")).toEqual(numbers.map(lineOf).sort());
  expect(left(spool)).toEqual([]);
  expect(killed).toBeGreaterThan(10);
  for (const fault of ["refused", "slow", "cut in the request", "cut in the answer", "502", "503", "429", "restart"]) {
    expect(proxy.happened[fault], fault).toBeGreaterThan(0);
  }
});

test("on a full disk results are refused or kept, never lost, and the spool still empties", {
  timeout: 120_000,
}, async () => {
  const spool = join(folder, "small");
  mkdirSync(spool);
  const mounted = mount(spool, "128k");
  // Where nothing may be mounted, no file may have more than 512 bytes, which is less than an upload has.
  if (!mounted)
    process.stderr.write("test/agent: mounting is not permitted here; ulimit -f stands for the full disk\n");
  const shellOf = (n: number) => (mounted ? shells[n % shells.length] : "sh test/agent/small-files.sh") ?? "sh";
  try {
    const taken: number[] = [];
    const refused: number[] = [];
    for (let n = 1000; refused.length < 3 && n < 1200; n += 1) {
      writeFileSync(fileOf(n), `${lineOf(n)}\n# label.filler: ${"x".repeat(190)}\n# label.more: ${"x".repeat(190)}\n`);
      const { code, said } = await agent(
        { server: "http://127.0.0.1:9", spool, shell: shellOf(n) },
        "post",
        "--backend",
        "qdisk",
        fileOf(n),
      ).ended;
      if (code === 3) taken.push(n);
      else {
        expect({ code, said }).toEqual({ code: 1, said: expect.stringMatching(/not taken|nothing was taken/) });
        refused.push(n);
      }
    }
    expect(refused).toHaveLength(3);
    expect(taken.length).toBeGreaterThan(mounted ? 5 : -1);
    expect(await agent({ server: server.url, spool }, "flush", "--now").ended).toMatchObject({ code: 0 });
    expect(left(spool)).toEqual([]);
    expect(await storedLines("qdisk")).toEqual(taken.map(lineOf).sort());
    const files = refused.map(fileOf);
    expect(await agent({ server: server.url, spool }, "post", "--backend", "qdisk", ...files).ended).toMatchObject({
      code: 0,
    });
    expect(await storedLines("qdisk")).toEqual([...taken, ...refused].map(lineOf).sort());
  } finally {
    if (mounted) unmount(spool);
  }
});
