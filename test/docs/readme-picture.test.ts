// The picture in the README is what the service draws today of the demo's fleet, which anybody can make again.

import { afterAll, beforeAll, expect, test } from "vitest";
import { DEMO_CANDIDATE, DEMO_FLEET } from "../../local/fleet/demo-fleet.ts";
import { generateFleet } from "../../local/generated-fleet.ts";
import { startTestEngine, type TestEngine } from "../support/engine.ts";
import { expectGolden } from "../support/golden.ts";
import { makeTestService } from "../support/service.ts";

let engine: TestEngine;

beforeAll(async () => {
  engine = await startTestEngine();
});
afterAll(() => engine.stop());

test("the picture of the README is the chart of the demo's fleet", async () => {
  const service = await makeTestService(await engine.newTable());
  for (const { body } of generateFleet(DEMO_FLEET)) expect((await service.post(body, "")).status).toBe(201);
  await service.aggregate();
  const question = `baseline=${DEMO_FLEET.baseline}&candidate=${DEMO_CANDIDATE.backend}&width=800`;
  const picture = await service.send(`/v1/compare.svg?${question}`);
  expectGolden("../../docs/images/comparison.svg", await picture.text());
});
