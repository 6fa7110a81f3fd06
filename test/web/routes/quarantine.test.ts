// The quarantine: rejected lines can be found, and retried after a fix.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Receipt } from "../../../functions/service/receipt.ts";
import type { QuarantinedLine, Run } from "../../../shared/run/run.ts";
import { asJson, jsonOf, type Refusal } from "../../support/answer.ts";
import { startTestEngine, type TestEngine } from "../../support/engine.ts";
import { LOOP } from "../../support/fixtures.ts";
import { makeTestService, type TestService } from "../../support/service.ts";

interface Page {
  readonly lines: readonly QuarantinedLine[];
  readonly cursor: string | null;
}

let engine: TestEngine;
let service: TestService;

beforeAll(async () => {
  engine = await startTestEngine();
});
beforeEach(async () => {
  service = await makeTestService(await engine.newTable());
});
afterAll(() => engine.stop());

const list = async (query = "") => (await jsonOf<Page>(service.send(`/v1/quarantine${query}`), 200)).lines;
const retry = (id: string | undefined, query = "") =>
  service.send(`/v1/quarantine/${id}/retry${query}`, { method: "POST" });

/** Posts a line that is rejected; returns its id in the quarantine. */
async function rejected(body: string, query: string): Promise<string> {
  const receipt = await jsonOf<Receipt>(service.post(body, query, asJson), 422);
  return receipt.issues[0]?.quarantine_id ?? "";
}

describe("GET /v1/quarantine 200", () => {
  test("a line with all its metadata, as it was received", async () => {
    const bad = LOOP.replace("18075", "12x");
    const id = await rejected(`# site: fra\n\n${bad}\r\n`, "?backend=loop&host=h1");
    expect(await list()).toEqual([
      {
        id,
        fleet: "default",
        received_at: "2026-11-22T10:00:00.000Z",
        raw: expect.stringContaining(bad),
        raw_length: expect.any(Number),
        raw_encoding: "utf-8",
        line: 3,
        column: 4,
        field: "put_block",
        code: expect.any(String),
        text: expect.stringContaining('"12x"'),
        context: { backend: "loop", host: "h1", site: "fra" },
        hosts: null,
        sent_by: { token_id: expect.any(String), label: null },
      },
    ]);
  });

  test("the same bad line every night is one line; with other metadata, another", async () => {
    const bad = LOOP.replace("18075", "12x");
    const first = await rejected(bad, "?backend=loop");
    service.now += 86_400_000;
    expect(await rejected(bad, "?backend=loop")).toBe(first);
    expect(await rejected(bad, "?backend=phy")).not.toBe(first);
    expect(await list()).toHaveLength(2);
  });

  test("newest first, a page at a time, each line once", async () => {
    const ids: string[] = [];
    for (let index = 0; index < 7; index += 1) {
      service.now += index % 2 === 0 ? 1_000 : 0;
      ids.unshift(await rejected(LOOP.replace("18075", `${index}x`), "?backend=loop"));
    }
    const found: QuarantinedLine[] = [];
    let cursor: string | null = null;
    do {
      const query: string = `?limit=2${cursor === null ? "" : `&cursor=${cursor}`}`;
      const page: Page = await jsonOf<Page>(service.send(`/v1/quarantine${query}`), 200);
      expect(page.lines.length).toBeLessThanOrEqual(2);
      found.push(...page.lines);
      cursor = page.cursor;
    } while (cursor !== null);
    expect(found.map(({ id }) => id).sort()).toEqual([...ids].sort());
    const times = found.map(({ received_at }) => received_at);
    expect(times).toEqual([...times].sort().reverse());
  });

  test("another fleet's lines are not listed", async () => {
    const id = await rejected(LOOP.replace("18075", "12x"), "?backend=loop");
    const token = await service.token({ scope: "admin", fleet: "other" });
    expect(await jsonOf(service.send("/v1/quarantine", { token }), 200)).toEqual({ lines: [], cursor: null });
    await jsonOf<Refusal>(service.send(`/v1/quarantine/${id}/retry`, { method: "POST", token }), 404);
  });
});

test.each(["?limit=0", "?limit=1000", "?limit=x", "?page=2", "?limit=1&limit=2", `?cursor=${"A".repeat(201)}`])(
  "GET /v1/quarantine 400: %.30s",
  async (query) => {
    await jsonOf<Refusal>(service.send(`/v1/quarantine${query}`), 400);
  },
);

describe("POST /v1/quarantine/{id}/retry", () => {
  test("201 once its metadata are fixed: stored as of its first receipt, and gone from the quarantine", async () => {
    const receipt = await jsonOf<Receipt>(
      service.post(`${LOOP}\n# backend: phy\n${LOOP}\n`, "?host=h1&site=fra", asJson),
      422,
    );
    const id = receipt.issues[0]?.quarantine_id;
    service.now += 3_600_000;
    const retried = await jsonOf<Receipt>(retry(id, "?backend=loop"), 201);
    const run = await jsonOf<Run>(service.send(retried.results[0]?.url ?? ""), 200);
    expect(run).toMatchObject({ backend: "loop", host: "h1", raw: LOOP, facts: { site: "fra" } });
    expect(run.finished_at).toBe("2026-11-22T10:00:00.000Z");
    expect(await list()).toEqual([]);
    await jsonOf<Refusal>(retry(id), 404);
    // When the host sends the fixed line, it is a duplicate.
    expect(await jsonOf<Receipt>(service.post(LOOP, "?backend=loop&host=h1", asJson), 200)).toMatchObject({
      results: [{ id: run.id }],
    });
  });

  test("422 while nothing is fixed: it stays, once", async () => {
    const id = await rejected(LOOP.replace("18075", "12x"), "?backend=loop");
    expect((await jsonOf<Receipt>(retry(id), 422)).issues[0]?.quarantine_id).toBe(id);
    expect((await list()).map((line) => line.id)).toEqual([id]);
  });

  test("422 with other metadata: it stays, once, with the new metadata", async () => {
    const id = await rejected(LOOP.replace("18075", "12x"), "?backend=loop");
    const again = await jsonOf<Receipt>(retry(id, "?site=fra"), 422);
    const [line, ...more] = await list();
    expect(more).toEqual([]);
    expect(line).toMatchObject({ id: again.issues[0]?.quarantine_id, context: { backend: "loop", site: "fra" } });
  });

  test("400 for a parameter that is wrong, 404 for an id nobody has", async () => {
    const id = await rejected(LOOP.replace("18075", "12x"), "?backend=loop");
    expect((await jsonOf<Refusal>(retry(id, "?bakcend=loop"), 400)).error.message).toContain("bakcend");
    expect(await list()).toHaveLength(1);
    for (const unknown of ["0".repeat(32), "x", "a".repeat(3_000)]) await jsonOf<Refusal>(retry(unknown), 404);
  });
});

describe("a token for some hosts cannot store a result of another host, not even through the quarantine", () => {
  test("403, and nothing is stored, for a line that would be rejected and names another host", async () => {
    const token = await service.token({ scope: "ingest", hosts: "dom0-*" });
    const body = `${LOOP}\n# backend: loop\n# host: dom0-1\n${LOOP}\n`;
    const { error } = await jsonOf<Refusal>(service.post(body, "?host=victim", { token, ...asJson }), 403);
    expect(error.message).toBe('line 1: this token is for hosts dom0-*, not for "victim"; nothing was stored');
    expect(await list()).toEqual([]);
  });

  test("a retried line without a host is stored only for hosts of its token, or for a host that the admin names", async () => {
    const token = await service.token({ scope: "ingest", hosts: "dom0-*" });
    const body = `${LOOP}\n# backend: loop\n# host: dom0-1\n${LOOP}\n`;
    const receipt = await jsonOf<Receipt>(service.post(body, "", { token, ...asJson }), 422);
    const id = receipt.issues[0]?.quarantine_id;
    expect((await list())[0]).toMatchObject({ id, hosts: "dom0-*" });
    await jsonOf<Refusal>(retry(id, "?backend=loop"), 403);
    expect((await list()).length).toBe(1);
    const again = await jsonOf<Receipt>(retry(id, "?backend=loop&host=dom0-7"), 201);
    expect(again.results[0]?.host).toBe("dom0-7");
    expect(await list()).toEqual([]);
  });
});
