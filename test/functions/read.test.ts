// The read function as AWS calls it.

import type { APIGatewayProxyResult, LambdaContext, LambdaEvent } from "hono/aws-lambda";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { VERSION } from "../../shared/deployment.ts";
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
  await service.post(LOOP, "?backend=loop&host=h1");
  await service.post(BLKTAP, "?backend=blktap2&host=h1");
  await service.aggregate();
  functionEnvironment(engine, table);
  ({ handler } = await import("../../functions/read.ts"));
  loggedLines();
});
afterAll(async () => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  await engine.stop();
});

const get = (path: string, query = "") =>
  handler(
    gatewayEvent({ method: "GET", path, query, headers: { Authorization: `Bearer ${service.admin}` } }),
    lambdaContext,
  );

test("a comparison is the same as the local server's", async () => {
  const query = "baseline=loop&candidate=blktap2&metric=put_block&metric=rewrite";
  const answer = await get("/v1/compare", query);
  expect(answer).toMatchObject({ statusCode: 200, isBase64Encoded: false });
  expect(JSON.parse(answer.body)).toEqual(await (await service.send(`/v1/compare?${query}`)).json());
});

test("the suffix of the path gives the format, as API Gateway passes it on", async () => {
  const answer = await get("/v1/compare.txt", "baseline=loop&candidate=blktap2");
  expect(answer.statusCode).toBe(200);
  expect(answer.headers?.["content-type"]).toMatch(/^text\/plain/);
});

test("the status has the version and engine of this deployment", async () => {
  expect(JSON.parse((await get("/v1/status")).body)).toMatchObject({
    pending_hosts: 0,
    hosts: 1,
    version: VERSION,
    engine: "dynamodb",
  });
});

test.each(["db#1", "what?", "half 50%", "DOM\\x", "größe"])(
  "a host is found whatever its name, although API Gateway has decoded the path: %s",
  async (host) => {
    await service.post(LOOP, `?backend=loop&host=${encodeURIComponent(host)}`);
    const answer = await get(`/v1/hosts/${host}`);
    expect(JSON.parse(answer.body)).toMatchObject({ host });
  },
);
