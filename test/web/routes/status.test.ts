// GET /v1/status: the state of a fleet for an operator.

import { afterAll, beforeAll, expect, test } from "vitest";
import type { Receipt } from "../../../functions/service/upload/receipt.ts";
import { makeRunStore } from "../../../functions/store/runs/runs.ts";
import { asJson, jsonOf } from "../../support/answer.ts";
import { startTestEngine, type TestEngine } from "../../support/engine.ts";
import { BLKTAP, LOOP } from "../../support/fixtures.ts";
import { newRun } from "../../support/runs.ts";
import { makeTestService } from "../../support/service.ts";

let engine: TestEngine;

beforeAll(async () => {
  engine = await startTestEngine();
});
afterAll(() => engine.stop());

test("an empty fleet, then pending hosts that age, then counted runs, hosts and quarantined lines", async () => {
  const service = await makeTestService(await engine.newTable());
  const status = () => jsonOf<Record<string, unknown>>(service.send("/v1/status"), 200);
  const about = { version: "test", engine: "embedded" };
  expect(await status()).toEqual({
    pending_hosts: 0,
    oldest_pending_age_s: 0,
    runs: 0,
    hosts: 0,
    quarantined: 0,
    silent_hosts: null,
    retired_hosts: null,
    newest_result_at: null,
    agents: [],
    hosts_counted_at: null,
    ...about,
  });

  const body = ["# host: a", LOOP, "# host: b", BLKTAP, LOOP, "# host: c", LOOP.replace("18075", "x")].join("\n");
  await jsonOf<Receipt>(service.post(body, "?backend=loop", asJson), 422);
  service.now += 90_500;
  expect(await status()).toMatchObject({ pending_hosts: 2, oldest_pending_age_s: 90.5, runs: 0, quarantined: 1 });

  // A duplicate upload changes nothing, also not the age of the pending hosts.
  await jsonOf<Receipt>(service.post(body, "?backend=loop", asJson), 422);
  expect(await status()).toMatchObject({ pending_hosts: 2, oldest_pending_age_s: 90.5, quarantined: 1 });

  await service.aggregate();
  expect(await status()).toEqual({
    pending_hosts: 0,
    oldest_pending_age_s: 0,
    runs: 3,
    hosts: 2,
    quarantined: 1,
    silent_hosts: 0,
    retired_hosts: 0,
    newest_result_at: "2026-11-22T10:00:00.000Z",
    agents: [{ agent: null, hosts: 2 }],
    hosts_counted_at: "2026-11-22T10:01:30.500Z",
    ...about,
  });

  // Without more than 1 000 pending hosts nothing says so; with more, the number stays a number.
  await makeRunStore(service.table).add(
    Array.from({ length: 1_001 }, (_, number) => newRun({ host: `many${number}`, number })),
  );
  expect(await status()).toMatchObject({ pending_hosts: 1_000, more_than: 1_000 });

  const token = await service.token({ scope: "read", fleet: "other" });
  expect(await jsonOf(service.send("/v1/status", { token }), 200)).toMatchObject({ runs: 0, hosts: 0, quarantined: 0 });
});
