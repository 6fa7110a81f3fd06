// Bodies, forms and queries of strangers: what they may cost before somebody is known, and how little is read of them. When
// one of these fails, a few kilobytes a second from anybody take the whole service.

import { once } from "node:events";
import { connect } from "node:net";
import { gzipSync } from "node:zlib";
import { getRequestListener } from "@hono/node-server";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type HttpServer, startHttpServer } from "../../local/server/http-server.ts";
import { startTestEngine, type TestEngine } from "../support/engine.ts";
import { LOOP } from "../support/fixtures.ts";
import { makeTestService, type TestService } from "../support/service.ts";

let engine: TestEngine;
let service: TestService;
let server: HttpServer;

beforeAll(async () => {
  engine = await startTestEngine();
  service = await makeTestService(await engine.newTable());
  server = await startHttpServer({ host: "127.0.0.1", port: 0, onEnded: () => undefined });
  server.answer(getRequestListener(service.app.fetch, { overrideGlobalObjects: false }));
});
afterAll(async () => {
  await server.close();
  await engine.stop();
});

/** Sends the head of a request and a part of its body, and gives the head of the answer that comes to that alone. */
async function answerTo(method: string, path: string, headers: Record<string, string>, part = ""): Promise<string> {
  const { hostname, port, host } = new URL(server.url);
  const socket = connect(Number(port), hostname);
  socket.on("error", () => undefined);
  const lines = Object.entries({ Host: host, ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`${method} ${path} HTTP/1.1\r\n${lines.join("")}\r\n${part}`);
  const [data] = await once(socket, "data");
  socket.destroy();
  return String(data).split("\r\n\r\n")[0] ?? "";
}

const FORM = { "Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin" };
const form = (body: string | Uint8Array, headers: Record<string, string> = {}): RequestInit => ({
  method: "POST",
  headers: { ...FORM, ...headers },
  body,
});

describe("signing in", () => {
  test("a body that is announced larger than a token and an address is refused before any of it comes", async () => {
    expect(await answerTo("POST", "/sign-in", { ...FORM, "Content-Length": "8193" })).toContain(" 413 ");
    expect((await service.send("/sign-in", form(`token=${"a".repeat(9_000)}`, {}))).status).toBe(413);
  });

  test("one that does not say how large it is is read no further than that", async () => {
    const chunk = `2000\r\n${"a".repeat(0x2000)}\r\n`;
    const answer = await answerTo("POST", "/sign-in", { ...FORM, "Transfer-Encoding": "chunked" }, chunk + chunk);
    expect(answer).toContain(" 413 ");
  });

  test("a compressed one is refused unread: 8 kB may stand for 8 MB", async () => {
    const bomb = gzipSync("a=1&".repeat(2_000_000));
    expect(bomb.length).toBeLessThan(8_192);
    const headers = { "Content-Encoding": "gzip" };
    expect((await service.send("/sign-in", { ...form(bomb, headers), token: null })).status).toBe(415);
    expect(await answerTo("POST", "/sign-in", { ...FORM, ...headers, "Content-Length": "8000" })).toContain(" 415 ");
  });

  test("more fields than any form has are refused before they are taken apart", async () => {
    const answer = await service.send("/sign-in", form("a&".repeat(64)));
    expect([answer.status, await answer.text()]).toEqual([400, expect.stringContaining("at most 64 fields")]);
  });
});

describe("after the token", () => {
  test.each([
    ["/v1/tokens", 65_537],
    ["/v1/shares", 65_537],
    ["/shares", 16_385],
    ["/shares/revoke", 16_385],
    ["/upload", 1_048_577],
  ])("%s takes a small body only, and none without a token", async (path, length) => {
    const headers = { ...FORM, Accept: "application/json", "Content-Length": String(length) };
    expect(await answerTo("POST", path, headers)).toContain(" 401 ");
    expect(await answerTo("POST", path, { ...headers, Authorization: `Bearer ${service.admin}` })).toContain(" 413 ");
  });

  test.each(["/v1/tokens", "/v1/shares", "/shares", "/upload"])("%s takes nothing compressed", async (path) => {
    const body = gzipSync("{}");
    expect((await service.send(path, form(body, { "Content-Encoding": "gzip" }))).status).toBe(415);
  });

  test("an upload's body is asked for when its token is known; compressed it may be", async () => {
    expect(await answerTo("POST", "/v1/results", { "Content-Length": "1000000" }, "x")).toContain(" 401 ");
    const headers = { "Content-Encoding": "gzip" };
    expect((await service.post(gzipSync(LOOP), "?backend=loop", { headers })).status).toBe(201);
  });
});

describe("queries", () => {
  test("with more parameters than any has are refused before they are taken apart", async () => {
    const many = "site=a&".repeat(256);
    for (const path of ["/v1/runs", "/v1/compare", "/v1/results", "/runs", "/oembed", `/s/${"0".repeat(32)}`]) {
      const method = path === "/v1/results" ? "POST" : "GET";
      const answer = await service.send(`${path}?${many}`, { method, headers: { Accept: "application/json" } });
      expect(answer.status, path).toBe(400);
      expect(await answer.text(), path).toContain("at most 256 parameters");
    }
  });
});

test("what is the same for everybody is made once, and not sent again to those who have it", async () => {
  for (const path of ["/docs", "/openapi.json", "/pages.css", "/pages.js"]) {
    const first = await service.send(path, { token: null });
    const headers = { "If-None-Match": `${'"x", '.repeat(1_000)}W/${first.headers.get("ETag")}` };
    const again = await service.send(path, { token: null, headers });
    expect([first.status, again.status, await again.text()], path).toEqual([200, 304, ""]);
    expect(again.headers.get("Cache-Control"), path).toBe(first.headers.get("Cache-Control"));
    expect(again.headers.get("Content-Security-Policy"), path).toBe(first.headers.get("Content-Security-Policy"));
  }
});
