// Against the real server: two agents at once post 500 results through a network that loses, delays and repeats, while they
// are killed at moments of chance, clocks are set back a year, and the server is killed, too. At the end there are exactly
// 500 runs. And on a disk that is full, nothing is lost.

import { type ChildProcess, spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeRandom } from "../../local/demo/generated-fleet.ts";
import { readCsv } from "../support/csv.ts";
import { buildServer, removeBuild, type ServerProcess, startServerProcess } from "../support/server-process.ts";
import { startFaultyProxy } from "./faulty-proxy.ts";
import { AGENT, COMMON_SHELLS, isInstalled, mount, TOOLS, unmount, whereIs } from "./shells.ts";

const RESULTS = 500;
/** Of every ten results one is measured by `run`, the others are posted in files of three. */
const TENS = RESULTS / 10;
const seed = 6;

// In memory where that is possible: to wait for a disk hundreds of times proves nothing here.
const folder = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "vbdstat-soak-"));
const dataDir = join(folder, "data");
const shells = COMMON_SHELLS.filter((shell) => isInstalled(shell.split(" ")[0] ?? ""));

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

/** Writes a file that holds result `n` and those after it. */
function write(n: number, count: number): void {
  const lines = Array.from({ length: count }, (_, at) => `${lineOf(n + at)}\n`);
  writeFileSync(fileOf(n), lines.join(""));
}

interface Agent {
  readonly child: ChildProcess;
  /** Exit code, or the signal that ended it; and what it said. */
  readonly ended: Promise<{ code: number | string; said: string }>;
}

interface Settings {
  readonly server: string;
  readonly spool: string;
  readonly shell?: string;
  /** The folder of programs that the agent finds; all of this machine's if not given. */
  readonly path?: string;
  /** Seconds that the clock is off. */
  readonly clock?: number;
}

function agent({ server: url, spool, shell = "sh", path, clock = 0 }: Settings, ...words: string[]): Agent {
  const [program = "sh", ...options] = shell.split(" ");
  const child = spawn(program, [...options, AGENT, ...words], {
    env: {
      PATH: `${folder}/bin:${process.env["PATH"]}`,
      REAL_DATE: "/bin/date",
      STUB_CLOCK: String(clock),
      ...(path === undefined ? {} : { VBDSTAT_PATH: path }),
      VBDSTAT_CONFIG: "/dev/null",
      VBDSTAT_SERVER: url,
      VBDSTAT_TOKEN_FILE: join(folder, "token"),
      VBDSTAT_SPOOL: spool,
      VBDSTAT_SPOOL_MAX_FILES: "600",
      VBDSTAT_BACKOFF_FIRST: "0",
      VBDSTAT_TIMEOUT: "5",
      VBDSTAT_LOCK_WAIT: "1",
      VBDSTAT_HOST: "dom0-1",
      VBDSTAT_ALLOW_BUSYBOX_WGET: "1",
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
    const timer = uniform() < 0.35 ? setTimeout(() => child.kill("SIGKILL"), uniform() * 500) : null;
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

  const work: (() => Promise<void>)[] = [];
  for (let ten = 0; ten < TENS; ten += 1) {
    const first = 10 * ten;
    write(first, 1);
    const posted = [first + 1, first + 4, first + 7];
    for (const n of posted) write(n, 3);
    work.push(
      () => measure(first),
      () => post(posted),
    );
  }
  const restarts = [20, 60].map((at) => ({ at, run: () => proxy.restart(300) }));
  const total = work.length;
  async function worker(): Promise<void> {
    for (let task = work.shift(); task !== undefined; task = work.shift()) {
      const done = total - work.length;
      const due = restarts.findIndex(({ at }) => at <= done);
      const [restart] = due < 0 ? [] : restarts.splice(due, 1);
      await Promise.all([task(), restart?.run()]);
      if (done === 40) {
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
  expect(await storedLines("loop")).toEqual(Array.from({ length: RESULTS }, (_, n) => lineOf(n)).sort());
  expect(left(spool)).toEqual([]);
  // How many moments of chance fall into an agent's life depends on how fast the machine is.
  expect(killed).toBeGreaterThan(2);
  for (const fault of ["refused", "slow", "cut in the request", "cut in the answer", "502", "503", "429", "restart"]) {
    expect(proxy.happened[fault], fault).toBeGreaterThan(0);
  }
});

test("without curl GNU wget delivers, and busybox wget does where it may, after a warning, each hearing refusals right", async () => {
  const expected = ["wget", "busybox"].filter(isInstalled);
  for (const [at, program] of expected.entries()) {
    const bin = join(folder, `bin-${program}`);
    mkdirSync(bin);
    for (const tool of TOOLS) symlinkSync(whereIs(tool), join(bin, tool));
    symlinkSync(whereIs(program), join(bin, "wget"));
    const spool = join(folder, `spool-${program}`);
    const wrong = join(folder, `token-${program}`);
    writeFileSync(wrong, "vbd_wrong\n", { mode: 0o600 });
    const run = (...words: string[]) => agent({ server: server.url, spool, path: bin }, ...words).ended;
    write(2000 + at, 1);
    const refused = await run("post", "--token-file", wrong, "--backend", "virtio", fileOf(2000 + at));
    expect(refused).toMatchObject({ code: 5, said: expect.stringContaining("rejects this token (401)") });
    const delivered = await run("flush", "--now");
    expect(delivered).toMatchObject({ code: 0, said: expect.stringContaining("stored 1, duplicate 0, rejected 0") });
    expect(delivered.said.includes("exposes the token to every user")).toBe(program === "busybox");
    writeFileSync(fileOf(3000 + at), "this is no result\n");
    // busybox does not show why it was refused, nor by whom: then it is kept.
    expect(await run("post", "--backend", "virtio", fileOf(3000 + at))).toMatchObject({
      code: program === "busybox" ? 3 : 4,
    });
    expect(
      await agent({ server: "http://127.0.0.1:9", spool, path: bin }, "post", "--backend", "virtio", fileOf(2000))
        .ended,
    ).toMatchObject({ code: 3 });
  }
  expect(await storedLines("virtio")).toEqual(expected.map((_, at) => lineOf(2000 + at)));
  expect(
    await agent(
      { server: "https://127.0.0.1:9", spool: join(folder, "spool-tls"), path: join(folder, "bin-busybox") },
      "post",
      "--backend",
      "virtio",
      fileOf(2000),
    ).ended,
  ).toMatchObject({
    code: 2,
    said: expect.stringContaining("does not verify https servers"),
  });
});

test("a rejected line is reported by its number in the posted file, with its number in the upload where that is kept", async () => {
  const spool = join(folder, "spool-lines");
  const run = (...words: string[]) => agent({ server: server.url, spool }, ...words).ended;
  const [good, bad] = [lineOf(4000), lineOf(4001).replace("93549", "12x")];
  writeFileSync(fileOf(4000), `noise\n${good}\n${good}\n${bad}\n`);
  const { code, said } = await run("post", "--backend", "vnd", fileOf(4000));
  expect({ code, said }).toEqual({ code: 4, said: expect.stringMatching(/: line 4, column \d+, put_block: .*"12x"/) });
  const [upload = "", answer = ""] = left(spool).filter((name) => name.startsWith("rejected/"));
  const kept = readFileSync(join(spool, upload), "utf8").split("\n");
  const here = (line: string) => kept.flatMap((text, at) => (text === line ? [at + 1] : []));
  const places = [...here(good), ...here(bad)];
  expect(readFileSync(join(spool, answer), "utf8").match(/^line \d+ \(here \d+\)/gm)).toEqual(
    places.map((at, index) => `line ${index + 2} (here ${at})`),
  );
  expect(await run("post", "--backend", "vnd", "--fact", "sight=fra", fileOf(4000))).toMatchObject({
    code: 4,
    said: expect.stringMatching(/error bad_parameter: added line \d: .*sight/),
  });
});

test("on a full disk results are refused or kept, never lost, and the spool still empties", {
  timeout: 120_000,
}, async () => {
  const spool = join(folder, "small");
  mkdirSync(spool);
  const mounted = mount(spool, "128k");
  // Where nothing may be mounted, no file may have more than 512 bytes, which is less than an upload has.
  if (!mounted) process.stderr.write("test/agent: mounting is not permitted here; ulimit -f simulates the full disk\n");
  const shellOf = (n: number) => (mounted ? shells[n % shells.length] : "sh test/agent/small-files.sh") ?? "sh";
  try {
    const taken: number[] = [];
    const refused: number[] = [];
    for (let n = 1000; refused.length < 3 && n < 1200; n += 1) {
      writeFileSync(fileOf(n), `${lineOf(n)}\n# label.filler: ${"x".repeat(190)}\n# label.more: ${"x".repeat(190)}\n`);
      const { code, said } = await agent(
        { server: "", spool, shell: shellOf(n) },
        "post",
        "--backend",
        "qdisk",
        fileOf(n),
      ).ended;
      if (code === 0) taken.push(n);
      else {
        expect({ code, said }).toEqual({ code: 1, said: expect.stringMatching(/not accepted|nothing was accepted/) });
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
