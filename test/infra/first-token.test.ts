// The command that the stack's output names: without it nobody can use what was deployed.

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestEngine, type TestEngine } from "../support/engine.ts";
import { makeTestService } from "../support/service.ts";

let engine: TestEngine;

beforeAll(async () => {
  engine = await startTestEngine();
});
afterAll(() => engine.stop());

const firstToken = (...args: string[]) =>
  promisify(execFile)(process.execPath, ["--import", "tsx", "scripts/first-token.ts", ...args], {
    env: {
      AWS_REGION: "eu-central-1",
      AWS_ACCESS_KEY_ID: "test",
      AWS_SECRET_ACCESS_KEY: "test",
      AWS_ENDPOINT_URL_DYNAMODB: engine.endpoint,
    },
  });

test("prints a secret, alone on standard output, that makes tokens for any fleet", async () => {
  const table = await engine.newTable();
  const { stdout } = await firstToken(table.name);
  expect(stdout).toMatch(/^vbd_[\w-]{43}\n$/);
  const service = await makeTestService(table);
  const body = JSON.stringify({ scope: "ingest", fleet: "another" });
  const answer = await service.send("/v1/tokens", { method: "POST", body, token: stdout.trim() });
  expect(answer.status).toBe(201);
});

test("says what was wrong, and fails, when the table is not there or not named", async () => {
  await expect(firstToken("no-such-table")).rejects.toMatchObject({
    code: 1,
    stdout: "",
    stderr: expect.stringContaining("no token was created: ResourceNotFoundException"),
  });
  await expect(firstToken()).rejects.toMatchObject({ code: 2, stderr: expect.stringContaining("usage:") });
});

test("creates no second root token, unless --replace is given, which revokes the first", async () => {
  const table = await engine.newTable();
  const first = (await firstToken(table.name)).stdout.trim();
  await expect(firstToken(table.name)).rejects.toMatchObject({
    code: 1,
    stdout: "",
    stderr: expect.stringMatching(/no token was created: a root token exists \(\S+, created \S+Z\)\. Use --replace /),
  });
  const second = (await firstToken(table.name, "--replace")).stdout.trim();
  const service = await makeTestService(table);
  expect((await service.send("/v1/tokens", { token: first })).status).toBe(401);
  expect((await service.send("/v1/tokens", { token: second })).status).toBe(200);
});
