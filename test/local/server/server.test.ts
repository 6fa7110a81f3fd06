import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { isRunning, readIdentityFile } from "../../../local/server/process-identity.ts";
import { startTestEngine } from "../../support/engine.ts";
import { pathWithout } from "../../support/programs.ts";
import {
  BUNDLE,
  buildServer,
  removeBuild,
  runServer,
  type ServerProcess,
  startServerProcess,
} from "../../support/server-process.ts";

const LOOP = readFileSync("local/demo/samples/seed-loop.csv");

let folder: string;
let dataDir: string;
const started: ServerProcess[] = [];

beforeAll(buildServer);
afterAll(removeBuild);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "vbdstat-test-"));
  dataDir = join(folder, "data");
});

afterEach(async () => {
  for (const server of started.splice(0))
    if (server.process.exitCode === null && server.process.signalCode === null) await server.end("SIGTERM");
  rmSync(folder, { recursive: true, force: true });
});

async function start(environment?: Record<string, string>): Promise<ServerProcess> {
  const server = await startServerProcess({ dataDir, ...(environment && { environment }) });
  started.push(server);
  return server;
}

const post = (server: ServerProcess, query = "?backend=loop") =>
  server.send(`/v1/results${query}`, { method: "POST", body: LOOP });

describe("an operator starts the server", () => {
  test("the first start creates an admin token, readable by its owner only, and prints its file but not its secret", async () => {
    const first = await start();
    expect(first.output()).not.toContain(first.token);
    expect(first.output()).toContain(`created the admin token; it is in ${join(dataDir, "admin-token")}`);
    expect(statSync(join(dataDir, "admin-token")).mode & 0o777).toBe(0o600);
    expect(await first.end("SIGTERM")).toBe(0);
    const second = await start();
    expect(second.token).toBe(first.token);
    expect(second.output()).not.toContain(first.token);
  });

  test("VBDSTAT_ADMIN_TOKEN sets the token instead; it is neither printed nor written down", async () => {
    const secret = "a-secret-of-the-operator";
    const server = await start({ VBDSTAT_ADMIN_TOKEN: secret });
    expect((await server.send("/v1/tokens")).status).toBe(200);
    expect(server.output()).not.toContain(secret);
    expect(existsSync(join(dataDir, "admin-token"))).toBe(false);
  });

  test("results are still there after a restart", async () => {
    const first = await start();
    expect((await post(first)).status).toBe(201);
    expect(await first.end("SIGTERM")).toBe(0);
    const second = await start();
    expect((await post(second)).status).toBe(200);
  });

  test("a posted result is aggregated without anybody asking", async () => {
    const server = await start();
    await post(server);
    await server.untilAggregated();
    expect(await (await server.send("/v1/status")).json()).toMatchObject({
      runs: 1,
      hosts: 1,
      quarantined: 0,
      engine: "embedded",
    });
  });

  test("with another DynamoDB it starts no engine, and does not reveal its endpoint", async () => {
    const elsewhere = await startTestEngine();
    const server = await start({ DYNAMODB_ENDPOINT: elsewhere.endpoint });
    expect((await post(server)).status).toBe(201);
    expect(await (await server.send("/v1/status")).json()).toMatchObject({ engine: "dynamodb" });
    expect(existsSync(join(dataDir, "vbdstat.db"))).toBe(false);
    await server.end("SIGTERM");
    await elsewhere.stop();
  });

  test("every request is one line that a person can read, without the token", async () => {
    const server = await start();
    await post(server);
    expect(server.output()).toMatch(
      /^\d{4}-\S+Z POST \/v1\/results 201 \d+ ms default\/[0-9a-f]{8} stored 1, duplicate 0, rejected 0 \[\S+\]$/m,
    );
    expect(server.output()).not.toContain(server.token);
  });
});

describe("an operator stops the server", () => {
  test.each(["SIGTERM", "SIGINT"] as const)(
    "%s ends it with 0, the engine too, and frees the folder",
    async (signal) => {
      const server = await start();
      const engine = readIdentityFile(join(dataDir, "engine"));
      expect(engine !== null && isRunning(engine)).toBe(true);
      expect(await server.end(signal)).toBe(0);
      expect(engine !== null && isRunning(engine)).toBe(false);
      expect((await (await start()).send("/healthz")).status).toBe(200);
    },
  );

  test("a request that is being sent is answered first", async () => {
    const server = await start();
    let finishBody: () => void = () => undefined;
    const body = new ReadableStream({
      start: (controller) => {
        controller.enqueue(LOOP.subarray(0, 40));
        finishBody = () => {
          controller.enqueue(LOOP.subarray(40));
          controller.close();
        };
      },
    });
    const answer = server.send("/v1/results?backend=loop", { method: "POST", body, duplex: "half" } as RequestInit);
    await new Promise((resolve) => setTimeout(resolve, 200));
    // Connections are accepted in their order: with this answer the server has begun to read the request, however slow it is.
    expect((await server.send("/healthz")).status).toBe(200);
    const ended = server.end("SIGTERM");
    await new Promise((resolve) => setTimeout(resolve, 200));
    finishBody();
    expect((await answer).status).toBe(201);
    expect(await ended).toBe(0);
  });
});

describe("a failed start gives its reason", () => {
  test("another server on the same folder", async () => {
    await start();
    const second = await runServer({ dataDir });
    expect(second.code).toBe(1);
    expect(second.output).toMatch(/data folder \S+ is in use by another vbdstat \(process \d+\)/);
  });

  test("a port that is taken", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => taken.once("listening", resolve));
    const address = taken.address();
    const port = address !== null && typeof address === "object" ? String(address.port) : "";
    const { code, output } = await runServer({ dataDir, environment: { PORT: port } });
    taken.close();
    expect(code).toBe(1);
    expect(output).toContain(`port ${port} on 127.0.0.1 is in use`);
    expect((await (await start()).send("/healthz")).status).toBe(200);
  });

  test("a folder that cannot be written", async () => {
    writeFileSync(join(folder, "file"), "");
    const { code, output } = await runServer({ dataDir: join(folder, "file", "data") });
    expect(code).toBe(1);
    expect(output).toContain("cannot be written");
    expect(output).toContain("Set DATA_DIR");
  });

  test("a file that is not a database, or a damaged one", async () => {
    mkdirSync(dataDir);
    writeFileSync(join(dataDir, "vbdstat.db"), "this is no database");
    const { code, output } = await runServer({ dataDir });
    expect(code).toBe(1);
    expect(output).toMatch(/vbdstat.db is damaged: .*not a database|it cannot use \S*vbdstat.db/);
    expect(output).toMatch(/restore the backup/i);
  });

  test("a DynamoDB that cannot be reached is named, with the reason and without a stack", async () => {
    const { code, output } = await runServer({ dataDir, environment: { DYNAMODB_ENDPOINT: "http://127.0.0.1:1" } });
    expect(code).toBe(1);
    expect(output).toBe(
      "vbdstat does not start: table vbdstat at http://127.0.0.1:1 cannot be used: connect ECONNREFUSED 127.0.0.1:1\n",
    );
  });

  test("a platform without an engine", async () => {
    cpSync(BUNDLE, join(folder, "dist"), { recursive: true });
    const program = join(folder, "dist", "main.js");
    const { code, output } = await runServer({ dataDir, program, environment: { PATH: "/nowhere" } });
    expect(code).toBe(1);
    expect(output).toContain("no embedded engine for this platform");
    expect(output).toContain("DYNAMODB_ENDPOINT");
  });

  test.each([
    ["PORT", "eighty", "PORT: expected a port from 0 to 65535"],
    ["PORT", "70000", "PORT: "],
    ["DYNAMODB_ENDPOINT", "localhost", "DYNAMODB_ENDPOINT: expected a URL"],
    ["TABLE_NAME", "a", "TABLE_NAME: expected 3 to 255"],
    ["VBDSTAT_ADMIN_TOKEN", "s3cr3t", "VBDSTAT_ADMIN_TOKEN: expected at least 16"],
    ["VBDSTAT_ADMIN_TOKEN", "no header can hold it", "VBDSTAT_ADMIN_TOKEN: expected at least 16"],
  ])("the setting %s=%s", async (name, value, message) => {
    const { code, output } = await runServer({ dataDir, environment: { [name]: value } });
    expect(code).toBe(1);
    expect(output).toContain(message);
    if (name === "VBDSTAT_ADMIN_TOKEN") expect(output).not.toContain(value);
  });
});

describe("things that die", () => {
  // Without setpriv nothing ends the engine with its server, as on other systems than Linux.
  const withoutSetpriv = () => ({ PATH: pathWithout(folder, "setpriv") });

  test("a server killed with -9 takes its engine along, and leaves the folder free", async () => {
    const first = await start();
    const engine = readIdentityFile(join(dataDir, "engine"));
    expect((await post(first)).status).toBe(201);
    await first.end("SIGKILL");
    while (engine !== null && isRunning(engine)) await new Promise((resolve) => setTimeout(resolve, 20));
    expect((await post(await start())).status).toBe(200);
  });

  test("a server killed with -9 leaves a lock and an engine; the next one takes over both and loses nothing", async () => {
    const first = await start(withoutSetpriv());
    const engine = readIdentityFile(join(dataDir, "engine"));
    expect((await post(first)).status).toBe(201);
    await first.end("SIGKILL");
    expect(engine !== null && isRunning(engine)).toBe(true);
    const second = await start();
    expect(engine !== null && isRunning(engine)).toBe(false);
    expect((await post(second)).status).toBe(200);
  });

  test("an engine that its server could not write down before it was killed is found by its database", async () => {
    const first = await start(withoutSetpriv());
    const engine = readIdentityFile(join(dataDir, "engine"));
    await first.end("SIGKILL");
    rmSync(join(dataDir, "engine"));
    expect(engine !== null && isRunning(engine)).toBe(true);
    await start();
    expect(engine !== null && isRunning(engine)).toBe(false);
  });

  test("an engine that dies is restarted; until then clients get 503 with Retry-After", async () => {
    const server = await start();
    const engine = readIdentityFile(join(dataDir, "engine"));
    process.kill(engine?.pid ?? 0, "SIGKILL");
    const answers: number[] = [];
    for (let tries = 0; tries < 100 && !answers.includes(201); tries += 1) {
      const answer = await post(server, `?backend=loop&run=${tries}`);
      answers.push(answer.status);
      if (answer.status === 503) expect(answer.headers.get("Retry-After")).toBe("10");
    }
    expect(answers.at(-1)).toBe(201);
    expect(answers.filter((status) => status !== 201 && status !== 503)).toEqual([]);
    expect(server.output()).toContain("the engine ended (SIGKILL); restarting it");
  });
});
