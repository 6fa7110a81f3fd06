// Authentication and authorization: 401 for a missing or wrong token, 403 for a token without the right.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Receipt } from "../../../functions/service/upload/receipt.ts";
import { hostMatches, type Scope } from "../../../shared/run/token.ts";
import { asJson, jsonOf, type Refusal, textOf } from "../../support/answer.ts";
import { startTestEngine, type TestEngine } from "../../support/engine.ts";
import { LOOP } from "../../support/fixtures.ts";
import { makeTestService, type TestService } from "../../support/service.ts";

let engine: TestEngine;
let service: TestService;
let runUrl = "";

beforeAll(async () => {
  engine = await startTestEngine();
  service = await makeTestService(await engine.newTable());
  const receipt = await jsonOf<Receipt>(service.post(LOOP, "?backend=loop&host=dom0-fra-1", asJson), 201);
  runUrl = receipt.results[0]?.url ?? "";
});
afterAll(() => engine.stop());

const ROUTES: readonly [method: string, path: string, scopes: readonly Scope[]][] = [
  ["POST", "/v1/results", ["ingest", "admin"]],
  ["GET", "/v1/runs", ["read", "admin"]],
  ["GET", "/v1/runs/x", ["ingest", "read", "admin"]],
  ["DELETE", "/v1/runs/x", ["admin"]],
  ["GET", "/v1/compare", ["read", "admin"]],
  ["GET", "/v1/status", ["ingest", "read", "admin"]],
  ["GET", "/v1/quarantine", ["read", "admin"]],
  ["POST", "/v1/quarantine/x/retry", ["admin"]],
  ["GET", "/v1/tokens", ["admin"]],
  ["POST", "/v1/tokens", ["admin"]],
  ["DELETE", "/v1/tokens/x", ["admin"]],
];

describe.each(ROUTES)("%s %s", (method, path, scopes) => {
  test("401 without a token, and nothing of the request is read", async () => {
    const body = method === "POST" ? { body: "x".repeat(2_000_000) } : {};
    const answer = await service.send(path, { method, token: null, ...body, ...asJson });
    expect(answer.headers.get("WWW-Authenticate")).toMatch(/^Bearer /);
    expect((await jsonOf<Refusal>(answer, 401)).error.code).toBe("unauthorized");
  });

  test.each(["ingest", "read", "admin"] as const)("scope %s", async (scope) => {
    const { status } = await service.send(path, { method, token: await service.token({ scope }) });
    // A request that passes fails only for its missing query, body or item.
    expect(scopes.includes(scope) ? status !== 403 && status < 500 : status === 403, String(status)).toBe(true);
  });
});

describe("401", () => {
  test.each([
    "",
    "Bearer",
    "Bearer ",
    "Basic dmJkc3RhdDp4",
    "Bearer two words",
    `Bearer ${"x".repeat(257)}`,
    "Bearer secret-999",
    "Token x",
    "Bearer x, Bearer y",
    "Bearer caf\u00e9",
  ])("Authorization: %.40j", async (header) => {
    const answer = service.app.request("http://vbdstat.test/v1/runs", { headers: { Authorization: header } });
    expect((await jsonOf<Refusal>(answer, 401)).error.code).toBe("unauthorized");
  });

  test("the word Bearer is taken in any case", async () => {
    const headers = { Authorization: `bEARER  ${service.admin}` };
    expect((await service.app.request("http://vbdstat.test/v1/runs", { headers })).status).toBe(200);
  });

  test("a token expires to the millisecond, and the response says when it expired", async () => {
    const token = await service.token({ scope: "read", expires_at: "2026-11-22T10:00:00.500Z" });
    const { now } = service;
    service.now = Date.parse("2026-11-22T10:00:00.499Z");
    expect((await service.send("/v1/runs", { token })).status).toBe(200);
    service.now = Date.parse("2026-11-22T10:00:00.500Z");
    const { error } = await jsonOf<Refusal>(service.send("/v1/runs", { token }), 401);
    expect(error.message).toContain("2026-11-22T10:00:00.500Z");
    service.now = now;
  });

  test("no wrong token is repeated in the response", async () => {
    const answer = await service.send("/v1/runs", { token: "vbd_wrong-but-maybe-nearly-right" });
    expect(await answer.text()).not.toContain("vbd_wrong");
  });
});

describe("403: host patterns of ingest tokens", () => {
  test("a token posts for its own hosts, and one line of another host rejects the whole body", async () => {
    const token = await service.token({ scope: "ingest", hosts: "dom0-fra-*" });
    const [own, foreign, unstored] = ["1", "2", "3"].map((digit) => LOOP.replace("25511", `7000${digit}`));
    await jsonOf(service.post(own ?? "", "?backend=loop&host=dom0-fra-2", { token, ...asJson }), 201);
    const body = `# host: dom0-fra-2\n${unstored}\n# host: dom0-ams-1\n${foreign}\n`;
    const { error } = await jsonOf<Refusal>(service.post(body, "?backend=loop", { token, ...asJson }), 403);
    expect(error).toMatchObject({
      code: "forbidden",
      message: expect.stringMatching(/^line 4: .*nothing was stored$/),
    });
    // Nothing was stored: the same line is new when it comes alone.
    await jsonOf(service.post(unstored ?? "", "?backend=loop&host=dom0-fra-2", { token, ...asJson }), 201);
    // Without other metadata, the machine name in the line is the host.
    expect(await textOf(service.post(foreign ?? "", "?backend=loop", { token }), 403)).toContain('"vm101"');
  });

  test("a token reads the receipts of its own hosts, and no others", async () => {
    const url = runUrl;
    for (const [hosts, status] of [
      [null, 200],
      ["dom0-fra-*", 200],
      ["dom0-fra-1", 200],
      ["dom0-ams-*", 403],
      ["", 403],
    ] as const) {
      const token = await service.token({ scope: "ingest", hosts });
      expect((await service.send(url, { token })).status).toBe(status);
    }
  });

  test.each([
    ["dom0-*", "dom0-1", true],
    ["dom0-*", "dom0-", true],
    ["dom0-*", "xdom0-1", false],
    ["*", "", true],
    ["*-fra", "dom0-fra", true],
    ["a*b*c", "a-b-c", true],
    ["a*b*c", "abc", true],
    ["a*b*c", "ac", false],
    ["ab*ba", "aba", false],
    ["**", "x", true],
    ["dom0", "DOM0", false],
    ["dom0.", "dom0x", false],
    ["[a-z]*", "a", false],
    [`${"a*".repeat(100)}b`, "a".repeat(255), false],
  ])("pattern %.20s against %.10s", (pattern, host, matches) => {
    expect(hostMatches(pattern, host)).toBe(matches);
  });
});
