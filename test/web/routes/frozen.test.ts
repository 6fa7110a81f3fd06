// A frozen share is evidence: whoever linked to it must find the same bytes in a year, whatever became of the data, the
// server and the renderer. A live one must not.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { makeRasterizer } from "../../../functions/service/rasterizer.ts";
import { makeRenderer, type Renderer } from "../../../functions/service/renderer.ts";
import { makeShareStore } from "../../../functions/store/fleet/shares.ts";
import { rasterizerFiles } from "../../../local/server/render-thread.ts";
import { type LocalServer, startLocalServer } from "../../../local/server/server.ts";
import { startTestEngine, type TestEngine } from "../../support/engine.ts";
import { BLKTAP } from "../../support/fixtures.ts";
import { makeTestService, type TestService } from "../../support/service.ts";
import { bytesOf, look, type MadeShare, postFleet, postMore, share } from "./shared-fleet.ts";

let engine: TestEngine;
let service: TestService;
let hosts = 100;

beforeAll(async () => {
  engine = await startTestEngine();
  service = await makeTestService(await engine.newTable());
  await postFleet(service);
});
afterAll(() => engine.stop());

const FORMATS = ["", ".html", ".svg", ".png", ".md", ".txt", ".csv", ".json", "/badge.svg"];
const LOOKS = [...FORMATS, ".svg?width=400&theme=dark", ".png?theme=dark", ".html?width=1000"];
const BADGES = ["/badge.svg?metric=rewrite", "/badge.svg?theme=light"];

/** The bytes of a share in many ways. */
async function seen(from: TestService, { id }: MadeShare, addresses = [...LOOKS, ...BADGES]): Promise<string[]> {
  return Promise.all(
    addresses.map(async (address) => {
      const answer = await look(from, `/s/${id}${address}`);
      expect(answer.status, address).toBe(200);
      return `${address} ${answer.headers.get("ETag")} ${(await bytesOf(answer)).toString("base64")}`;
    }),
  );
}

const real = makeRenderer(makeRasterizer(rasterizerFiles));

/** The renderer of a later version: every document has another byte at its end. */
const later: Renderer = {
  ...real,
  document: async (...asked) => Buffer.concat([await real.document(...asked), Buffer.from(" ")]),
  badge: async (...asked) => Buffer.concat([await real.badge(...asked), Buffer.from(" ")]),
};

/** A renderer that no longer can. */
const broken: Renderer = {
  document: () => Promise.reject(new Error("rendered again")),
  badge: () => Promise.reject(new Error("rendered again")),
  picture: () => Promise.reject(new Error("rendered again")),
  title: () => Promise.reject(new Error("rendered again")),
};

describe("a frozen share", () => {
  let frozen: MadeShare;
  beforeEach(async () => {
    frozen = await share(service, { frozen: true, title: "Frozen" });
  });

  test("has the same bytes after more data, in another process, and after an upgrade of the renderer", async () => {
    const before = await seen(service, frozen);
    hosts += 1;
    await postMore(service, hosts);
    expect(await seen(service, frozen)).toEqual(before);
    expect(await seen(await makeTestService(service.table, { renderer: later }), frozen)).toEqual(before);
    expect(await seen(await makeTestService(service.table, { renderer: broken }), frozen)).toEqual(before);
  });

  test("is rendered when it is made: nobody need have looked at it before the upgrade", async () => {
    const upgraded = await makeTestService(service.table, { renderer: later });
    const plain = FORMATS.filter((format) => format !== "/badge.svg");
    const after = await seen(upgraded, frozen, plain);
    expect(await seen(service, frozen, plain)).toEqual(after);
    for (const text of after.slice(1))
      expect(Buffer.from(text.split(" ").at(-1) ?? "", "base64").at(-1)).not.toBe(0x20);
  });

  test("a look that is asked for after an upgrade shows the old numbers, and stays as it then was", async () => {
    hosts += 1;
    await postMore(service, hosts);
    const upgraded = await makeTestService(service.table, { renderer: later });
    const first = await bytesOf(look(upgraded, `/s/${frozen.id}.svg?width=1200`));
    expect(first.toString()).toContain(`as of ${frozen.created_at.slice(0, 10)}`);
    expect((await bytesOf(look(service, `/s/${frozen.id}.svg?width=1200`))).equals(first)).toBe(true);
  });

  test("two who ask for a new look at once see the same bytes, whoever of them was kept", async () => {
    const upgraded = await makeTestService(service.table, { renderer: later });
    const address = `/s/${frozen.id}.svg?width=1000`;
    const answers = await Promise.all([service, upgraded, service, upgraded].map((one) => bytesOf(look(one, address))));
    expect(new Set(answers.map((bytes) => bytes.toString("base64"))).size).toBe(1);
  });

  test("may be kept for ever, and answers 304 to whoever has it", async () => {
    for (const format of FORMATS) {
      const first = await look(service, `/s/${frozen.id}${format}`);
      expect(first.headers.get("Cache-Control")).toBe("public, max-age=31536000, immutable");
      const etag = first.headers.get("ETag") ?? "";
      expect(etag).toMatch(/^"[^"]+"$/);
      const again = await look(service, `/s/${frozen.id}${format}`, { headers: { "If-None-Match": `"x", ${etag}` } });
      expect(again.status, format).toBe(304);
      expect(await again.text()).toBe("");
      expect(again.headers.get("Cache-Control")).toBe("public, max-age=31536000, immutable");
      expect(again.headers.get("Access-Control-Allow-Origin")).toBe("*");
    }
  });

  test("says in every format for people when its numbers are of", async () => {
    for (const format of [".txt", ".md", ".html", ".svg"]) {
      const text = await (await look(service, `/s/${frozen.id}${format}`)).text();
      expect(text.replaceAll(/<[^>]*>|\*/g, ""), format).toMatch(/as of\s+2026-11-22/);
    }
  });

  test("comes in the widths there are; another gets the nearest, and the answer names it", async () => {
    const at = (width: number) => look(service, `/s/${frozen.id}.svg?theme=dark&width=${width}`);
    for (const [asked, shown] of [
      [320, 320],
      [390, 320],
      [400, 320],
      [420, 480],
      [481, 480],
      [479, 480],
      [700, 720],
      [1_080, 960],
      [1_600, 1_600],
    ] as const) {
      const answer = await at(asked);
      expect(answer.status).toBe(200);
      expect(answer.headers.get("Content-Location"), String(asked)).toBe(
        asked === shown ? null : `/s/${frozen.id}.svg?theme=dark&width=${shown}`,
      );
      expect(answer.headers.get("Cache-Control")).toContain("immutable");
      const bytes = await bytesOf(answer);
      expect(bytes.toString()).toContain(`width="${shown}"`);
      expect(bytes.equals(await bytesOf(at(shown)))).toBe(true);
    }
    // Text has no width.
    const text = await look(service, `/s/${frozen.id}.txt?width=481`);
    expect(text.headers.get("Content-Location")).toBeNull();
  });

  test("a selection of metrics is drawn from the numbers it has, and kept nowhere for ever", async () => {
    hosts += 1;
    await postMore(service, hosts);
    for (const format of [".svg", ".png", ".txt", ".html"]) {
      const answer = await look(service, `/s/${frozen.id}${format}?metrics=put_block&width=800`);
      expect(answer.status).toBe(200);
      expect(answer.headers.get("Cache-Control")).toBe("public, max-age=300");
      if (format === ".txt") expect(await answer.text()).toContain(`as of ${frozen.created_at.slice(0, 10)}`);
    }
    const upgraded = await makeTestService(service.table, { renderer: later });
    const again = await bytesOf(look(upgraded, `/s/${frozen.id}.txt?metrics=put_block`));
    expect(again.at(-1)).toBe(0x20);
    // JSON is the whole answer, whatever is selected.
    const json = await look(service, `/s/${frozen.id}.json?metrics=put_block`);
    expect(json.headers.get("Cache-Control")).toContain("immutable");
  });

  test("what an earlier version kept, of any width and metrics, stays as it is embedded", async () => {
    const store = makeShareStore(service.table);
    const old = (name: string) =>
      store.addDocument(frozen.id, { name, bytes: new TextEncoder().encode(`<svg>${name}</svg>`) });
    await old("svg/400/dark/");
    await old("svg/720/auto/put_block+seeks");
    await old("txt/720/auto/seeks");
    for (const [address, name] of [
      [".svg?width=400&theme=dark", "svg/400/dark/"],
      [".svg?metrics=seeks,put_block", "svg/720/auto/put_block+seeks"],
      [".txt?metrics=seeks", "txt/720/auto/seeks"],
    ]) {
      const answer = await look(service, `/s/${frozen.id}${address}`);
      expect(await answer.text(), address).toBe(`<svg>${name}</svg>`);
      expect(answer.headers.get("Cache-Control")).toContain("immutable");
      expect(answer.headers.get("Content-Location")).toBeNull();
    }
  });

  test("nothing is painted or written for what is refused", async () => {
    let drawn = 0;
    const counting: Renderer = {
      document: (...asked) => {
        drawn += 1;
        return real.document(...asked);
      },
      badge: (...asked) => {
        drawn += 1;
        return real.badge(...asked);
      },
      picture: (...asked) => {
        drawn += 1;
        return real.picture(...asked);
      },
      title: real.title,
    };
    const counted = await makeTestService(service.table, { renderer: counting });
    for (let index = 0; index < 40; index += 1) {
      expect((await look(counted, `/s/${"0".repeat(32)}.png?width=x${index}`)).status).toBe(400);
      expect((await look(counted, `/s/${index.toString(16).padStart(32, "0")}.png`)).status).toBe(404);
      expect((await look(counted, `/s/${frozen.id}.png?metrics=m${index}`)).status).toBe(400);
    }
    // One picture for each of two codes.
    expect(drawn).toBe(2);
    expect((await look(counted, `/s/${frozen.id}/badge.svg?metric=nothing`)).status).toBe(400);
    expect(drawn).toBe(2);
  });
});

describe("a live share", () => {
  test("follows the numbers: another ETag when they changed, 304 while they did not", async () => {
    const live = await share(service);
    for (const format of FORMATS) {
      const address = `/s/${live.id}${format}`;
      const first = await look(service, address);
      expect(first.headers.get("Cache-Control")).toBe("public, max-age=300");
      const headers = { "If-None-Match": first.headers.get("ETag") ?? "" };
      expect((await look(service, address, { headers })).status, format).toBe(304);
    }
    const before = await seen(service, live, FORMATS);
    hosts += 1;
    await postMore(service, hosts);
    const after = await seen(service, live, FORMATS);
    for (const [index, format] of FORMATS.entries()) expect(after[index], format).not.toBe(before[index]);
  });

  test("keeps its own fleet when the token that made it is ended", async () => {
    const token = await service.token({ scope: "read", id: "short-lived" });
    const live = await share(service, {}, token);
    expect((await service.send("/v1/tokens/short-lived", { method: "DELETE" })).status).toBe(204);
    expect((await look(service, live.urls.txt)).status).toBe(200);
  });
});

test("a server that was restarted serves the same bytes", async () => {
  const dataDir = mkdtempSync(join(tmpdir(), "vbdstat-test-"));
  const settings = {
    port: 0,
    host: "127.0.0.1",
    endpoint: null,
    engineIsolation: "auto" as const,
    tableName: "vbdstat",
    adminSecret: null,
    publicUrl: null,
  };
  const start = () =>
    startLocalServer({ ...settings, dataDir }, { request: () => undefined, error: () => undefined }, () => undefined);
  let server: LocalServer | null = null;
  try {
    server = await start();
    const headers = { Authorization: `Bearer ${server.adminToken.secret}` };
    await fetch(`${server.url}/v1/results?backend=loop&host=h`, { method: "POST", headers, body: BLKTAP });
    const body = JSON.stringify({ kind: "compare", query: { baseline: "loop", candidate: "phy" }, frozen: true });
    const made = await fetch(`${server.url}/v1/shares`, { method: "POST", headers, body });
    // The shape is that of the contract, which other tests check.
    const { id } = (await made.json()) as { id: string };
    const addresses = [".svg", ".png", ".html", ".png?width=500&theme=dark"];
    const get = async (url: string) =>
      Promise.all(
        addresses.map(async (address) => (await bytesOf(fetch(`${url}/s/${id}${address}`))).toString("base64")),
      );
    const before = await get(server.url);
    await server.stop();
    server = await start();
    expect(await get(server.url)).toEqual(before);
    expect(before.map(({ length }) => length > 500)).toEqual([true, true, true, true]);
  } finally {
    await server?.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
});
