// Drawing for those who have a link, and for nobody: in a thread of its own, a few at a time, each once, and in as many looks
// as there are. When one of these fails, pictures keep uploads waiting, or strangers use up what others have embedded.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { makeRenderThread, type RenderThread, type RenderThreadOptions } from "../../local/server/render-thread.ts";
import { type LocalServer, startLocalServer } from "../../local/server/server.ts";
import { DEFAULT_RENDER_OPTIONS } from "../../shared/report/model.ts";
import { sixHosts } from "../support/comparisons.ts";
import { BLKTAP, LOOP } from "../support/fixtures.ts";
import { together } from "../support/flood.ts";
import type { Summary } from "../support/kinds.ts";
import { readPng } from "../support/png.ts";

describe("the thread that draws", () => {
  const summary: Summary = { kind: "compare", result: sixHosts() };
  let thread: RenderThread;
  afterEach(() => thread.stop());

  const begin = (options: RenderThreadOptions = {}): RenderThread => {
    thread = makeRenderThread(options);
    return thread;
  };
  const pictureBy = (from: RenderThread["forLinks"]) => from.document("png", summary, DEFAULT_RENDER_OPTIONS);
  const outcome = async (drawing: Promise<unknown>) =>
    drawing.then(
      () => "drawn",
      (error) => error.code ?? error.message,
    );

  test("lets a few wait and refuses the others at once; those with a token have a line of their own, and come first", async () => {
    const { forLinks, forTokens } = begin({ maxWaiting: 2 });
    const order: string[] = [];
    const asked = [forLinks, forLinks, forLinks, forLinks, forTokens, forTokens, forTokens].map(async (from, index) => {
      const what = await outcome(pictureBy(from));
      order.push(`${from === forLinks ? "link" : "token"} ${index} ${what}`);
    });
    await Promise.all(asked);
    expect(order).toEqual([
      "link 3 slow_down",
      "token 6 slow_down",
      "link 0 drawn",
      "token 4 drawn",
      "token 5 drawn",
      "link 1 drawn",
      "link 2 drawn",
    ]);
  });

  test("gives up a drawing that takes too long, and goes on with another thread", async () => {
    const { forLinks } = begin({ patienceMs: 1 });
    const outcomes = await Promise.all([outcome(pictureBy(forLinks)), outcome(pictureBy(forLinks))]);
    expect(outcomes).toEqual(["rendering took more than 1 ms", "rendering took more than 1 ms"]);
  });

  test("outlives what cannot be drawn, paints no more pixels than there is memory for, and rests when nothing is asked", async () => {
    const { forLinks } = begin({ idleMs: 1 });
    expect(await outcome(forLinks.picture("no picture"))).toMatch(/^rendering failed: /);
    expect(await outcome(forLinks.picture(`<svg>${" ".repeat(1_000_000)}</svg>`))).toBe("too_large");
    const tall = '<svg xmlns="http://www.w3.org/2000/svg" width="1600" height="20000"></svg>';
    const png = Buffer.from(await forLinks.picture(tall));
    const pixels = png.readUInt32BE(16) * png.readUInt32BE(20);
    expect(pixels).toBeGreaterThan(23_000_000);
    expect(pixels).toBeLessThan(24_100_000);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(readPng(Buffer.from(await pictureBy(forLinks))).width).toBe(2 * DEFAULT_RENDER_OPTIONS.width);
  });

  test("refuses what waits when it is stopped", async () => {
    const { forLinks, stop } = begin();
    const drawings = [pictureBy(forLinks), pictureBy(forLinks)].map(outcome);
    await stop();
    expect(await Promise.all(drawings)).toEqual(["slow_down", "slow_down"]);
    expect(await outcome(pictureBy(forLinks))).toBe("slow_down");
  });
});

describe("the links of shares", () => {
  let folder: string;
  let server: LocalServer;
  let live: string;
  let frozen: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "vbdstat-test-"));
    const settings = {
      port: 0,
      host: "127.0.0.1",
      endpoint: null,
      tableName: "vbdstat",
      adminSecret: null,
      engineIsolation: "auto" as const,
      publicUrl: null,
    };
    const quiet = { request: () => undefined, error: () => undefined };
    server = await startLocalServer({ ...settings, dataDir: folder }, quiet, () => undefined);
    const lines = ["# backend: loop", LOOP, "# backend: blktap1", BLKTAP].join("\n");
    await send("/v1/results?host=h", { method: "POST", body: lines });
    const status = async () => ((await (await send("/v1/status")).json()) as { pending_hosts: number }).pending_hosts;
    while ((await status()) > 0) await new Promise((resolve) => setTimeout(resolve, 20));
    [live = "", frozen = ""] = await Promise.all([false, true].map(share));
  });
  afterAll(async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const send = (path: string, init: RequestInit = {}) =>
    fetch(`${server.url}${path}`, { ...init, headers: { Authorization: `Bearer ${server.adminToken.secret}` } });

  async function share(isFrozen: boolean): Promise<string> {
    const query = { baseline: "loop", candidate: "blktap1" };
    const body = JSON.stringify({ kind: "compare", query, frozen: isFrozen });
    // The shape is that of the contract, which other tests check.
    return ((await (await send("/v1/shares", { method: "POST", body })).json()) as { id: string }).id;
  }

  /** What a stranger gets, so many at once. */
  const flood = (addresses: readonly string[]): Promise<readonly Response[]> =>
    together(addresses.length, 60, (index) => fetch(server.url + addresses[index]));

  const METRICS = ["putc", "put_block", "rewrite", "getc", "get_block", "seeks"];
  const selections = Array.from({ length: 60 }, (_, index) =>
    METRICS.filter((_name, bit) => ((index + 1) >> bit) % 2 === 1).join(","),
  );

  test.each(["live", "frozen"])(
    "%s: more pictures at once than can wait are refused in a picture, with when to come back",
    async (kind) => {
      const id = kind === "live" ? live : frozen;
      const answers = await flood(selections.map((metrics) => `/s/${id}.png?metrics=${metrics}`));
      const refused = answers.filter(({ status }) => status === 429);
      expect(answers.every(({ status }) => status === 200 || status === 429)).toBe(true);
      expect(refused.length).toBeGreaterThan(20);
      for (const answer of refused.slice(0, 3)) {
        expect(answer.headers.get("Retry-After")).toBe("5");
        expect(answer.headers.get("Content-Type")).toBe("image/png");
        expect(readPng(Buffer.from(await answer.arrayBuffer())).width).toBe(960);
      }
    },
  );

  test("the same picture for many at once is drawn once, so that nobody is refused", async () => {
    for (const address of [`/s/${live}.png?width=800`, `/s/${frozen}.png?width=800`, `/oembed?url=/s/${live}`]) {
      const answers = await flood(Array.from({ length: 60 }, () => address));
      expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
      expect(new Set(answers.map(({ headers }) => headers.get("ETag"))).size).toBe(1);
    }
  });

  test("of a frozen share every look may be asked for, and those that are embedded stay", async () => {
    const widths = Array.from({ length: 65 }, (_, step) => 320 + 20 * step);
    const looks = ["light", "dark", "auto"].flatMap((theme) => widths.map((width) => `theme=${theme}&width=${width}`));
    // One after the other, as somebody patient would.
    for (const look of looks) expect((await fetch(`${server.url}/s/${frozen}.svg?${look}`)).status).toBe(200);
    for (const embedded of [".png?width=480&theme=dark", "/badge.svg?metric=putc", ".svg", ".html?width=1200"]) {
      const answer = await fetch(`${server.url}/s/${frozen}${embedded}`);
      expect(answer.status, embedded).toBe(200);
      expect(answer.headers.get("Cache-Control")).toContain("immutable");
    }
  });

  test("nobody's share in any wrong look is refused without drawing: uploads go on", async () => {
    const answers = await flood(Array.from({ length: 300 }, (_, index) => `/s/${"0".repeat(32)}.png?width=x${index}`));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([400]));
    const bytes = await Promise.all(
      answers.map(async (answer) => Buffer.from(await answer.arrayBuffer()).toString("hex")),
    );
    expect(new Set(bytes).size).toBe(1);
    expect((await send("/v1/results?backend=loop&host=other", { method: "POST", body: LOOP })).status).toBe(201);
  });
});
