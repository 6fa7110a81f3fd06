// An export that is read slowly: the server reads the store no faster than its client takes the file, and stops when the client
// takes nothing. Otherwise a client that is slow, or malicious, makes the server hold the whole fleet.

import { createServer, get, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { getRequestListener } from "@hono/node-server";
import { Hono } from "hono";
import { afterEach, beforeEach, expect, test } from "vitest";
import { exportedRuns, streamed } from "../../../functions/web/routes/run-export.ts";
import type { RunPage, RunQuery } from "../../../shared/run/listing.ts";
import { runOf } from "../../support/runs.ts";

const PAGE = 500;
const PAGES = 40;
/** A page is 2 MB, and the export 80 MB: more than the buffers of sockets hold. */
const RAW = "x".repeat(4_000);

/** 20 000 runs; says how many pages were asked for. */
function manyRuns() {
  const asked = { pages: 0 };
  const list = async (_: string, { cursor = "0" }: RunQuery): Promise<RunPage> => {
    asked.pages += 1;
    const page = Number(cursor);
    const items = Array.from({ length: PAGE }, (_, index) => runOf({ number: page * PAGE + index, raw: RAW }));
    return { items, unreadable: [], cursor: page + 1 < PAGES ? String(page + 1) : null };
  };
  return { asked, list };
}

let server: ReturnType<typeof createServer>;
let asked: { pages: number };
let ended: number;

beforeEach(async () => {
  const runs = manyRuns();
  ({ asked } = runs);
  ended = 0;
  const app = new Hono();
  app.get("/", async (c) => {
    const pieces = exportedRuns(runs, "default", {}, () => undefined);
    return c.body(await streamed(pieces, { onError: () => undefined, onEnd: () => (ended += 1) }));
  });
  server = createServer(getRequestListener(app.fetch));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

/** The response, of which nothing is read yet. */
function opened(): Promise<IncomingMessage> {
  const { port } = server.address() as AddressInfo; // of a server that listens on a port
  return new Promise((resolve, reject) => {
    get({ port }, (response) => {
      response.pause();
      response.on("error", () => undefined);
      resolve(response);
    }).on("error", reject);
  });
}

/** Waits until no more pages are asked for; gives how many were. */
async function settled(): Promise<number> {
  for (let before = -1; ; ) {
    if (asked.pages === before) return before;
    before = asked.pages;
    await wait(400);
  }
}

test("20 000 runs: while nobody reads, the store is not read; then the file is whole", async () => {
  const response = await opened();
  const stopped = await settled();
  // What the buffers of both ends of a connection take, and a page in memory.
  expect(stopped).toBeLessThan(PAGES / 2);
  expect(ended).toBe(0);
  let rows = -1;
  let most = 0;
  let bytes = 0;
  for await (const chunk of response) {
    bytes += chunk.length;
    for (const byte of chunk) if (byte === 10) rows += 1;
    // Pages asked for ahead of what was taken.
    most = Math.max(most, asked.pages - bytes / (PAGE * RAW.length));
  }
  expect(rows).toBe(PAGES * PAGE);
  expect(most).toBeLessThan(stopped + 3);
  expect(asked.pages).toBe(PAGES);
  expect(ended).toBe(1);
});

test("a reader that goes away ends the reading", async () => {
  const response = await opened();
  const stopped = await settled();
  response.destroy();
  await expect.poll(() => ended).toBe(1);
  expect(await settled()).toBeLessThanOrEqual(stopped + 1);
});
