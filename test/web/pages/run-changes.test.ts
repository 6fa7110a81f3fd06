// The page of a run lets an admin withdraw it with a reason, and restore it; nobody else.

import { afterAll, beforeAll, expect, test } from "vitest";
import type { Receipt } from "../../../functions/service/upload/receipt.ts";
import type { Run } from "../../../shared/run/run.ts";
import { asJson, jsonOf } from "../../support/answer.ts";
import { startTestEngine, type TestEngine } from "../../support/engine.ts";
import { LOOP } from "../../support/fixtures.ts";
import { makeTestService, type TestService } from "../../support/service.ts";
import { expectPage, redirectTarget, visitor } from "./visitor.ts";

let engine: TestEngine;
let service: TestService;
let id: string;

beforeAll(async () => {
  engine = await startTestEngine();
  service = await makeTestService(await engine.newTable());
  const receipt = await jsonOf<Receipt>(service.post(LOOP, "?backend=loop&host=h1", asJson), 201);
  id = receipt.results[0]?.id ?? "";
});
afterAll(() => engine.stop());

const stored = () => jsonOf<Run>(service.send(`/v1/runs/${id}`), 200);

test("withdraw with a reason, read it, restore", async () => {
  const admin = visitor(service, service.admin);
  expect(await expectPage(admin.visit(`/runs/${id}`), 200)).toContain('action="/runs/withdraw"');
  const reason = `<b>"wrong" & disk`;
  expect(redirectTarget(await admin.submit("/runs/withdraw", { id, reason }))).toBe(`/runs/${id}`);
  const page = await expectPage(admin.visit(`/runs/${id}`), 200);
  expect(page).toContain('action="/runs/restore"');
  expect(page).toContain("Reason: &lt;b&gt;");
  expect(page).not.toContain("<b>");
  expect(await stored()).toMatchObject({ withdrawn_reason: reason });
  expect(redirectTarget(await admin.submit("/runs/restore", { id }))).toBe(`/runs/${id}`);
  expect((await stored()).withdrawn_at).toBeNull();
  const { activity } = await jsonOf<{ activity: { action: string; details: string }[] }>(
    service.send("/v1/activity"),
    200,
  );
  expect(activity.map(({ action, details }) => [action, details]).sort()).toEqual([
    ["run_restored", null],
    ["run_withdrawn", reason],
  ]);
});

test("a reader sees no form and may send none; another site may not either", async () => {
  const reader = visitor(service, await service.token({ scope: "read" }));
  expect(await expectPage(reader.visit(`/runs/${id}`), 200)).not.toContain("/runs/withdraw");
  expect((await reader.submit("/runs/withdraw", { id })).status).toBe(403);
  const admin = visitor(service, service.admin);
  expect((await admin.submit("/runs/withdraw", { id }, { "Sec-Fetch-Site": "cross-site" })).status).toBe(403);
  expect((await admin.submit("/runs/withdraw", { id: "../x" })).status).toBe(400);
  expect((await admin.submit("/runs/restore", { id: "0".repeat(48) })).status).toBe(404);
  expect((await stored()).withdrawn_at).toBeNull();
});
