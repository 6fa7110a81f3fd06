// The floods of strangers and of holders of a share's link at full size, against the server as it is run, with an innocent
// client beside them. Fails where it notices more than is promised.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Answered, ask, type Question } from "../support/ask.ts";
import { onEachBuild, withServer } from "../support/builds.ts";
import { BLKTAP, LOOP } from "../support/fixtures.ts";
import { crowd, deafConnection, flooded, together } from "../support/flood.ts";
import { expectHarmless, impactOf } from "../support/impact.ts";
import { buildServer, removeBuild, type ServerProcess } from "../support/server-process.ts";

beforeAll(buildServer);
afterAll(removeBuild);

/** A server with something to show, and the links that strangers have. */
interface Target {
  readonly server: ServerProcess;
  readonly live: string;
  readonly frozen: string;
}

async function prepared(server: ServerProcess): Promise<Target> {
  for (let host = 0; host < 8; host += 1) {
    for (const [backend, body] of Object.entries({ loop: LOOP, blktap1: BLKTAP })) {
      await server.send(`/v1/results?backend=${backend}&host=h${host}`, { method: "POST", body });
    }
  }
  await server.untilAggregated();
  return { server, live: await share(server, false), frozen: await share(server, true) };
}

async function share(server: ServerProcess, isFrozen: boolean): Promise<string> {
  const body = JSON.stringify({ kind: "compare", query: { baseline: "loop", candidate: "blktap1" }, frozen: isFrozen });
  const made = await server.send("/v1/shares", { method: "POST", body });
  // The shape is that of the contract, which other tests check.
  return ((await made.json()) as { id: string }).id;
}

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** So many requests on one connection that reads nothing, which stays open for a while if the server lets it. */
async function pipelined({ server }: Target, times: number, request: string): Promise<readonly Answered[]> {
  const socket = await deafConnection(server.url);
  socket.write(request.repeat(times));
  await pause(8_000);
  socket.destroy();
  return [];
}

/** So many connections that write and do not read, begun within two seconds: how fast they are made is not looked at. */
async function deafCrowd(size: number, act: () => Promise<unknown>): Promise<readonly Answered[]> {
  await crowd(size, 2_000, act);
  return [];
}

const get = (path: string, headers = "") => `GET ${path} HTTP/1.1\r\nHost: vbdstat\r\n${headers}\r\n`;

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

/** Strangers and holders of a link, for some seconds; each on connections of its own, as from many machines. */
const asked =
  (atOnce: number, path: (target: Target, index: number) => string, question: Question = {}) =>
  (target: Target): Promise<readonly Answered[]> =>
    flooded(8, atOnce, (index) => ask(target.server.url + path(target, index), question));

const ATTACKS: readonly [name: string, attack: (target: Target) => Promise<readonly Answered[]>][] = [
  ["nothing", async () => []],
  ["20 000 pipelined GET /docs", (target) => pipelined(target, 20_000, get("/docs"))],
  ["50 000 pipelined GET /healthz", (target) => pipelined(target, 50_000, get("/healthz"))],
  [
    "5 000 pipelined compares with a token",
    (target) => {
      const token = `Authorization: Bearer ${target.server.token}\r\n`;
      return pipelined(target, 5_000, get("/v1/compare?baseline=loop&candidate=blktap1", token));
    },
  ],
  ["20 000 pipelined pictures", (target) => pipelined(target, 20_000, get(`/s/${NOBODY}.png`))],
  [
    "500 connections, each 200 pipelined GET /docs",
    (target) => deafCrowd(500, () => pipelined(target, 200, get("/docs"))),
  ],
  ["500 that ask for /docs and do not read", (target) => deafCrowd(500, () => pipelined(target, 1, get("/docs")))],
  ["8 kB of gzip to /sign-in, 4 at once", asked(4, () => "/sign-in", signIn)],
  ["8 kB of gzip to /sign-in, 32 at once", asked(32, () => "/sign-in", signIn)],
  [
    "8 kB of gzip to /sign-in, 150 in one moment",
    ({ server }) => together(150, 150, () => ask(`${server.url}/sign-in`, signIn)),
  ],
  [
    "300 slow bodies of 1 MB to /sign-in",
    ({ server }) =>
      deafCrowd(300, async () => {
        const socket = await deafConnection(server.url);
        socket.write(
          "POST /sign-in HTTP/1.1\r\nHost: vbdstat\r\nSec-Fetch-Site: same-origin\r\nContent-Length: 1048576\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\n",
        );
        socket.write("a".repeat(1_000_000));
        await pause(6_000);
        socket.destroy();
      }),
  ],
  ["wrong words for nobody's share, 32 at once", asked(32, (_, index) => `/s/${NOBODY}.png?width=x${index}`)],
  ["a live share's PNG in many looks, 16 at once", asked(16, ({ live }, index) => `/s/${live}.png?${lookOf(index)}`)],
  [
    "a live share's PNG of many metrics, 16 at once",
    asked(16, ({ live }, index) => `/s/${live}.png?metrics=${metricsOf(index)}`),
  ],
  [
    "a frozen share's PNG in many looks, 16 at once",
    asked(16, ({ frozen }, index) => `/s/${frozen}.png?${lookOf(index)}`),
  ],
  [
    "a frozen share's PNG of many metrics, 16 at once",
    asked(16, ({ frozen }, index) => `/s/${frozen}.png?metrics=${metricsOf(index)}`),
  ],
  ["a live share as HTML, 32 at once", asked(32, ({ live }) => `/s/${live}.html`)],
  ["oEmbed of a live share, 32 at once", asked(32, ({ live }) => `/oembed?url=/s/${live}`)],
];

const lookOf = (index: number) => `width=${320 + 20 * (index % 65)}&theme=${index % 2 === 0 ? "dark" : "light"}`;

const METRICS = "putc put_block rewrite getc get_block seeks seq_create seq_stat seq_delete ran_create ran_stat".split(
  " ",
);

/** Another selection for each index, up to 2 047. */
const metricsOf = (index: number) => METRICS.filter((_, bit) => (((index % 2_047) + 1) >> bit) % 2 === 1).join(",");

test.for(onEachBuild(ATTACKS))("%s", async ([name, attack, build], { task }) => {
  const dataDir = mkdtempSync(join(tmpdir(), "vbdstat-test-"));
  try {
    await withServer(build, join(dataDir, "data"), async (server) => {
      const target = await prepared(server);
      const impact = await impactOf(server, () => attack(target));
      task.meta.measured = { attack: name, build: build.name, impact };
      if (build.name === "other") return;
      expectHarmless(impact);
      // Whatever was asked of it, a frozen share can be embedded in any other look.
      for (const look of [".png?width=480&theme=dark", "/badge.svg?metric=putc"]) {
        expect((await fetch(`${server.url}/s/${target.frozen}${look}`)).status).toBe(200);
      }
    });
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
});
