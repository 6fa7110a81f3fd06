// Every page: its status for each scope, its parts, and the headers that every response has.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Receipt } from "../../../functions/service/upload/receipt.ts";
import { asJson, jsonOf } from "../../support/answer.ts";
import { startTestEngine, type TestEngine } from "../../support/engine.ts";
import { BLKTAP, LOOP } from "../../support/fixtures.ts";
import { readHtml } from "../../support/html.ts";
import { makeTestService, type TestService } from "../../support/service.ts";
import { BROWSER, expectPage, redirectTarget, type Visitor, visitor } from "./visitor.ts";

let engine: TestEngine;
let service: TestService;
let reader: Visitor;
let admin: Visitor;
let run = "";

beforeAll(async () => {
  engine = await startTestEngine();
  service = await makeTestService(await engine.newTable());
  reader = visitor(service, await service.token({ scope: "read" }));
  admin = visitor(service, service.admin);
  const receipt = await jsonOf<Receipt>(service.post(LOOP, "?backend=loop&host=dom0-1&site=fra", asJson), 201);
  run = `/runs/${receipt.results[0]?.id}`;
  await service.post(BLKTAP, "?backend=blktap1&host=dom0-1&site=fra");
  await service.aggregate();
});
afterAll(() => engine.stop());

/** Pages and the scopes that may see them. */
const PAGES: readonly [path: string, scopes: readonly string[]][] = [
  ["/", ["read", "admin"]],
  [
    "/?baseline=loop&candidate=blktap1&period=all&view=all&margin=0.05&metric=putc&metric=seeks&site=fra",
    ["read", "admin"],
  ],
  ["/matrix", ["read", "admin"]],
  ["/trend", ["read", "admin"]],
  ["/trend?backend=loop&metric=seeks&unit=quarter&view=all", ["read", "admin"]],
  ["/hosts", ["read", "admin"]],
  ["/hosts/dom0-1", ["read", "admin"]],
  ["/runs", ["read", "admin"]],
  ["/runs?host=dom0-1&backend=loop&from=2026-11-01&to=", ["read", "admin"]],
  ["RUN", ["read", "ingest", "admin"]],
  ["/upload", ["ingest", "admin"]],
  ["/shares", ["read", "admin"]],
];

const addressOf = (path: string) => (path === "RUN" ? run : path);

describe.each(PAGES)("%s", (path, scopes) => {
  test("200 for those who may, as well-formed HTML with a title, a heading and all its parts", async () => {
    const page = await expectPage(admin.visit(addressOf(path)), 200);
    const elements = readHtml(page);
    const count = (name: string) => elements.filter((element) => element.name === name).length;
    expect([count("main"), count("h1"), count("footer"), count("header")]).toEqual([1, 1, 1, 1]);
    expect(elements.find(({ name }) => name === "title")?.text).toMatch(/^.+ · vbdstat$/);
  });

  test("403 in words for a token of another scope, whose menu has only what it may open", async () => {
    for (const scope of ["read", "ingest"] as const) {
      const other = visitor(service, await service.token({ scope }));
      const answer = await other.visit(addressOf(path));
      if (scope === "ingest" && /^\/(\?|$)/.test(path)) {
        expect(redirectTarget(answer)).toBe("/upload");
        continue;
      }
      expect(answer.status, scope).toBe(scopes.includes(scope) ? 200 : 403);
      const page = await answer.text();
      expect(/<a href="\/upload"[^>]*>Upload/.test(page), scope).toBe(scope === "ingest");
      if (answer.status === 403) expect(page).toContain(`This token has scope ${scope}`);
    }
  });

  test("303 to the sign-in and back without a token", async () => {
    const address = addressOf(path);
    const answer = await visitor(service, null).visit(address);
    expect(redirectTarget(answer)).toBe(`/sign-in?${new URLSearchParams({ next: address })}`);
    expect(await answer.text()).toBe("");
  });

  test("a token in the header opens it as well", async () => {
    expect((await service.send(addressOf(path))).status).toBe(200);
  });

  test("runs only our script, loads nothing from other sites, and is neither framed nor cached", async () => {
    const answer = await admin.visit(addressOf(path));
    const policy = new Map(
      (answer.headers.get("Content-Security-Policy") ?? "").split("; ").map((rule) => {
        const [name = "", ...sources] = rule.split(" ");
        return [name, sources.join(" ")];
      }),
    );
    expect(policy.get("default-src")).toBe("'none'");
    expect(policy.get("style-src")).toBe("'self'");
    expect(policy.get("img-src")).toBe("'self' data:");
    expect(policy.get("form-action")).toBe("'self'");
    expect(policy.get("base-uri")).toBe("'none'");
    expect(policy.get("frame-ancestors")).toBe("'none'");
    expect([undefined, "'self'"]).toContain(policy.get("script-src"));
    expect(answer.headers.get("X-Content-Type-Options")).toBe("nosniff");
    expect(answer.headers.get("Referrer-Policy")).toBe("same-origin");
    expect(answer.headers.get("Cache-Control")).toBe("no-store");
    expect(answer.headers.get("Access-Control-Allow-Origin")).toBeNull();
    const page = await answer.text();
    expect(page).not.toMatch(/<style|<script(?! src="\/pages\.js\?v=[0-9a-f]{12}" defer="">)|\sstyle=|\son[a-z]+="/);
    expect(page).not.toMatch(/(src|action)="(?!\/)/);
  });
});

describe("what every page loads", () => {
  test.each([
    ["/pages.css", "text/css; charset=utf-8"],
    ["/pages.js", "text/javascript; charset=utf-8"],
  ])("%s needs no token, and is cached forever under the URL that pages have", async (path, type) => {
    const page = await (await admin.visit("/shares")).text();
    const [address = ""] = new RegExp(`${path.replace(".", "\\.")}\\?v=\\w+`).exec(page) ?? [];
    const answer = await visitor(service, null).visit(address);
    expect([answer.status, answer.headers.get("Content-Type")]).toEqual([200, type]);
    expect(answer.headers.get("Cache-Control")).toBe("public, max-age=31536000, immutable");
    const old = await visitor(service, null).visit(`${path}?v=000000000000`);
    expect(old.headers.get("Cache-Control")).toBe("public, max-age=300");
  });
});

describe("errors", () => {
  test.each([
    ["/hosts/nobody", 404, "This fleet has no results of a host &quot;nobody&quot;."],
    ["/runs/nothing", 404, "This fleet has no run with that id."],
    ["/runs/%3Cb%3E", 404, "This fleet has no run with that id."],
    ["/matrix?period=2026-13", 400, "Period: expected all, 2026"],
    ["/matrix?nonsense=1", 400, "Unknown parameter &quot;nonsense&quot;"],
    ["/runs?from=2026-02-02&to=2026-02-01", 400, "To: expected a time after from"],
    ["/hosts?limit=1000", 400, "Limit: "],
  ])("%s: %i in words", async (path, status, words) => {
    expect(await expectPage(admin.visit(path), status)).toContain(words);
  });

  test("a form of another content type is rejected", async () => {
    const headers = { ...BROWSER, "Content-Type": "text/plain", "Sec-Fetch-Site": "same-origin" };
    const answer = await service.send("/upload", { method: "POST", body: "output=x", headers });
    expect(await expectPage(answer, 400)).toContain("Expected a form");
  });
});

describe("an ingest token", () => {
  test("sees the runs of its own hosts only, and no links to pages it may not open", async () => {
    const own = visitor(service, await service.token({ scope: "ingest", hosts: "dom0-*" }));
    const page = await expectPage(own.visit(run), 200);
    expect(page).not.toContain('href="/hosts/dom0-1"');
    const other = visitor(service, await service.token({ scope: "ingest", hosts: "web-*" }));
    await expectPage(other.visit(run), 403);
  });
});

test("a fleet sees its own results only", async () => {
  const other = visitor(service, await service.token({ scope: "admin", fleet: "other" }));
  await expectPage(other.visit(run), 404);
  await expectPage(other.visit("/hosts/dom0-1"), 404);
  expect(await expectPage(other.visit("/"), 200)).toContain("No results yet");
});

test("lists continue page by page, with the same query", async () => {
  const page = await expectPage(reader.visit("/runs?backend=loop&limit=1"), 200);
  expect(page).not.toContain("Next page");
  const first = await expectPage(reader.visit("/runs?limit=1"), 200);
  const [, next = ""] = /rel="next" class="button" href="([^"]+)"/.exec(first) ?? [];
  expect(next).toMatch(/^\/runs\?cursor=/);
  const second = await expectPage(reader.visit(next.replaceAll("&amp;", "&")), 200);
  expect(second).toContain("blktap1");
});

describe("the host form", () => {
  const find = (text: string) => reader.visit(`/hosts?${new URLSearchParams({ host: text })}`);

  beforeAll(async () => {
    for (const host of ["gen-dom0-000050", "GEN-dom0-000051", "a/b<c>?", "z-caf\u00e9"]) {
      await service.post(LOOP, `?backend=loop&host=${encodeURIComponent(host)}`);
    }
    await service.aggregate();
  });

  test.each([
    ["gen-dom0-000050", "gen-dom0-000050"],
    ["GEN-DOM0-000050", "gen-dom0-000050"],
    ["0050", "gen-dom0-000050"],
    ["Dom0-000051", "GEN-dom0-000051"],
    [" a/b<c>? ", "a/b<c>?"],
    ["<C>", "a/b<c>?"],
    ["CAFE\u0301", "z-caf\u00e9"],
    ["dom0-1", "dom0-1"],
  ])("%j leads to %j", async (text, host) => {
    expect(redirectTarget(await find(text))).toBe(`/hosts/${encodeURIComponent(host)}`);
  });

  test("a part of several names lists them, with the text in the form", async () => {
    const page = await expectPage(find("DOM0-0000"), 200);
    expect(page).toContain("2 hosts with &quot;DOM0-0000&quot; in the name.");
    expect(page).toContain('href="/hosts/gen-dom0-000050"');
    expect(page).toContain('href="/hosts/GEN-dom0-000051"');
    expect(page).not.toContain('href="/hosts/dom0-1"');
    expect(page).toContain('value="DOM0-0000"');
  });

  test("no name: 404 says so, and leads to all hosts", async () => {
    const page = await expectPage(find("nob<ody"), 404);
    expect(page).toContain("No name contains &quot;nob&lt;ody&quot;, in upper or lower case.");
    expect(page).toContain('<a href="/hosts">All hosts</a>');
  });
});

test("a page of a list says that it is one, and leads back to the first", async () => {
  const first = await expectPage(reader.visit("/hosts?limit=2"), 200);
  expect(first).toContain("2 hosts on this page, in the order of their names; more follow on the next page.");
  expect(first).not.toContain("First page");
  const [, next = ""] = /rel="next" class="button" href="([^"]+)"/.exec(first) ?? [];
  const second = await expectPage(reader.visit(next.replaceAll("&amp;", "&")), 200);
  expect(second).toMatch(
    /hosts in the order of their names, up to the last one\..*<a class="button" href="\/hosts">First page/s,
  );
  const runs = await expectPage(reader.visit("/runs?limit=1"), 200);
  expect(runs).toContain("1 run on this page, newest first; older ones follow on the next page.");
  const all = await expectPage(reader.visit("/runs"), 200);
  expect(all).toContain("6 runs, newest first, up to the oldest one.");
});
