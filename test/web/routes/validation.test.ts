// What clients read about values that do not fit: for every parameter of every endpoint and every key of every body a message in
// plain words, never the validator's own.

import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as z from "zod";
import { CONTRACT } from "../../../shared/api/contract.ts";
import { asJson, jsonOf, type Refusal } from "../../support/answer.ts";
import { startTestEngine, type TestEngine } from "../../support/engine.ts";
import { makeTestService, type TestService } from "../../support/service.ts";

let engine: TestEngine;
let service: TestService;

beforeAll(async () => {
  engine = await startTestEngine();
  service = await makeTestService(await engine.newTable());
});
afterAll(() => engine.stop());

/** Words that only a validator uses. */
const RAW =
  /too (big|small)|invalid (input|option|string|key|element|datetime|iso|url|number)|\breceived\b|\bNaN\b|expected (string|number|record|array|boolean|object|int)\b|[<>]=|undefined|\bzod\b|a value as the documentation/i;

const expectPlain = (error: Refusal["error"]) => {
  for (const text of [error.message, ...(error.issues ?? []).map((issue) => issue.text)]) {
    expect(text).not.toMatch(RAW);
    expect(text).toMatch(/expected|unknown|given|no |only|cursor|period|must/);
  }
};

const VALUES = ["", "nonsense", "-1", "1e999", "x".repeat(300)];

const parameters = CONTRACT.filter(({ method, path }) => method === "get" && !path.startsWith("/s/")).flatMap(
  ({ path, query }) => Object.keys(query?.shape ?? {}).map((name) => [path, name] as const),
);

describe("parameters", () => {
  test.each(parameters)("GET %s: %s", async (path, name) => {
    const queries = [...VALUES.map((value) => [value]), ["nonsense", "nonsense"]];
    let rejected = 0;
    for (const values of queries) {
      const query = values.map((value) => `${name}=${encodeURIComponent(value)}`).join("&");
      const answer = await service.send(`${path.replace(/\{\w+\}/, "x")}?${query}`, asJson);
      if (answer.status !== 400) continue;
      rejected += 1;
      expectPlain((await jsonOf<Refusal>(answer, 400)).error);
    }
    if (!["host", "url", "format"].includes(name)) expect(rejected).toBeGreaterThan(0);
  });

  test.each([
    ["/v1/runs?limit=101", 'limit: expected at most 100, found "101"'],
    ["/v1/runs?limit=0", 'limit: expected at least 1, found "0"'],
    ["/v1/runs?limit=ten", 'limit: expected a number, found "ten"'],
    ["/v1/runs?limit=1.5", 'limit: expected a whole number, found "1.5"'],
    ["/v1/trend?backend=loop", /^metric: expected one of putc, put_block, .*, found nothing$/],
    ["/v1/trend?backend=loop&metric=putx", /^metric: expected one of putc, .*, found "putx"$/],
    ["/v1/compare?baseline=loop&candidate=phy&metric=putx", /^metric: expected one of putc, .*, found "putx"$/],
    ["/v1/compare?baseline=loop&candidate=phy&margin=0", 'margin: expected more than 0, found "0"'],
    ["/v1/matrix?view=some", 'view: expected one of trusted, all, found "some"'],
    [`/v1/runs?host=${"h".repeat(256)}`, /^host: expected at most 255 characters, found "hhh.*$/],
    ["/v1/matrix?site=", 'site: expected at least 1 characters, found ""'],
  ])("%s", async (path, message) => {
    const { error } = await jsonOf<Refusal>(service.send(path, asJson), 400);
    expect(error.message).toEqual(typeof message === "string" ? message : expect.stringMatching(message));
  });
});

describe("JSON bodies", () => {
  const bodies = CONTRACT.flatMap(({ path, body }) => (body?.kind === "json" ? [[path, body.schema] as const] : []));
  const send = (path: string, body: unknown) => {
    const method = path === "/v1/settings" ? "PUT" : "POST";
    return service.send(path.replace("{id}", "0".repeat(48)), { method, body: JSON.stringify(body), ...asJson });
  };
  const shapeOf = (schema: z.ZodType): readonly string[] =>
    schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
  const WRONG = [null, true, 7, -0.5, "", " ", "nonsense", "x".repeat(300), [], ["a"], [1], {}, { a: 1 }, { a: [{}] }];

  test("there are some", () =>
    expect(bodies.map(([path]) => path).sort()).toEqual([
      "/v1/runs/withdraw",
      "/v1/runs/{id}/relabel",
      "/v1/settings",
      "/v1/shares",
      "/v1/tokens",
    ]));

  test.each(bodies)("POST %s: every key with every kind of wrong value, and without it", async (path, schema) => {
    const right: Readonly<Record<string, unknown>> =
      path === "/v1/tokens" ? { scope: "ingest" } : { kind: "matrix", query: {}, frozen: false };
    let rejected = 0;
    const check = async (body: unknown) => {
      const answer = await send(path, body);
      if (answer.status !== 400) return;
      rejected += 1;
      expectPlain((await jsonOf<Refusal>(answer, 400)).error);
    };
    for (const key of shapeOf(schema)) {
      for (const value of WRONG) await check({ ...right, [key]: value });
      const { [key]: _, ...without } = { [key]: null, ...right };
      await check(without);
    }
    for (const body of [null, 7, "text", [], [right], {}]) await check(body);
    expect(rejected).toBeGreaterThan(20);
  });

  test.each([
    ["/v1/shares", { kind: "matrix", frozen: true }, "query: expected an object, found nothing"],
    ["/v1/shares", { kind: "matrix", query: [], frozen: true }, "query: expected an object, found a list"],
    ["/v1/shares", { kind: "matrix", query: {}, frozen: "yes" }, 'frozen: expected true or false, found "yes"'],
    [
      "/v1/shares",
      { kind: "matrix", query: { site: {} }, frozen: true },
      "query: expected text or a number or a list, found an object",
    ],
    ["/v1/shares", { kind: "host", query: {}, frozen: true }, /^kind: expected one of compare, .*, found "host"$/],
    ["/v1/tokens", [], "expected an object, found a list"],
    ["/v1/tokens", { scope: "ingest", label: 7 }, "label: expected text, found 7"],
    ["/v1/tokens", { scope: "ingest", hosts: ["a"] }, 'hosts: expected text, found "a"'],
    [
      "/v1/tokens",
      { scope: "ingest", hosts: "web-01, web-02" },
      /^hosts: expected one pattern without commas and spaces, .*, found "web-01, web-02"$/,
    ],
    ["/v1/tokens", { scope: "ingest", hosts: "web-01 web-02" }, /^hosts: expected one pattern/],
    ["/v1/tokens", { scope: "ingest", hosts: "a;b" }, /^hosts: expected one pattern/],
    ["/v1/tokens", { scope: "ingest", hosts: "a,b" }, /^hosts: expected one pattern/],
  ])("POST %s %j", async (path, body, message) => {
    const { error } = await jsonOf<Refusal>(send(path, body), 400);
    expect(error.message).toEqual(typeof message === "string" ? message : expect.stringMatching(message));
  });

  test("any JSON", async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom("/v1/tokens", "/v1/shares"), fc.json(), async (path, body) => {
        const answer = await service.send(path, { method: "POST", body, ...asJson });
        if (answer.status === 400) expectPlain((await jsonOf<Refusal>(answer, 400)).error);
      }),
      { numRuns: 60 },
    );
  });
});

describe("scopes", () => {
  test.each([
    ["DELETE", "/v1/runs/x", "this token has scope ingest; scope admin is required"],
    ["GET", "/v1/compare", "this token has scope ingest; scope read or admin is required"],
  ])("%s %s names each scope once", async (method, path, message) => {
    const token = await service.token({ scope: "ingest" });
    const { error } = await jsonOf<Refusal>(service.send(path, { method, token, ...asJson }), 403);
    expect(error.message).toBe(message);
  });
});
