// Putting results right: withdrawn with a reason, restored, relabeled, and many at once. Whatever was done, the statistics are
// those of the runs that count, byte for byte.

import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { auditFleet } from "../../../functions/service/audit.ts";
import { withdrawRuns } from "../../../functions/service/run-changes.ts";
import type { Receipt } from "../../../functions/service/upload/receipt.ts";
import { makeChangeableRuns } from "../../../functions/store/runs/run-changes.ts";
import { makeFleetScan } from "../../../functions/store/statistics/fleet-scan.ts";
import type { Run } from "../../../shared/run/run.ts";
import { DEFAULT_SETTINGS } from "../../../shared/run/settings.ts";
import { asJson, jsonOf, type Refusal } from "../../support/answer.ts";
import { startTestEngine, type TestEngine } from "../../support/engine.ts";
import { BLKTAP, LOOP } from "../../support/fixtures.ts";
import { audit } from "../../support/recompute.ts";
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

interface Relabeled {
  readonly id: string;
  readonly status: string;
  readonly host: string;
  readonly backend: string;
  readonly relabeled_from: string;
}

interface WithdrawnMany {
  readonly withdrawn: number;
  readonly withdrawn_before: number;
  readonly ids: readonly string[];
  readonly cursor: string | null;
}

/** Posts one line; gives its id. */
async function posted(query: string, { line = LOOP, status = 201, token = service.admin } = {}): Promise<string> {
  const receipt = await jsonOf<Receipt>(service.post(line, query, { token, ...asJson }), status);
  return receipt.results[0]?.id ?? "";
}

const runOf = (id: string) => jsonOf<Run>(service.send(`/v1/runs/${id}`), 200);
const change = (path: string, body?: unknown, token = service.admin) =>
  service.send(`/v1/runs/${path}`, {
    method: "POST",
    token,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
const withdraw = (id: string, query = "", body: string | null = null) =>
  service.send(`/v1/runs/${id}${query}`, { method: "DELETE", body });
const relabel = (id: string, label: unknown) => jsonOf<Relabeled>(change(`${id}/relabel`, label), 200);
const withdrawMany = (body: unknown) => jsonOf<WithdrawnMany>(change("withdraw", body), 200);

/** Hosts that a comparison of loop with phy counts, after everything pending is counted. */
async function hostsCompared(): Promise<number> {
  await service.aggregate();
  const answer = await service.send("/v1/compare.json?baseline=loop&candidate=phy");
  const { fleet } = await jsonOf<{ fleet: { metrics: Record<string, { hosts: number }> } }>(answer, 200);
  return fleet.metrics["put_block"]?.hosts ?? 0;
}

/** The statistics are those of the runs that count, by the batch of the tests and by the audit of the product. */
async function assertExact(): Promise<void> {
  await service.aggregate();
  expect(await audit(service.table)).toMatchObject({ differences: [], marks: 0 });
  expect((await auditFleet(makeFleetScan(service.table), "default")).differences).toEqual([]);
}

describe("DELETE /v1/runs/{id} with a reason", () => {
  test.each([
    ["in the query", (id: string) => withdraw(id, "?reason=wrong+disk")],
    ["as JSON", (id: string) => withdraw(id, "", '{"reason":"wrong disk"}')],
  ])("%s: stored and shown, and a second one changes nothing", async (_, send) => {
    const id = await posted("?backend=loop&host=h1");
    const first = await jsonOf(send(id), 200);
    expect(first).toEqual({ id, withdrawn_at: "2026-11-22T10:00:00.000Z", withdrawn_reason: "wrong disk" });
    service.now += 60_000;
    expect(await jsonOf(withdraw(id, "?reason=another"), 200)).toEqual(first);
    expect(await runOf(id)).toMatchObject({ withdrawn_reason: "wrong disk" });
    expect(await (await service.send(`/v1/runs/${id}.html`)).text()).toContain("Reason: wrong disk");
    expect(await (await service.send("/v1/runs.csv")).text()).toContain("wrong disk");
  });

  test("without a reason there is none", async () => {
    const id = await posted("?backend=loop&host=h1");
    await jsonOf(withdraw(id), 200);
    expect(await runOf(id)).not.toHaveProperty("withdrawn_reason");
  });

  test.each([
    ["?reason=", null, "bad_parameter"],
    [`?reason=${"x".repeat(501)}`, null, "bad_parameter"],
    ["?why=x", null, "bad_parameter"],
    ["", '{"why":"x"}', "bad_body"],
    ["", "reason", "bad_body"],
    ["?reason=a", '{"reason":"b"}', "bad_body"],
  ])("400 for %.20s %s, and the run still counts", async (query, body, code) => {
    const id = await posted("?backend=loop&host=h1");
    expect((await jsonOf<Refusal>(withdraw(id, query, body), 400)).error.code).toBe(code);
    expect((await runOf(id)).withdrawn_at).toBeNull();
  });
});

describe("POST /v1/runs/{id}/restore", () => {
  test("the run counts again, as if it had never been withdrawn", async () => {
    const id = await posted("?backend=loop&host=h1");
    await posted("?backend=phy&host=h1", { line: BLKTAP });
    const before = await runOf(id);
    expect(await hostsCompared()).toBe(1);
    await withdraw(id, "?reason=mistake");
    expect(await hostsCompared()).toBe(0);
    expect(await jsonOf(change(`${id}/restore`), 200)).toEqual({ id, restored: true });
    expect(await hostsCompared()).toBe(1);
    expect(await runOf(id)).toEqual(before);
    expect(await jsonOf(change(`${id}/restore`), 200)).toEqual({ id, restored: false });
    const { runs } = await jsonOf<{ runs: Run[] }>(service.send("/v1/runs?host=h1"), 200);
    expect(runs.map((run) => run.withdrawn_at)).toEqual([null, null]);
    await assertExact();
  });

  test("404 for another fleet's run", async () => {
    const id = await posted("?backend=loop&host=h1");
    await withdraw(id);
    const token = await service.token({ scope: "admin", fleet: "other" });
    await jsonOf<Refusal>(change(`${id}/restore`, undefined, token), 404);
    await jsonOf<Refusal>(change(`${id}/relabel`, { backend: "phy" }, token), 404);
    expect((await runOf(id)).withdrawn_at).not.toBeNull();
  });
});

describe("POST /v1/runs/{id}/relabel", () => {
  test("another backend: a run of its own that names the old one, with the same line, facts, times and sender", async () => {
    const id = await posted("?backend=loop&host=h1&site=fra&finished=1763800000&backend_evidence=xenstore");
    const before = await runOf(id);
    service.now += 60_000;
    const answer = await relabel(id, { backend: "phy", reason: "typo" });
    expect(answer).toMatchObject({ status: "stored", backend: "phy", host: "h1", relabeled_from: id });
    const { withdrawn_reason: _, ...after } = await runOf(answer.id);
    expect(after).toEqual({
      ...before,
      id: answer.id,
      backend: "phy",
      facts: { ...before.facts, backend_evidence: "declared" },
      relabeled_from: id,
      quality: after.quality,
    });
    expect(await runOf(id)).toMatchObject({
      withdrawn_at: "2026-11-22T10:01:00.000Z",
      withdrawn_reason: `relabeled as backend phy, host h1: run ${answer.id}; typo`,
    });
    // Had it been sent with the right label, it would be the same run.
    const again = await posted("?backend=phy&host=h1&site=fra&finished=1763800000", { status: 200 });
    expect(again).toBe(answer.id);
    // Repeating the request changes nothing.
    expect(await relabel(id, { backend: "phy" })).toMatchObject({ id: answer.id, status: "duplicate" });
    await assertExact();
  });

  test("another host: the guest keeps its name", async () => {
    const id = await posted("?backend=loop");
    expect(await runOf(id)).toMatchObject({ host: "vm101", vm: "vm101" });
    const { id: moved } = await relabel(id, { host: "dom0-1" });
    expect(await runOf(moved)).toMatchObject({ host: "dom0-1", vm: "vm101", backend: "loop" });
    expect(await posted("?backend=loop&host=dom0-1", { status: 200 })).toBe(moved);
    await assertExact();
  });

  test("back again: the first run is restored", async () => {
    const id = await posted("?backend=loop&host=h1");
    const there = await relabel(id, { backend: "phy" });
    expect(await relabel(there.id, { backend: "loop" })).toMatchObject({ id, status: "restored" });
    expect(await runOf(id)).toMatchObject({ withdrawn_at: null, backend: "loop" });
    expect((await runOf(there.id)).withdrawn_at).not.toBeNull();
    await assertExact();
  });

  test("onto a run that counts already: only the wrong one is withdrawn", async () => {
    const id = await posted("?backend=loop&host=h1");
    const right = await posted("?backend=phy&host=h1");
    expect(await relabel(id, { backend: "phy" })).toMatchObject({ id: right, status: "duplicate" });
    expect((await runOf(right)).withdrawn_at).toBeNull();
    expect((await runOf(id)).withdrawn_at).not.toBeNull();
    await assertExact();
  });

  test.each([
    [{}, "expected backend, host or both"],
    [{ backend: "floppy" }, "floppy"],
    [{ backend: "loop" }, "already has"],
    [{ host: " h1 " }, "already has"],
    [{ host: "a\u200bb" }, "host"],
    [{ backend: "phy", vm: "x" }, "vm"],
  ])("400 for %j", async (label, text) => {
    const id = await posted("?backend=loop&host=h1");
    expect((await jsonOf<Refusal>(change(`${id}/relabel`, label), 400)).error.message).toContain(text);
    expect((await runOf(id)).withdrawn_at).toBeNull();
  });

  test("400 for a withdrawn run, which counts nowhere", async () => {
    const id = await posted("?backend=loop&host=h1");
    await withdraw(id);
    const { error } = await jsonOf<Refusal>(change(`${id}/relabel`, { backend: "phy" }), 400);
    expect(error.message).toContain("restore it before");
  });
});

describe("POST /v1/runs/withdraw", () => {
  /** Two tokens, two hosts, two backends, three days: eight runs, one of them on 3 November. */
  async function postFleet(): Promise<{ readonly leaked: string; readonly ids: Readonly<Record<string, string>> }> {
    const made = await jsonOf<{ id: string; token: string }>(
      service.send("/v1/tokens", { method: "POST", body: '{"scope":"ingest","label":"leaked"}' }),
      201,
    );
    const ids: Record<string, string> = {};
    for (const token of ["own", "leaked"]) {
      for (const host of ["h1", "h2"]) {
        for (const backend of ["loop", "phy"]) {
          const day = token === "own" ? 1 : host === "h1" ? 2 : backend === "loop" ? 2 : 3;
          ids[`${token} ${host} ${backend} ${day}`] = await posted(
            `?host=${host}&backend=${backend}&run=${token}&finished=2026-11-0${day}T12:00:00Z`,
            { token: token === "own" ? service.admin : made.token },
          );
        }
      }
    }
    return { leaked: made.id, ids };
  }

  test.each([
    ["a token", { token_id: "LEAKED" }, "leaked"],
    ["a host", { host: "h1" }, "h1"],
    ["a backend by an alias", { backend: "blkback" }, "phy"],
    ["a time", { from: "2026-11-02", to: "2026-11-03" }, " 2"],
    ["all of these", { token_id: "LEAKED", host: "h2", backend: "phy", from: "2026-11-03T11:59:59Z" }, "leaked h2 phy"],
    ["nothing that matches", { host: "nobody" }, "nobody"],
  ])("by %s", async (_, selection, part) => {
    const { leaked, ids } = await postFleet();
    const expected = Object.keys(ids).filter((name) => name.includes(part));
    const body = "token_id" in selection ? { ...selection, token_id: leaked } : selection;
    const dry = await withdrawMany({ ...body, reason: "leak", dry_run: true });
    expect(dry).toMatchObject({ dry_run: true, withdrawn: expected.length, withdrawn_before: 0, cursor: null });
    expect([...dry.ids].sort()).toEqual(expected.map((name) => ids[name]).sort());
    expect((await withdrawMany({ ...body, dry_run: true })).withdrawn).toBe(expected.length);
    expect(await withdrawMany({ ...body, reason: "leak" })).toEqual({ ...dry, dry_run: false });
    for (const [name, id] of Object.entries(ids)) {
      const run = await runOf(id);
      expect(run.withdrawn_at !== null, name).toBe(expected.includes(name));
      expect(run.withdrawn_reason, name).toBe(expected.includes(name) ? "leak" : undefined);
    }
    expect(await withdrawMany(body)).toMatchObject({ withdrawn: 0, withdrawn_before: expected.length });
  });

  test("goes on where the last request ended, until none is left", async () => {
    const { ids } = await postFleet();
    const settings = { get: async () => DEFAULT_SETTINGS };
    const deps = { runs: makeChangeableRuns(service.table), settings, clock: () => service.now, wake: () => undefined };
    const bounds = { runs: 3, read: 10_000, milliseconds: 60_000 };
    const found: string[] = [];
    let cursor: string | undefined;
    for (const expected of [3, 3, 2]) {
      const options = { reason: undefined, isDryRun: false, cursor, bounds };
      const page = await withdrawRuns(deps, "default", { from: "2026-11-01" }, options);
      expect(page.withdrawn).toBe(expected);
      found.push(...page.ids);
      cursor = page.cursor ?? undefined;
    }
    expect(cursor).toBeUndefined();
    expect(found.sort()).toEqual(Object.values(ids).sort());
    await assertExact();
  });

  test.each([
    [{}, "at least one of token_id"],
    [{ reason: "all" }, "at least one of token_id"],
    [{ host: "h1", from: "2026-11-02", to: "2026-11-01" }, "after from"],
    [{ backend: "floppy" }, "floppy"],
    [{ hosts: "h1" }, "hosts"],
    [{ host: "h1", cursor: "x" }, "cursor"],
  ])("400 for %j, and nothing is withdrawn", async (body, text) => {
    const id = await posted("?backend=loop&host=h1");
    expect((await jsonOf<Refusal>(change("withdraw", body), 400)).error.message).toContain(text);
    expect((await runOf(id)).withdrawn_at).toBeNull();
  });

  test("another fleet's runs are not touched", async () => {
    const id = await posted("?backend=loop&host=h1");
    const token = await service.token({ scope: "admin", fleet: "other" });
    expect(await jsonOf(change("withdraw", { host: "h1" }, token), 200)).toMatchObject({ withdrawn: 0 });
    expect((await runOf(id)).withdrawn_at).toBeNull();
  });
});

type Step =
  | { readonly kind: "post"; readonly host: string; readonly backend: string; readonly day: number }
  | { readonly kind: "withdraw"; readonly pick: number }
  | { readonly kind: "restore"; readonly pick: number }
  | { readonly kind: "relabel"; readonly pick: number; readonly host: string; readonly backend: string }
  | { readonly kind: "many"; readonly host: string }
  | { readonly kind: "aggregate" };

const host = fc.constantFrom("h1", "h2", "ü 3");
const backend = fc.constantFrom("loop", "phy", "qdisk");
const pick = fc.nat(20);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant("post"), host, backend, day: fc.integer({ min: 1, max: 3 }) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("withdraw"), pick }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("restore"), pick }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("relabel"), pick, host, backend }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("many"), host }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("aggregate") }) },
);

test("after any history of changes the statistics are those of the runs that count", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 8, maxLength: 25 }), async (steps) => {
      service = await makeTestService(await engine.newTable());
      const ids: string[] = [];
      for (const each of steps) {
        service.now += 1_000;
        if (each.kind === "aggregate") await service.aggregate();
        else if (each.kind === "many") await withdrawMany({ host: each.host });
        else if (each.kind === "post") {
          const query = `?host=${encodeURIComponent(each.host)}&backend=${each.backend}&finished=2026-1${each.day - 1}-01T00:00:00Z`;
          const receipt = await service.post(each.day === 2 ? BLKTAP : LOOP, query, asJson);
          ids.push(((await receipt.json()) as Receipt).results[0]?.id ?? "");
        } else {
          const id = ids[each.pick % Math.max(1, ids.length)];
          if (id === undefined) continue;
          if (each.kind === "withdraw") await withdraw(id);
          else if (each.kind === "restore") await change(`${id}/restore`);
          else {
            const answer = await change(`${id}/relabel`, { host: each.host, backend: each.backend });
            if (answer.status === 200) ids.push(((await answer.json()) as Relabeled).id);
          }
        }
      }
      expect(service.faults).toEqual([]);
      await assertExact();
    }),
    { numRuns: 4 },
  );
});
