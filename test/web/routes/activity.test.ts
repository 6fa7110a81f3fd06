// The activity log: who did what and when, newest first, for admins.

import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { Receipt } from "../../../functions/service/upload/receipt.ts";
import { makeActivityStore } from "../../../functions/store/fleet/activity.ts";
import { makeRunStore } from "../../../functions/store/runs/runs.ts";
import type { Activity } from "../../../shared/run/activity.ts";
import type { Token } from "../../../shared/run/token.ts";
import { asJson, jsonOf, type Refusal } from "../../support/answer.ts";
import { readCsv } from "../../support/csv.ts";
import { startTestEngine, type TestEngine } from "../../support/engine.ts";
import { interfering } from "../../support/faulty-table.ts";
import { LOOP } from "../../support/fixtures.ts";
import { makeTestService, type TestService } from "../../support/service.ts";

let engine: TestEngine;
let service: TestService;

beforeAll(async () => {
  engine = await startTestEngine();
});
beforeEach(async () => {
  service = await makeTestService(await engine.newTable());
});
afterAll(() => engine.stop());

interface Page {
  readonly activity: readonly Activity[];
  readonly cursor: string | null;
}

const list = (query = "", token = service.admin) => jsonOf<Page>(service.send(`/v1/activity${query}`, { token }), 200);

/** Sends a request of an admin with a label, a second after the last one. */
async function act(method: string, path: string, body?: unknown): Promise<Response> {
  service.now += 1_000;
  const answer = await service.send(path, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
  expect(answer.ok || answer.status === 422, `${method} ${path}: ${answer.status}`).toBe(true);
  return answer;
}

test("every action of an admin is there, once, with its token, subject and details", async () => {
  const { id: adminId, token: admin } = await jsonOf<Token & { token: string }>(
    act("POST", "/v1/tokens", { scope: "admin", label: "ops" }),
    201,
  );
  Object.assign(service, { admin });
  const { id: tokenId } = await jsonOf<Token>(act("POST", "/v1/tokens", { scope: "read" }), 201);
  await act("DELETE", `/v1/tokens/${tokenId}`);
  const share = await jsonOf<{ id: string }>(
    act("POST", "/v1/shares", { kind: "matrix", query: {}, frozen: false }),
    201,
  );
  await act("DELETE", `/v1/shares/${share.id}`);
  const body = `${LOOP}\n${LOOP.replace("18075", "12x")}\n${LOOP.replace("18075", "13x")}`;
  const receipt = await jsonOf<Receipt>(service.post(body, "?backend=loop&host=h1", asJson), 422);
  const [first, second] = receipt.issues.map(({ quarantine_id }) => quarantine_id);
  const run = receipt.results[0]?.id;
  await act("POST", `/v1/quarantine/${first}/retry`);
  await act("DELETE", `/v1/quarantine/${second}`);
  await act("DELETE", `/v1/runs/${run}?reason=wrong`);
  // Nothing changes, so nothing is logged.
  await act("DELETE", `/v1/runs/${run}`);
  await act("POST", `/v1/runs/${run}/restore`);
  await act("POST", `/v1/runs/${run}/restore`);
  const relabeled = await jsonOf<{ id: string }>(act("POST", `/v1/runs/${run}/relabel`, { backend: "phy" }), 200);
  await act("POST", "/v1/runs/withdraw", { host: "h1", reason: "all", dry_run: true });
  await act("POST", "/v1/runs/withdraw", { host: "h1", reason: "all" });
  await act("POST", "/v1/runs/withdraw", { host: "h1", reason: "all" });
  const { activity, cursor } = await list();
  expect(cursor).toBeNull();
  const by = { token_id: adminId, label: "ops" };
  expect(activity.slice(0, -1).every((entry) => entry.by.token_id === adminId && entry.by.label === "ops")).toBe(true);
  expect(activity.at(-1)).toEqual({
    at: "2026-11-22T10:00:01.000Z",
    action: "token_created",
    by: { token_id: expect.any(String), label: null },
    subject: adminId,
    details: "scope admin, label ops",
  });
  expect(activity[0]).toMatchObject({ action: "runs_withdrawn", by });
  expect(activity.map(({ action, subject, details }) => [action, subject, details])).toEqual([
    ["runs_withdrawn", null, "1 runs of host h1; all"],
    ["run_relabeled", run, `backend phy, host h1: run ${relabeled.id}`],
    ["run_restored", run, null],
    ["run_withdrawn", run, "wrong"],
    ["quarantine_deleted", second, expect.any(String)],
    ["quarantine_retried", first, "stored 0, duplicate 0, rejected 1"],
    ["share_revoked", share.id, "kind matrix"],
    ["token_revoked", tokenId, null],
    ["token_created", tokenId, "scope read"],
    ["token_created", adminId, "scope admin, label ops"],
  ]);
  const csv = readCsv(await (await service.send("/v1/activity.csv")).text());
  expect(csv[0]).toEqual(["at", "action", "token_id", "token_label", "subject", "details"]);
  expect(csv).toHaveLength(11);
  expect(await (await service.send("/v1/activity.txt")).text()).toContain("run relabeled");
});

/** Entries at the given times, in this order. */
async function log(times: readonly string[]): Promise<void> {
  const store = makeActivityStore(service.table);
  for (const at of times) {
    const by = { token_id: "t", label: null };
    await store.add("default", { at, action: "run_withdrawn", by, subject: at, details: null });
  }
}

test("pages lead through the months, each entry once, newest first, for a year", async () => {
  const times = [
    "2025-11-22T09:59:59.000Z",
    "2025-11-22T10:00:01.000Z",
    "2025-12-31T23:59:59.999Z",
    "2026-01-01T00:00:00.000Z",
    "2026-10-31T00:00:00.000Z",
    "2026-11-22T09:00:00.000Z",
    "2026-11-22T09:00:00.000Z",
  ];
  await log(times);
  const found: string[] = [];
  let cursor: string | null = null;
  do {
    const page: Page = await list(`?limit=2${cursor === null ? "" : `&cursor=${cursor}`}`);
    expect(page.activity.length).toBeLessThanOrEqual(2);
    found.push(...page.activity.map(({ at }) => at));
    cursor = page.cursor;
  } while (cursor !== null);
  // The oldest is more than a year old.
  expect(found).toEqual(times.slice(1).reverse());
});

test("another fleet has its own log; a token that a root token creates for it is logged there", async () => {
  await jsonOf(act("POST", "/v1/tokens", { scope: "read", fleet: "other" }), 201);
  expect((await list()).activity).toEqual([]);
  const other = await service.token({ scope: "admin", fleet: "other" });
  expect((await list("", other)).activity.map(({ action }) => action)).toEqual(["token_created"]);
});

test("400 for a cursor of another list, 403 for a token that is no admin's", async () => {
  await jsonOf<Refusal>(service.send("/v1/activity?cursor=x"), 400);
  await jsonOf<Refusal>(service.send("/v1/activity", { token: await service.token({ scope: "read" }) }), 403);
});

test("an action whose entry cannot be written is done all the same, and the log of the service says why", async () => {
  const table = await engine.newTable();
  service = await makeTestService(
    interfering(table, async ({ input }, pass) => {
      if (JSON.stringify(input).includes("ACTIVITY#")) {
        throw Object.assign(new Error("slow"), { name: "ThrottlingException" });
      }
      return pass();
    }),
  );
  const receipt = await jsonOf<Receipt>(service.post(LOOP, "?backend=loop&host=h1", asJson), 201);
  const id = receipt.results[0]?.id ?? "";
  await jsonOf(service.send(`/v1/runs/${id}`, { method: "DELETE" }), 200);
  expect((await makeRunStore(table).get("default", id))?.withdrawn_at).not.toBeNull();
  expect(service.faults).toEqual([expect.objectContaining({ code: "slow_down" })]);
});
