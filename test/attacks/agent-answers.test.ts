// Servers that mean harm, and what stands between: answers and heads without end, answers of a byte now and then, redirections.
// The agent reads a bounded part in a bounded time, whatever sends for it, in memory and files as a small Dom0 has them.

import { type ChildProcess, spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { AGENT, isInstalled, TOOLS, whereIs } from "../agent/shells.ts";

const CLIENTS = ["curl", "wget", "busybox"].filter(isInstalled);
const folder = mkdtempSync(join(tmpdir(), "vbdstat-answers-"));
/** What the agent's processes may hold together: a Dom0 has 1 GB, and more to do. */
const MEMORY_MB = 100;
const LINE = `vm101,2064M,1,96,93549,20,38118,10,54955,76,131645,8,249.1,0,16,29488,79${",+++++,+++".repeat(5)}\n`;

beforeAll(() => {
  for (const client of CLIENTS) {
    const bin = join(folder, `bin-${client}`);
    mkdirSync(bin);
    for (const tool of TOOLS) symlinkSync(whereIs(tool), join(bin, tool));
    symlinkSync(whereIs(client), join(bin, client === "curl" ? "curl" : "wget"));
  }
  writeFileSync(join(folder, "token"), "vbd_secret\n", { mode: 0o600 });
  writeFileSync(join(folder, "1.csv"), LINE);
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Server {
  readonly url: string;
  /** The heads of all requests. */
  readonly heads: string[];
  stop(): void;
}

/** A server that answers each request by writing to its socket whatever it likes. */
async function serve(answer: (socket: Socket, head: string) => void): Promise<Server> {
  const sockets = new Set<Socket>();
  const heads: string[] = [];
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    let received = "";
    socket.on("data", (data) => {
      const before = received;
      received += data.toString("latin1");
      if (before.includes("\r\n\r\n") || !received.includes("\r\n\r\n")) return;
      heads.push(received);
      answer(socket, received);
    });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  // The address of a server that listens on a port is never text or null.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    heads,
    stop: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

/** Writes pieces until the other side has gone, or some GB are written. */
function flood(socket: Socket, piece: Buffer): void {
  const write = () => {
    while (!socket.destroyed && socket.bytesWritten < 4e9 && socket.write(piece));
  };
  socket.on("drain", write);
  write();
}

/** Megabytes that a process and all that it started hold now. */
function memoryOf(pid: number): number {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean);
    const own = Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) / 1024;
    return own + children.reduce((sum, child) => sum + memoryOf(Number(child)), 0);
  } catch {
    // It has ended meanwhile.
    return 0;
  }
}

/** Runs the agent, with files of at most 1 MB, until it ends. */
async function agent(client: string, server: string, timeout = "10") {
  const spool = mkdtempSync(join(folder, "spool-"));
  const words = ["post", "--backend", "loop", join(folder, "1.csv")];
  const child: ChildProcess = spawn("sh", ["-c", 'ulimit -f 2000; exec sh "$@"', "-", AGENT, ...words], {
    env: {
      VBDSTAT_PATH: join(folder, `bin-${client}`),
      PATH: process.env["PATH"],
      VBDSTAT_CONFIG: "/dev/null",
      VBDSTAT_HOST: "dom0-1",
      VBDSTAT_SERVER: server,
      VBDSTAT_TOKEN_FILE: join(folder, "token"),
      VBDSTAT_SPOOL: spool,
      VBDSTAT_TIMEOUT: timeout,
      VBDSTAT_ALLOW_BUSYBOX_WGET: "1",
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (data: Buffer) => (said += data.toString()));
  let most = 0;
  const watch = setInterval(() => (most = Math.max(most, memoryOf(child.pid ?? 0))), 10);
  const code = await new Promise<number | string>((done) =>
    child.once("close", (status, signal) => done(status ?? signal ?? "?")),
  );
  clearInterval(watch);
  const left = (part: string) => readdirSync(join(spool, part)).map((name) => join(spool, part, name));
  return { code, said, most, waiting: left("new").length, rejected: left("rejected"), unfinished: left("tmp") };
}

const piece = Buffer.from(`${"x".repeat(1023)}\n`.repeat(64));
const head = (status: string) => `HTTP/1.1 ${status}\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n`;

describe.concurrent.each(CLIENTS)("%s", (client) => {
  const all: [string, string, number][] = [
    ["200 OK", "stored 1, duplicate 0, rejected 0\n", 0],
    [
      "422 Unprocessable",
      "stored 0, duplicate 0, rejected 1\nline 7: bad [bad_number]\n",
      client === "busybox" ? 3 : 4,
    ],
    ["403 Forbidden", "error forbidden: line 7: this token is for other hosts\n", 5],
    ["400 Bad Request", "error no_result: nothing\n", client === "busybox" ? 3 : 4],
    ["413 Too Large", "<html>", 3],
    ["500 Oops", "", 3],
  ];
  // What is read of an answer does not depend on its status: the whole list is tried with the client that most hosts have.
  test.each(client === "curl" ? all : all.slice(0, 3))(
    "an endless answer %s costs no memory, and its beginning counts",
    async (status, beginning, expected) => {
      const server = await serve((socket) => {
        socket.write(head(status) + beginning);
        flood(socket, piece);
      });
      const { code, said, most, rejected, waiting, unfinished } = await agent(client, server.url);
      server.stop();
      expect({ code, said }).toEqual({ code: expected, said: expect.any(String) });
      expect(most).toBeLessThan(MEMORY_MB);
      expect(waiting).toBe(expected === 3 || expected === 5 ? 1 : 0);
      for (const file of rejected) expect(statSync(file).size).toBeLessThan(20_000);
      expect(rejected).toHaveLength(expected === 4 ? 2 : 0);
      expect(unfinished).toEqual([]);
    },
  );

  test("so does an endless head, and one line without end", async () => {
    for (const endless of [
      Buffer.from(`X-Filler: ${"x".repeat(200)}\r\n`.repeat(300)),
      Buffer.from("x".repeat(65_536)),
    ]) {
      const server = await serve((socket) => {
        socket.write("HTTP/1.1 200 OK\r\n");
        flood(socket, endless);
      });
      const { code, most, waiting } = await agent(client, server.url, "1");
      server.stop();
      expect(code).toBe(3);
      expect(waiting).toBe(1);
      expect(most).toBeLessThan(MEMORY_MB);
    }
  });

  test("an answer that drips never ends, and the agent does", { timeout: 30_000 }, async () => {
    const server = await serve((socket) => {
      socket.write("HTTP/1.1 503 Later\r\nRetry-After: 0009\r\nX-Drip: ");
      const timer = setInterval(() => (socket.destroyed ? clearInterval(timer) : socket.write("x")), 200);
    });
    const { code, waiting } = await agent(client, server.url, "1");
    server.stop();
    expect(code).toBe(3);
    expect(waiting).toBe(1);
  });

  test("the token goes nowhere but to the server", async () => {
    const elsewhere = await serve((socket) => socket.end(`${head("201 Created")}stored 1, duplicate 0, rejected 0\n`));
    const server = await serve((socket) => {
      const location = `Location: ${elsewhere.url}/stolen`;
      socket.end(`HTTP/1.1 307 Temporary Redirect\r\n${location}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
    });
    const { code, waiting } = await agent(client, server.url);
    server.stop();
    elsewhere.stop();
    expect({ code, waiting }).toEqual({ code: 3, waiting: 1 });
    expect(elsewhere.heads.filter((received) => received.includes("vbd_secret"))).toEqual([]);
  });
});

test("nothing is left in memory's own file system", () => {
  const left = existsSync("/dev/shm")
    ? readdirSync("/dev/shm").filter((name) => name.startsWith("vbdstat-agent."))
    : [];
  expect(left).toEqual([]);
});
