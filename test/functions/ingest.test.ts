// The ingest function as AWS calls it. What fails here would fail, or log a secret, once deployed.

import { gzipSync } from "node:zlib";
import type { APIGatewayProxyResult, LambdaContext, LambdaEvent } from "hono/aws-lambda";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { startTestEngine, type TestEngine } from "../support/engine.ts";
import { BLKTAP, LOOP } from "../support/fixtures.ts";
import { makeTestService, type TestService } from "../support/service.ts";
import { functionEnvironment, loggedLines } from "./function-environment.ts";
import { gatewayEvent, lambdaContext } from "./gateway-event.ts";

let engine: TestEngine;
let service: TestService;
let handler: (event: LambdaEvent, context: LambdaContext) => Promise<APIGatewayProxyResult>;

beforeAll(async () => {
  engine = await startTestEngine();
  const table = await engine.newTable();
  service = await makeTestService(table);
  functionEnvironment(engine, table);
  ({ handler } = await import("../../functions/ingest.ts"));
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await engine.stop();
});

const post = (body: string | Buffer, headers: Record<string, string> = {}) =>
  handler(
    gatewayEvent({
      method: "POST",
      path: "/v1/results",
      query: "backend=loop&host=dom0-fra-1",
      headers: { Authorization: `Bearer ${service.admin}`, ...headers },
      body,
    }),
    lambdaContext,
  );

test("a line posted by curl is stored, answered in text, and logged in one line without the token", async () => {
  const lines = loggedLines();
  const answer = await post(`${LOOP}\n`);
  vi.restoreAllMocks();

  expect(answer).toMatchObject({ statusCode: 201, isBase64Encoded: false });
  expect(answer.body).toMatch(/^stored 1, duplicate 0, rejected 0\n/);
  expect((await service.send("/v1/runs")).status).toBe(200);

  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(/^[^\n]*\n$/);
  expect(lines[0]).not.toContain(service.admin);
  expect(JSON.parse(lines[0] ?? "")).toEqual({
    kind: "request",
    at: expect.any(String),
    requestId: answer.headers?.["x-request-id"],
    method: "POST",
    path: "/v1/results",
    status: 201,
    milliseconds: expect.any(Number),
    tokenId: expect.any(String),
    fleet: "default",
    note: expect.stringContaining("stored 1"),
    results: { stored: 1, duplicate: 0, rejected: 0 },
  });
});

test("a gzipped body, which API Gateway sends in base64, arrives byte for byte", async () => {
  loggedLines();
  const answer = await post(gzipSync(BLKTAP), { "Content-Encoding": "gzip", Accept: "application/json" });
  vi.restoreAllMocks();
  expect(answer.statusCode).toBe(201);
  const [result] = JSON.parse(answer.body).results;
  expect(await (await service.send(`${result.url}.txt`)).text()).toBe(`${BLKTAP}\n`);
});

test("a store that cannot be reached is a 503 for the host, and an error with its cause in the log", async () => {
  const lines = loggedLines();
  vi.stubEnv("TABLE_NAME", "no-such-table");
  vi.resetModules();
  const { handler: lost } = await import("../../functions/ingest.ts");
  const headers = { Authorization: `Bearer ${service.admin}` };
  const answer = await lost(gatewayEvent({ method: "POST", path: "/v1/results", headers, body: LOOP }), lambdaContext);
  vi.restoreAllMocks();
  expect(answer.statusCode).toBe(503);
  const fault = lines.map((line) => JSON.parse(line)).find(({ kind }) => kind === "error");
  expect(fault).toMatchObject({
    requestId: answer.headers?.["x-request-id"],
    error: { name: "AppError", cause: { name: "ResourceNotFoundException" } },
  });
});

test("a function without TABLE_NAME does not start with another table", async () => {
  vi.stubEnv("TABLE_NAME", "");
  vi.resetModules();
  await expect(import("../../functions/ingest.ts")).rejects.toThrow("TABLE_NAME: expected");
});
