// The picture and the table in the README are what the service makes today of the demo's fleet, which anybody can generate.

import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { DEMO_CANDIDATE, DEMO_FLEET } from "../../local/demo/fleet-plan.ts";
import { generateFleet } from "../../local/demo/generated-fleet.ts";
import { startTestEngine, type TestEngine } from "../support/engine.ts";
import { expectGolden } from "../support/golden.ts";
import { makeTestService, type TestService } from "../support/service.ts";

const QUERY = `baseline=${DEMO_FLEET.baseline}&candidate=${DEMO_CANDIDATE.backend}`;

let engine: TestEngine;
let service: TestService;

beforeAll(async () => {
  engine = await startTestEngine();
  service = await makeTestService(await engine.newTable());
  for (const { body } of generateFleet(DEMO_FLEET)) expect((await service.post(body, "")).status).toBe(201);
  await service.aggregate();
});
afterAll(() => engine.stop());

test("the picture of the README is the chart of the demo's fleet", async () => {
  const picture = await service.send(`/v1/compare.svg?${QUERY}&width=800`);
  expectGolden("../../docs/images/comparison.svg", await picture.text());
});

test("the table of the README has lines of the comparison of the demo's fleet", async () => {
  const text = await (await service.send(`/v1/compare.txt?${QUERY}`)).text();
  const table = /```text\n([\s\S]*?)```/.exec(readFileSync("README.md", "utf8"))?.[1] ?? "nothing";
  for (const line of table.trimEnd().split("\n")) expect(text.split("\n")).toContain(line);
});
