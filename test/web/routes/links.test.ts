// What whoever has a link sees: every format with its type, for any site to embed, and in words what cannot be shown.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestEngine, type TestEngine } from "../../support/engine.ts";
import { readPng } from "../../support/png.ts";
import { makeTestService, type TestService } from "../../support/service.ts";
import { parsedXml } from "../../support/well-formed.ts";
import { bytesOf, earlierShare, look, type MadeShare, postFleet, share } from "./shared-fleet.ts";

let engine: TestEngine;
let service: TestService;
let made: MadeShare;

const HOSTILE = `<script>alert(1)</script> "><img src=x onerror=alert(1)> gnp.exe [a](javascript:alert(1)) | =cmd()`;

beforeAll(async () => {
  engine = await startTestEngine();
  service = await makeTestService(await engine.newTable());
  await postFleet(service);
  made = await share(service, { frozen: true, title: HOSTILE });
});
afterAll(() => engine.stop());

const NOBODY = "0123456789abcdef0123456789abcdef";

describe("200", () => {
  test.each([
    ["", "text/html; charset=utf-8"],
    [".html", "text/html; charset=utf-8"],
    [".svg", "image/svg+xml; charset=utf-8"],
    [".png", "image/png"],
    [".md", "text/markdown; charset=utf-8"],
    [".txt", "text/plain; charset=utf-8"],
    [".csv", "text/csv; charset=utf-8; header=present"],
    [".json", "application/json"],
    ["/badge.svg", "image/svg+xml; charset=utf-8"],
  ])("%s is %s, for any site to read and frame, and may itself load and run nothing", async (suffix, type) => {
    const { status, headers } = await look(service, `/s/${made.id}${suffix}`, { headers: { Accept: "*/*" } });
    expect(status).toBe(200);
    expect(headers.get("Content-Type")).toBe(type);
    expect(headers.get("Access-Control-Allow-Origin")).toBe("*");
    expect(headers.get("Cross-Origin-Resource-Policy")).toBe("cross-origin");
    const policy = headers.get("Content-Security-Policy") ?? "";
    expect(policy).toMatch(/^default-src 'none'/);
    expect(policy).not.toMatch(/frame-ancestors|unsafe|script-src/);
    expect(headers.get("X-Frame-Options")).toBeNull();
  });

  test("a hostile title is text in every format and snippet", async () => {
    for (const format of ["html", "svg"] as const) {
      const markup = await (await look(service, made.urls[format] ?? "")).text();
      expect(markup).not.toMatch(/<script|<img/);
      expect(markup).toContain("&lt;script&gt;");
    }
    const { img, markdown, html, iframe } = made.snippets;
    for (const snippet of [img ?? "", html, iframe]) {
      expect(snippet).not.toMatch(/<script|onerror=alert\(1\)>/);
      expect(snippet.match(/<img /g) ?? []).toHaveLength(snippet === iframe ? 0 : 1);
    }
    expect(markdown).toContain("\\<script\\>");
    expect(markdown).toContain("\\]\\(javascript\\:alert");
  });

  test("a title that turns the text around, as an earlier version took it, turns nothing", async () => {
    const { urls } = await earlierShare(service, "a \u202egnp.exe");
    for (const format of ["html", "svg", "md", "txt"] as const) {
      const text = await (await look(service, urls[format] ?? "")).text();
      expect(text, format).toContain("gnp");
      expect(text, format).not.toContain("\u202e");
    }
    const embedded = await look(service, `/oembed?url=${encodeURIComponent(urls.html ?? "")}`);
    expect(await embedded.text()).not.toContain("\u202e");
  });

  test("every picture is well-formed, and every style sheet in it is in its policy", async () => {
    for (const address of [made.urls.svg, made.urls.badge, `${made.urls.svg}?theme=dark&width=320`]) {
      const answer = await look(service, address ?? "");
      const text = await answer.text();
      expect(() => parsedXml(text)).not.toThrow();
      const policy = answer.headers.get("Content-Security-Policy") ?? "";
      expect(policy.match(/'sha256-/g)?.length ?? 0).toBe(text.match(/<style/g)?.length ?? 0);
    }
  });

  test("width, theme and metrics change the picture, and only the picture", async () => {
    const svg = async (query: string) => (await look(service, `${made.urls.svg}?${query}`)).text();
    expect(await svg("width=1200")).toContain('width="1200"');
    expect(new Set(await Promise.all(["theme=light", "theme=dark", "theme=auto"].map(svg))).size).toBe(3);
    const few = await svg("metrics=put_block,seeks");
    expect(few).toContain("block write");
    expect(few).not.toContain("random create");
    expect(await svg("metrics=seeks&metrics=put_block")).toBe(few);
    const json = async (query: string) => (await look(service, `${made.urls.json}?${query}`)).text();
    expect(await json("metrics=seeks&width=400")).toBe(await json(""));
  });

  test("no data yet is no error: a picture says so in words", async () => {
    for (const frozen of [true, false]) {
      const { urls } = await share(service, { query: { baseline: "phy", candidate: "emulated" }, frozen });
      const answer = await look(service, urls.svg ?? "");
      expect(answer.status).toBe(200);
      expect(await answer.text()).toMatch(/no (host|data|results)/i);
      expect((await look(service, urls.png ?? "")).status).toBe(200);
      expect(await (await look(service, urls.badge ?? "")).text()).toContain("no data yet");
    }
  });
});

describe("the badge", () => {
  const badge = async (query: object, metric: string) => {
    const { urls } = await share(service, { query });
    return (await look(service, `${urls.badge}?metric=${metric}`)).text();
  };
  const pair = { baseline: "loop", candidate: "blktap2" };

  test.each([
    ["faster", pair, "put_block", /blktap2 vs loop: block write 2\.\d*x \(2\.\d*-2\.\d*\)/],
    ["slower", pair, "rewrite", /blktap2 vs loop: rewrite 0\.499x /],
    ["equivalent", pair, "putc", /blktap2 vs loop: char write 1\.0*x/],
    ["not comparable", pair, "seq_stat", /sequential stat .*(not comparable|too fast)/],
    [
      "inconclusive",
      { baseline: "loop", candidate: "qdisk" },
      "put_block",
      /qdisk vs loop: block write 1\.5\d*x on 3 hosts/,
    ],
  ])("says of a metric that is %s what is known", async (_, query, metric, expected) => {
    const svg = await badge(query, metric);
    const title = /<title>(.*?)<\/title>/.exec(svg)?.[1] ?? "";
    expect(title.replaceAll("×", "x").replaceAll("–", "-")).toMatch(expected);
  });

  test("is of block writes unless another metric is named, or they are not shared", async () => {
    const { id } = await share(service, { query: { ...pair, metric: "seeks" } });
    expect(await (await look(service, `/s/${id}/badge.svg`)).text()).toContain("random seeks");
    const answer = await look(service, `/s/${id}/badge.svg?metric=putc`);
    expect(answer.status).toBe(400);
    expect(answer.headers.get("Content-Type")).toMatch(/^image\/svg/);
    expect(await (await look(service, made.urls.badge ?? "")).text()).toContain("block write");
  });
});

describe("refused", () => {
  test.each(["", ".html"])("404 as a page: %j", async (suffix) => {
    const answer = await look(service, `/s/${NOBODY}${suffix}`);
    expect(answer.status).toBe(404);
    expect(answer.headers.get("Content-Type")).toMatch(/^text\/html/);
    expect(answer.headers.get("Content-Security-Policy")).not.toContain("frame-ancestors");
    expect(await answer.text()).toContain("No such summary");
  });

  test("404 as a picture in words, where a picture was embedded", async () => {
    for (const suffix of [".svg", "/badge.svg"]) {
      const answer = await look(service, `/s/${NOBODY}${suffix}`);
      expect(answer.status).toBe(404);
      expect(answer.headers.get("Cache-Control")).toBe("no-store");
      expect(await answer.text()).toContain("No such summary");
    }
    const png = await look(service, `/s/${NOBODY}.png`);
    expect(png.status).toBe(404);
    expect(readPng(await bytesOf(png)).colours()).toBeGreaterThan(10);
  });

  test.each([".txt", ".md", ".csv"])("404 as text for a shell: %s", async (suffix) => {
    const answer = await look(service, `/s/${NOBODY}${suffix}`);
    expect(answer.status).toBe(404);
    expect(await answer.text()).toMatch(/^error not_found: /);
  });

  test.each(["0", "..%2f..%2fetc", "%3Cscript%3E", `${"0".repeat(31)}g`, "x".repeat(3_000)])(
    "404 for what is no id: %s",
    async (id) => {
      for (const suffix of ["", ".svg", ".json"]) expect((await look(service, `/s/${id}${suffix}`)).status).toBe(404);
    },
  );

  test.each([
    "width=100",
    "width=5000",
    "width=abc",
    "theme=blue",
    "metrics=speed",
    "utm_source=x",
    "width=400&width=500",
  ])("400 for the look %s, in words in the picture", async (query) => {
    const answer = await look(service, `${made.urls.svg}?${query}`);
    expect(answer.status).toBe(400);
    expect(answer.headers.get("Content-Type")).toMatch(/^image\/svg/);
    expect(await answer.text()).toContain(query.split("=")[0]);
  });

  test("404 for a picture of what is not drawn", async () => {
    const { id } = await share(service, { kind: "backends", query: {} });
    for (const suffix of [".svg", ".png", "/badge.svg"]) {
      expect((await look(service, `/s/${id}${suffix}`)).status, suffix).toBe(404);
    }
  });

  test("405 for anything but reading", async () => {
    expect((await look(service, `/s/${made.id}.svg`, { method: "DELETE" })).status).toBe(405);
  });
});

test("nothing but shares may be framed or read by other sites", async () => {
  for (const path of [
    "/v1/compare?baseline=loop&candidate=blktap2",
    "/v1/compare.png?baseline=loop&candidate=blktap2",
    "/v1/shares",
    "/docs",
    "/healthz",
    "/nothing",
  ]) {
    const { headers } = await service.send(path);
    expect(headers.get("Access-Control-Allow-Origin"), path).toBeNull();
    expect(headers.get("Content-Security-Policy"), path).toContain("frame-ancestors 'none'");
  }
});
