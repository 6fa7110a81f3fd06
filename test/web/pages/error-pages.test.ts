// Errors over real HTTP: browsers get a page that says what is wrong and links back, programs and shells the error as JSON or
// text, with the same status. When one of these fails, a reader with a mistyped URL sees JSON, or a script gets a page to parse.

import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { jsonOf, type Refusal, textOf } from "../../support/answer.ts";
import { startTestEngine, type TestEngine } from "../../support/engine.ts";
import { interfering } from "../../support/faulty-table.ts";
import { BLKTAP, LOOP } from "../../support/fixtures.ts";
import { readHtml } from "../../support/html.ts";
import { makeTestService, type TestService } from "../../support/service.ts";
import { BROWSER, redirectTarget } from "./visitor.ts";

let engine: TestEngine;
let service: TestService;
let server: Server;
let url = "";
/** The error of every query to the store; null while it works. */
let fault: Error | null = null;

beforeAll(async () => {
  engine = await startTestEngine();
  const table = interfering(await engine.newTable(), ({ name }, pass) =>
    fault !== null && name === "Query" ? Promise.reject(fault) : pass(),
  );
  service = await makeTestService(table);
  await service.post(LOOP, "?backend=loop&host=dom0-1");
  await service.post(BLKTAP, "?backend=blktap1&host=dom0-1");
  await service.aggregate();
  server = createServer(getRequestListener(service.app.fetch));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  // It listens on a port, so its address has one.
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await engine.stop();
});
beforeEach(() => {
  fault = null;
});

interface Sent {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The secret in the cookie; null for none. */
  readonly secret?: string | null;
}

/** Sends a request over the wire. */
function ask(path: string, { method = "GET", headers = {}, secret = service.admin }: Sent = {}): Promise<Response> {
  const cookie: Record<string, string> = secret === null ? {} : { Cookie: `vbdstat=${secret}` };
  const site = { "Sec-Fetch-Site": "same-origin" };
  return fetch(`${url}${path}`, { method, redirect: "manual", headers: { ...site, ...cookie, ...headers } });
}

const byBrowser = (path: string, sent: Sent = {}) => ask(path, { ...sent, headers: { ...BROWSER, ...sent.headers } });

/** An error page: well-formed, without details of the inside, and with the headers of every page. */
async function errorPage(answer: Response, status: number): Promise<string> {
  const page = await answer.text();
  expect(answer.status, page.slice(0, 2_000)).toBe(status);
  expect(answer.headers.get("Content-Type")).toBe("text/html; charset=UTF-8");
  expect(answer.headers.get("Cache-Control")).toBe("no-store");
  expect(answer.headers.get("X-Content-Type-Options")).toBe("nosniff");
  expect(answer.headers.get("Content-Security-Policy")).toBe(
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  );
  const elements = readHtml(page);
  expect(elements.filter(({ name }) => name === "h1")).toHaveLength(1);
  expect(elements.filter(({ name }) => name === "script")).toEqual([]);
  expect(page).not.toMatch(/node_modules|\.tsx?:|\bat \w+ \(|10\.0\.0\.7|\bSecret\b/);
  return page;
}

const NOWHERE = [
  "/nothing",
  "/hosts/",
  "/hosts/a/b",
  "/Matrix",
  "/pages.css.map",
  "/.env",
  "/%3Cscript%3Ealert(1)%3C%2Fscript%3E",
  "/%E2%80%AEgnp.exe",
  "/%E0%A4%A",
  "//evil.example/",
  `/${"a".repeat(6_000)}`,
];

describe("a path that does not exist", () => {
  test.each(NOWHERE)("%.40s is a page to a browser, signed in or not, and links back", async (path) => {
    for (const secret of [service.admin, null]) {
      const answer = await byBrowser(path, { secret });
      const page = await errorPage(answer, 404);
      expect(page).toContain("<h1>Not found</h1>");
      expect(page).toContain("No such path: /");
      expect(page).toContain('<a href="/">Home</a>');
      expect(page).toContain(`Request ${answer.headers.get("X-Request-Id")}`);
      expect(page.length).toBeLessThan(5_000);
      expect(page).not.toMatch(/<script|\u202e|href="\/\/|href="http/);
    }
  });

  test.each([
    ["curl", { Accept: "*/*" }],
    ["a program", { Accept: "application/json" }],
    ["a program that takes HTML as well", { Accept: "application/json, text/html;q=0.5" }],
    ["a picture in a page", { Accept: "image/avif,image/webp,image/*,*/*;q=0.8" }],
  ])("is JSON to %s", async (_, headers) => {
    expect((await jsonOf<Refusal>(ask("/nothing", { headers }), 404)).error.code).toBe("not_found");
  });

  test("is text to a shell that asks for it", async () => {
    const text = await textOf(ask("/nothing", { headers: { Accept: "text/plain" } }), 404);
    expect(text).toMatch(
      /^error not_found: no such path: \/nothing\nsee http:\/\/127\.0\.0\.1:\d+\/docs#not_found, request /,
    );
  });

  test.each(["/v1/nothing", "/v1", "/v1/runs/x", "/v1/hosts/nobody"])("%s is JSON, also to a browser", async (path) => {
    expect((await jsonOf<Refusal>(byBrowser(path), 404)).error.code).toBe("not_found");
  });
});

describe("a page that fails", () => {
  test.each([
    ["/hosts/nobody", 404, "This fleet has no results of a host &quot;nobody&quot;.", '<a href="/hosts">Back to Hosts'],
    ["/hosts/%3Cb%3E%E2%80%AE", 404, "host &quot;&lt;b&gt;\\u202e&quot;.", '<a href="/hosts">Back to Hosts'],
    ["/runs/nothing", 404, "This fleet has no run with that id.", '<a href="/runs">Back to Runs'],
    ["/runs?from=2026-02-02&to=2026-02-01", 400, "To: expected a time after from", '<a href="/runs">Back to Runs'],
    ["/hosts?limit=1000", 400, "Limit: ", '<a href="/hosts">Back to Hosts'],
    ["/matrix?nonsense=1", 400, "Unknown parameter &quot;nonsense&quot;", '<form method="get" action="/matrix"'],
    ["/trend?from=%3Cb%3E", 400, "From: expected", '<form method="get" action="/trend"'],
    [
      "/?baseline=loop&candidate=%22%3E",
      400,
      "Candidate: expected a backend such as loop",
      '<form method="get" action="/"',
    ],
  ])("%s: %i in words to a browser, with a link back; JSON to curl", async (path, status, words, way) => {
    const page = await errorPage(await byBrowser(path), status);
    expect(page).toContain(words);
    expect(page).toContain(way);
    await jsonOf<Refusal>(ask(path), status);
  });

  test("several issues are each shown once, in words without codes", async () => {
    const page = await errorPage(await byBrowser("/matrix?nonsense=1&period=20x"), 400);
    expect(page).toContain("<li>Unknown parameter &quot;nonsense&quot;.</li>");
    expect(page.match(/found &quot;20x&quot;/g)).toHaveLength(1);
    expect(page).not.toContain("bad_parameter");
  });

  test.each([
    ["DELETE", "/matrix", "GET"],
    ["GET", "/sign-out", "POST"],
    ["GET", "/shares/revoke", "POST"],
    ["POST", "/hosts/dom0-1", "GET"],
  ])("405 for %s %s, with the allowed method", async (method, path, allowed) => {
    const answer = await byBrowser(path, { method });
    expect(answer.headers.get("Allow")).toBe(allowed);
    expect(await errorPage(answer, 405)).toContain(`Method ${method} not allowed for ${path} (allowed: ${allowed}).`);
    const refusal = await jsonOf<Refusal>(ask(path, { method }), 405);
    expect(refusal.error.code).toBe("method_not_allowed");
  });

  test("403 names what the token lacks, and links to no page that it may not open", async () => {
    const secret = await service.token({ scope: "ingest" });
    const page = await errorPage(await byBrowser("/hosts/dom0-1", { secret }), 403);
    expect(page).toContain("This token has scope ingest");
    expect(page).toContain('<a href="/upload">Home</a>');
    expect(page).not.toContain('href="/hosts"');
    expect((await jsonOf<Refusal>(ask("/hosts/dom0-1", { secret }), 403)).error.code).toBe("forbidden");
  });

  test("401 redirects a browser to the sign-in and back, and stays 401 for every other client", async () => {
    const next = "/matrix?view=all";
    expect(redirectTarget(await byBrowser(next, { secret: null }))).toBe(`/sign-in?${new URLSearchParams({ next })}`);
    const ended = await byBrowser(next, { secret: "vbd_ended" });
    expect(redirectTarget(ended)).toBe(`/sign-in?${new URLSearchParams({ next, ended: "yes" })}`);
    expect(ended.headers.get("Set-Cookie")).toContain("Max-Age=0");
    const told = await ask(next, { secret: null });
    expect(told.headers.get("WWW-Authenticate")).toBe('Bearer realm="vbdstat"');
    expect((await jsonOf<Refusal>(told, 401)).error.code).toBe("unauthorized");
  });
});

describe("a form that is rejected", () => {
  const post = (path: string, form: Readonly<Record<string, string>>, accept: Readonly<Record<string, string>>) =>
    fetch(`${url}${path}`, {
      method: "POST",
      redirect: "manual",
      body: new URLSearchParams(form),
      headers: { ...accept, Cookie: `vbdstat=${service.admin}`, "Sec-Fetch-Site": "same-origin" },
    });

  test("of an upload keeps the pasted text; a program gets JSON", async () => {
    const form = { output: "no result <at> all", backend: "loop" };
    const page = await errorPage(await post("/upload", form, BROWSER), 400);
    expect(page).toContain("no result &lt;at&gt; all</textarea>");
    expect((await jsonOf<Refusal>(post("/upload", form, {}), 400)).error.code).toBe("no_result");
  });

  test("of a wrong token shows the sign-in again, and is 401 to a program", async () => {
    const form = { token: "vbd_wrong" };
    expect(await errorPage(await post("/sign-in", form, BROWSER), 401)).toContain("Unknown or revoked token");
    expect((await jsonOf<Refusal>(post("/sign-in", form, {}), 401)).error.code).toBe("unauthorized");
  });
});

const named = (name: string) =>
  Object.assign(new Error("at 10.0.0.7:8000 in table vbdstat, Secret"), { name }) satisfies Error;

describe("while the store fails", () => {
  test.each([
    [503, "TimeoutError", "10", "The store cannot be reached"],
    [429, "ProvisionedThroughputExceededException", "5", "The service is overloaded"],
    [500, "TypeError", null, "Something went wrong"],
  ])("%i of a %s in words, when to retry, and no details of the inside", async (status, name, wait, title) => {
    fault = named(name);
    const before = service.faults.length;
    const answer = await byBrowser("/hosts");
    expect(answer.headers.get("Retry-After")).toBe(wait);
    const page = await errorPage(answer, status);
    expect(page).toContain(`<h1>${title}</h1>`);
    expect(page).toContain(`Request ${answer.headers.get("X-Request-Id")}`);
    expect(page).toContain('<a href="/hosts">Back to Hosts');
    expect(service.faults.length).toBe(before + 1);
    const told = await ask("/hosts");
    expect(told.headers.get("Retry-After")).toBe(wait);
    expect(JSON.stringify(await jsonOf<Refusal>(told, status))).not.toMatch(/10\.0\.0\.7|Secret/);
  });
});
