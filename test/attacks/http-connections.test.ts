// Connections of clients that do not wait, do not read, do not send, or hold more of them than there is room for. When one of
// these fails, a single stranger can fill the memory of the server or take everybody's turn.

import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { connect, type Socket } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { takingTurns } from "../../functions/runtime/turns.ts";
import { CONNECTION_LIMITS, type HttpServer, startHttpServer } from "../../local/server/http-server.ts";
import { deafConnection } from "../support/flood.ts";

type Answer = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

const sockets: Socket[] = [];
let server: HttpServer;
let told: string[];

async function start(answer: Answer, limits: Partial<Record<keyof typeof CONNECTION_LIMITS, number>> = {}) {
  told = [];
  server = await startHttpServer({ host: "127.0.0.1", port: 0, onEnded: (words) => told.push(words), limits });
  server.answer(answer);
}

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await server.close();
});

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

async function deaf(): Promise<Socket> {
  const socket = await deafConnection(server.url);
  sockets.push(socket);
  return socket;
}

/** A connection, and everything that came back on it. */
async function reading(): Promise<{ socket: Socket; text: () => string; ended: Promise<unknown> }> {
  const { port, hostname } = new URL(server.url);
  const socket = connect(Number(port), hostname);
  sockets.push(socket);
  let text = "";
  socket.on("data", (data) => (text += data.toString("latin1")));
  socket.on("error", () => undefined);
  const ended = new Promise((resolve) => socket.once("close", resolve));
  await once(socket, "connect");
  return { socket, text: () => text, ended };
}

/** Whether the server has ended a connection that nobody reads from: it tells those who send. */
async function isEnded(socket: Socket): Promise<boolean> {
  if (!socket.destroyed) socket.write("x");
  await pause(50);
  if (!socket.destroyed) socket.write("x");
  await pause(50);
  return socket.destroyed;
}

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: vbdstat\r\n\r\n`;

const plain: Answer = async (_, response) => {
  response.end("answer");
};

describe("requests without waiting", () => {
  test("20 000 at once, with nobody reading: few are begun, one at a time, and the connection is lost", async () => {
    let begun = 0;
    let atOnce = 0;
    let mostAtOnce = 0;
    await start(async (_, response) => {
      begun += 1;
      atOnce += 1;
      mostAtOnce = Math.max(mostAtOnce, atOnce);
      await pause(1);
      response.end("x".repeat(100_000));
      atOnce -= 1;
    });
    const before = process.memoryUsage.rss();
    const socket = await deaf();
    socket.write(get("/docs").repeat(20_000));
    while (!(await isEnded(socket))) await pause(10);
    expect(begun).toBeLessThanOrEqual(CONNECTION_LIMITS.requestsAtOnce);
    expect(mostAtOnce).toBeLessThanOrEqual(1);
    expect(process.memoryUsage.rss() - before).toBeLessThan(100 * 1_048_576);
    expect((await fetch(server.url)).status).toBe(200);
  });

  test("a few are answered in their order, each when the one before has its answer", async () => {
    const log: string[] = [];
    await start(async (request, response) => {
      log.push(`begin ${request.url}`);
      await pause(5);
      log.push(`end ${request.url}`);
      response.end(request.url);
    });
    const { socket, text } = await reading();
    socket.write(["/a", "/b", "/c", "/d"].map(get).join(""));
    while (!text().includes("/d")) await pause(5);
    expect(text().match(/\/[abcd]\r?$|\/[abcd](?=HTTP)/gm)).toEqual(["/a", "/b", "/c", "/d"]);
    expect(log).toEqual(["/a", "/b", "/c", "/d"].flatMap((path) => [`begin ${path}`, `end ${path}`]));
  });

  test("large answers and bodies between them come through whole", async () => {
    await start(async (request, response) => {
      let bytes = 0;
      for await (const piece of request) bytes += (piece as Buffer).length;
      response.end(`${"x".repeat(3_000_000)}[${request.method} ${bytes}]`);
    });
    const { socket, text } = await reading();
    const post = (bytes: number) =>
      `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${bytes}\r\n\r\n${"b".repeat(bytes)}`;
    const chunked = `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2000\r\n${"c".repeat(0x2000)}\r\n0\r\n\r\n`;
    socket.write([post(0), post(1_000_000), chunked, get("/"), post(1_500), get("/"), post(70_000)].join(""));
    while (!text().includes("[POST 70000]")) await pause(5);
    const answers = ["POST 0", "POST 1000000", "POST 8192", "GET 0", "POST 1500", "GET 0", "POST 70000"];
    expect([...text().matchAll(/\[(.*?)\]/g)].map(([, answer]) => answer)).toEqual(answers);
    expect(text().split("x".repeat(3_000_000))).toHaveLength(8);
  });

  test("two hundred connections full of them: few are begun, and the others are not even parsed", async () => {
    let begun = 0;
    await start(async (_, response) => {
      begun += 1;
      response.end("x".repeat(100_000));
    });
    const crowd = await Promise.all(Array.from({ length: 200 }, deaf));
    for (const socket of crowd) socket.write(get("/docs").repeat(1_500));
    expect((await fetch(server.url)).status).toBe(200);
    await Promise.all(
      crowd.map(async (socket) => {
        while (!(await isEnded(socket))) await pause(10);
      }),
    );
    expect(begun).toBeLessThanOrEqual(1 + 200 * CONNECTION_LIMITS.requestsAtOnce);
  });

  test("one after the other there may be as many as one likes", async () => {
    await start(plain);
    const { socket, text } = await reading();
    for (let count = 1; count <= 50; count += 1) {
      socket.write(get("/"));
      while (text().split("200 OK").length <= count) await pause(1);
    }
  });
});

describe("bodies", () => {
  const upload: Answer = async (request, response) => {
    let bytes = 0;
    try {
      for await (const piece of request) bytes += (piece as Buffer).length;
      response.end(`got ${bytes}`);
    } catch {
      response.destroy();
    }
  };
  const head = (bytes: number) => `POST / HTTP/1.1\r\nHost: vbdstat\r\nContent-Length: ${bytes}\r\n\r\n`;

  test("that come too slowly are given up with 408; a slow line that keeps its rate is not", async () => {
    await start(upload, { bodyMs: 500, bodyBytesPerSecond: 1_000 });
    const [slow, steady] = [await reading(), await reading()];
    slow.socket.write(head(10_000));
    steady.socket.write(head(10_000));
    for (let piece = 0; piece < 10; piece += 1) {
      if (!slow.socket.destroyed) slow.socket.write("x");
      steady.socket.write("x".repeat(1_000));
      await pause(125);
    }
    await slow.ended;
    expect(slow.text()).toContain("408 Request Timeout");
    while (!steady.text().includes("got 10000")) await pause(5);
  });

  test("that nobody has read yet are not called slow", async () => {
    await start(
      async (request, response) => {
        await pause(1_100);
        await upload(request, response);
      },
      { bodyMs: 200 },
    );
    const { socket, text } = await reading();
    socket.write(head(300_000));
    socket.write("x".repeat(300_000));
    while (!text().includes("got 300000")) await pause(5);
  });

  test("that were refused are heard out, but not of many at once", async () => {
    await start(
      async (_, response) => {
        response.writeHead(413).end();
      },
      { rejectedBodyMs: 60_000 },
    );
    const crowd = [];
    for (let index = 0; index < 30; index += 1) {
      const one = await reading();
      one.socket.write(head(1_000_000));
      one.socket.write("x".repeat(1_000));
      crowd.push(one);
    }
    await pause(300);
    const open = crowd.filter(({ socket }) => !socket.destroyed);
    expect(open).toHaveLength(16);
    for (const { text } of open) expect(text()).toContain("413");
  });

  const chunked = (method: string) => `${method} / HTTP/1.1\r\nHost: vbdstat\r\nTransfer-Encoding: chunked\r\n\r\n`;

  test.each(["GET", "HEAD", "POST"])(
    "of a %s that was answered without them: the rest is taken for a moment",
    async (method) => {
      await start(plain, { rejectedBodyMs: 300 });
      const [steady, trailing] = [await reading(), await reading()];
      steady.socket.write(chunked(method));
      trailing.socket.write(`${chunked(method)}0\r\na: `);
      while (!steady.text().includes("200 OK") || !trailing.text().includes("200 OK")) await pause(5);
      const trickle = setInterval(() => {
        steady.socket.write(`100\r\n${"x".repeat(256)}\r\n`);
        trailing.socket.write("b");
      }, 20);
      await Promise.all([steady.ended, trailing.ended]);
      clearInterval(trickle);
    },
  );

  test("that were refused hold the places of those heard out for a moment only", async () => {
    await start(plain, { rejectedBodyMs: 300 });
    const holders = await Promise.all(Array.from({ length: 16 }, reading));
    for (const { socket } of holders) socket.write(chunked("GET"));
    await Promise.all(holders.map(({ ended }) => ended));
    const { socket, text } = await reading();
    for (let count = 1; count <= 20; count += 1) {
      socket.write(chunked("POST"));
      while (text().split("200 OK").length <= count) await pause(1);
      socket.write("1\r\na\r\n0\r\n\r\n");
    }
    expect(socket.destroyed).toBe(false);
  });

  test("in a million tiny chunks end the connection within the first few", async () => {
    let parts = 0;
    await start(async (request, response) => {
      try {
        for await (const _ of request) parts += 1;
      } catch {
        response.destroy();
      }
    });
    const { socket, text, ended } = await reading();
    socket.write(chunked("POST"));
    socket.write("1\r\na\r\n".repeat(1_000_000));
    await ended;
    expect(text()).toContain("400 Bad Request");
    expect(parts).toBeLessThan(2 * CONNECTION_LIMITS.chunks);
  });

  test("in tiny chunks that nobody asked for end it as soon", async () => {
    await start(plain, { rejectedBodyMs: 60_000 });
    const { socket, text, ended } = await reading();
    socket.write(chunked("GET"));
    while (!text().includes("200 OK")) await pause(5);
    const chunks = setInterval(() => socket.write("1\r\na\r\n".repeat(100)), 10);
    await ended;
    clearInterval(chunks);
    expect(socket.bytesWritten).toBeLessThan(100_000);
  });

  test("in many chunks of some size come through whole, wherever the network cuts them", async () => {
    await start(upload);
    const { socket, text } = await reading();
    socket.setNoDelay(true);
    socket.write(chunked("POST"));
    socket.write(`40\r\n${"x".repeat(64)}\r\n`.repeat(10_000));
    for (const byte of "1\r\na\r\n".repeat(100)) socket.write(byte);
    socket.write("0\r\n\r\n");
    while (!text().includes("got 640100")) await pause(5);
  });

  test("that are left unfinished hold no more than there is room for: the first to come goes first", async () => {
    await start(upload, { unfinishedBytes: 1_000_000 });
    const held = [];
    for (let index = 0; index < 4; index += 1) {
      const one = await reading();
      one.socket.write(head(1_000_000));
      one.socket.write("x".repeat(400_000));
      held.push(one);
    }
    await Promise.all([held[0]?.ended, held[1]?.ended]);
    for (const { socket, text } of held.slice(2)) {
      socket.write("x".repeat(600_000));
      while (!text().includes("got 1000000")) await pause(5);
    }
  });
});

test("blank lines do not keep a connection open", async () => {
  await start(plain, { keepAliveMs: 1_000 });
  const { socket, text, ended } = await reading();
  socket.write(get("/"));
  while (!text().includes("200 OK")) await pause(5);
  socket.write(`\r\n${get("/")}`);
  while (text().split("200 OK").length < 3) await pause(5);
  const lines = setInterval(() => socket.write("\r\n"), 100);
  await ended;
  clearInterval(lines);
});

describe("answers that nobody takes", () => {
  const large = Buffer.alloc(20_000_000, "x");
  const answer: Answer = async (_, response) => {
    response.end(large);
  };

  test("are dropped after a while; an answer that takes long to work out is not", async () => {
    await start(
      async (request, response) => {
        if (request.url === "/late") await pause(1_000);
        response.end(request.url === "/late" ? "late" : large);
      },
      { unreadMs: 300 },
    );
    const socket = await deaf();
    socket.write(get("/"));
    const { socket: other, text } = await reading();
    other.write(get("/late"));
    while (!text().includes("late")) await pause(5);
    expect(await isEnded(socket)).toBe(true);
  });

  test("hold no more than there is room for: those that wait the longest go first", async () => {
    await start(answer, { unreadBytes: 50_000_000 });
    const waiting: Socket[] = [];
    for (let index = 0; index < 5; index += 1) {
      const socket = await deaf();
      waiting.push(socket);
      socket.write(get("/"));
      await pause(30);
    }
    const ended = await Promise.all(waiting.map(isEnded));
    expect(ended.slice(0, 2)).toEqual([true, true]);
    expect(ended.at(-1)).toBe(false);
    expect((await (await fetch(server.url)).arrayBuffer()).byteLength).toBe(large.length);
  });
});

const POST = "POST / HTTP/1.1\r\nHost: vbdstat\r\nContent-Length: 1\r\n\r\nx";

/** Connects so many times, and prints how many of them the system has taken when all are, or when nothing more comes. */
const CONNECT_MANY = `
  const [port, many] = process.argv.slice(1).map(Number);
  let taken = 0;
  const end = () => { console.log(taken); process.exit(0); };
  let quiet = setTimeout(end, 500);
  for (let index = 0; index < many; index += 1) {
    require("node:net").connect(port, "127.0.0.1", () => {
      taken += 1;
      clearTimeout(quiet);
      quiet = setTimeout(end, taken === many ? 0 : 500);
    }).on("error", () => undefined);
  }
`;

describe("many connections", () => {
  test("made in one moment wait in the system's queue while the server is at something else", async () => {
    await start(plain);
    const many = Math.min(1_000, Number(readFileSync("/proc/sys/net/core/somaxconn", "utf8")));
    // This process is the server, and waits here for the other one to end.
    const words = ["-e", CONNECT_MANY, new URL(server.url).port, String(many)];
    expect(Number(execFileSync(process.execPath, words, { encoding: "utf8" }))).toBe(many);
  });

  test("made in one moment do not wait for a slice of somebody's long question each", async () => {
    await start(plain);
    const turn = takingTurns();
    let [slices, isOver] = [0, false];
    const question = (async () => {
      while (!isOver) {
        const until = performance.now() + 10;
        while (performance.now() < until);
        slices += 1;
        await turn();
      }
    })();
    const crowd = await Promise.all(Array.from({ length: 200 }, reading));
    await Promise.all(
      crowd.map(async ({ socket, text }) => {
        socket.write(get("/"));
        while (!text().includes("200 OK")) await pause(5);
      }),
    );
    isOver = true;
    await question;
    expect(slices).toBeLessThan(100);
  });

  test("who ask in one moment are answered one after the other, a health check and an upload behind them before most", async () => {
    const answered: string[] = [];
    await start(async ({ method, url }, response) => {
      // Each takes the process some time, as understanding a question does.
      const until = performance.now() + (url === "/healthz" ? 0 : 2);
      while (performance.now() < until);
      response.end("answer");
      answered.push(`${method} ${url}`);
    });
    const readers = 300;
    const { port, hostname } = new URL(server.url);
    for (const request of [...Array.from({ length: readers }, () => get("/")), get("/healthz"), POST]) {
      const socket = connect(Number(port), hostname);
      sockets.push(socket);
      socket.on("error", () => undefined);
      socket.resume();
      socket.write(request);
    }
    while (answered.length < readers + 2) await pause(5);
    // The server learns of one connection in each round, so a few readers are answered before it knows of the last two.
    expect(answered.indexOf("GET /healthz")).toBeLessThan(readers / 3);
    expect(answered.indexOf("POST /")).toBeLessThan(readers / 3);
  });

  test("the one that has waited for a request the longest makes room; one with a request does not", async () => {
    let finish: () => void = () => undefined;
    await start(
      async (request, response) => {
        if (request.url === "/long") await new Promise<void>((resolve) => (finish = resolve));
        response.end("done");
      },
      { connections: 5 },
    );
    const busy = await reading();
    busy.socket.write(get("/long"));
    await pause(50);
    const idle = [];
    for (let index = 0; index < 20; index += 1) idle.push(await reading());
    await Promise.all(idle.slice(0, 16).map(({ ended }) => ended));
    expect((await fetch(server.url)).status).toBe(200);
    finish();
    while (!busy.text().includes("done")) await pause(5);
  });

  test("more than a hundred headers are refused, and more than 16 KiB of them", async () => {
    await start(plain);
    for (const header of ["a: b\r\n".repeat(101), `a: ${"b".repeat(17_000)}\r\n`]) {
      const { socket, text, ended } = await reading();
      socket.write(`GET / HTTP/1.1\r\nHost: vbdstat\r\n${header}\r\n`);
      await ended;
      expect(text()).toContain("431 Request Header Fields Too Large");
    }
  });

  test("headers that do not come to their end are given up", async () => {
    await start(plain, { headersMs: 300 });
    const [silent, slow] = [await reading(), await reading()];
    slow.socket.write("GET / HTTP/1.1\r\nHost:");
    await Promise.all([silent.ended, slow.ended]);
    expect(slow.text()).toContain("408");
  });
});
