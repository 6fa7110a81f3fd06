// The floods of strangers and of holders of a share's link at full size, against the server as it is run, with an innocent
// client beside them. Prints a table; fails where an innocent client notices more than is promised.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { BLKTAP, LOOP } from "../support/fixtures.ts";
import { deafConnection, IMPACT_HEAD, type Impact, impactOf, impactRow, together } from "../support/flood.ts";
import { buildServer, removeBuild, type ServerProcess, startServerProcess } from "../support/server-process.ts";

let folder: string;
let server: ServerProcess;
let live: string;
let frozen: string;

beforeAll(async () => {
  buildServer();
  console.log(IMPACT_HEAD);
});
afterAll(removeBuild);

/** A server of its own for each attack: memory that one has cost is not given back, and would be laid at the next one's door. */
async function impact(attack: () => Promise<void>): Promise<Impact> {
  folder = mkdtempSync(join(tmpdir(), "vbdstat-test-"));
  server = await startServerProcess({ dataDir: join(folder, "data") });
  try {
    for (let host = 0; host < 8; host += 1) {
      for (const [backend, line] of [
        ["loop", LOOP],
        ["blktap1", BLKTAP],
      ]) {
        await server.send(`/v1/results?backend=${backend}&host=h${host}`, { method: "POST", body: line ?? "" });
      }
    }
    await server.untilAggregated();
    live = await share(false);
    frozen = await share(true);
    return await impactOf({ url: server.url, pid: server.process.pid ?? 0, token: server.token }, attack, 2_000);
  } finally {
    await server.end("SIGTERM");
    rmSync(folder, { recursive: true, force: true });
  }
}

async function share(isFrozen: boolean): Promise<string> {
  const body = JSON.stringify({ kind: "compare", query: { baseline: "loop", candidate: "blktap1" }, frozen: isFrozen });
  const made = await server.send("/v1/shares", { method: "POST", body });
  // The shape is that of the contract, which other tests check.
  return ((await made.json()) as { id: string }).id;
}

/** So many requests on one connection that reads nothing, which stays open for a while if the server lets it. */
async function pipelined(times: number, request: string): Promise<void> {
  const socket = await deafConnection(server.url);
  socket.write(request.repeat(times));
  await new Promise((resolve) => setTimeout(resolve, 8_000));
  socket.destroy();
}

const get = (path: string, headers = "") => `GET ${path} HTTP/1.1\r\nHost: vbdstat\r\n${headers}\r\n`;

/** Asks without a token, and reads the answer. */
const ask = (path: string, init: RequestInit = {}) =>
  fetch(`${server.url}${path}`, init).then(
    (answer) => answer.arrayBuffer(),
    () => undefined,
  );

const forSeconds = (seconds: number) => {
  const until = performance.now() + seconds * 1_000;
  return () => performance.now() < until;
};

/** Asks for as long as it is time to, so many at once. */
async function flooded(seconds: number, atOnce: number, act: (index: number) => Promise<unknown>): Promise<void> {
  const isTime = forSeconds(seconds);
  await together(atOnce, atOnce, async (lane) => {
    for (let index = lane; isTime(); index += atOnce) await act(index);
  });
}

/** So many of an attack at the same time, begun within two seconds: what is looked at is not how fast connections are made. */
const crowd = (size: number, act: () => Promise<unknown>) =>
  together(size, size, async (index) => {
    await new Promise((resolve) => setTimeout(resolve, (index * 2_000) / size));
    await act();
  });

const NOBODY = "0".repeat(32);
const bomb = gzipSync("a=1&".repeat(2_000_000));
const signIn = {
  method: "POST",
  headers: {
    "Content-Type": "application/x-www-form-urlencoded",
    "Content-Encoding": "gzip",
    "Sec-Fetch-Site": "same-origin",
  },
  body: bomb,
};

const ATTACKS: readonly [name: string, attack: () => Promise<void>][] = [
  ["nothing", () => new Promise((resolve) => setTimeout(resolve, 5_000))],
  ["20 000 pipelined GET /docs", () => pipelined(20_000, get("/docs"))],
  ["50 000 pipelined GET /healthz", () => pipelined(50_000, get("/healthz"))],
  [
    "5 000 pipelined compares with a token",
    () =>
      pipelined(5_000, get("/v1/compare?baseline=loop&candidate=blktap1", `Authorization: Bearer ${server.token}\r\n`)),
  ],
  ["20 000 pipelined pictures", () => pipelined(20_000, get(`/s/${NOBODY}.png`))],
  ["500 connections, each 200 pipelined GET /docs", () => crowd(500, () => pipelined(200, get("/docs")))],
  ["500 connections that ask for /docs and do not read", () => crowd(500, () => pipelined(1, get("/docs")))],
  ["8 kB of gzip to /sign-in, 4 at once", () => flooded(6, 4, () => ask("/sign-in", signIn))],
  ["8 kB of gzip to /sign-in, 150 at once", () => together(150, 150, () => ask("/sign-in", signIn))],
  [
    "300 slow bodies of 1 MB to /sign-in",
    () =>
      crowd(300, async () => {
        const socket = await deafConnection(server.url);
        socket.write(
          "POST /sign-in HTTP/1.1\r\nHost: vbdstat\r\nSec-Fetch-Site: same-origin\r\nContent-Length: 1048576\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\n",
        );
        socket.write("a".repeat(1_000_000));
        await new Promise((resolve) => setTimeout(resolve, 6_000));
        socket.destroy();
      }),
  ],
  [
    "pictures of wrong words for nobody's share, 32 at once",
    () => flooded(8, 32, (index) => ask(`/s/${NOBODY}.png?width=x${index}`)),
  ],
  [
    "a live share's PNG at many looks, 16 at once",
    () =>
      flooded(8, 16, (index) =>
        ask(`/s/${live}.png?width=${320 + 20 * (index % 65)}&theme=${index % 2 === 0 ? "dark" : "light"}`),
      ),
  ],
  [
    "a live share's PNG of many metrics, 16 at once",
    () => flooded(8, 16, (index) => ask(`/s/${live}.png?metrics=${metricsOf(index)}`)),
  ],
  [
    "a frozen share's PNG of many metrics, 16 at once",
    () => flooded(8, 16, (index) => ask(`/s/${frozen}.png?metrics=${metricsOf(index)}`)),
  ],
  ["a live share as HTML, 32 at once", () => flooded(8, 32, () => ask(`/s/${live}.html`))],
  ["oEmbed of a live share, 32 at once", () => flooded(8, 32, () => ask(`/oembed?url=/s/${live}`))],
];

const METRICS = "putc put_block rewrite getc get_block seeks seq_create seq_stat seq_delete ran_create ran_stat".split(
  " ",
);

/** Another selection for each index, up to 2 047. */
const metricsOf = (index: number) => METRICS.filter((_, bit) => (((index % 2_047) + 1) >> bit) % 2 === 1).join(",");

test.each(ATTACKS)("%s", async (name, attack) => {
  const seen = await impact(attack);
  console.log(impactRow(name, seen));
  expect(seen.failedUploads).toBe(0);
  expect(seen.failedHealth).toBe(0);
  expect(seen.uploadP99).toBeLessThan(1_000);
  expect(seen.healthP99).toBeLessThan(250);
  expect(seen.peakMb).toBeLessThan(400);
});
