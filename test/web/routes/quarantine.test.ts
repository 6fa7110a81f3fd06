// The quarantine: rejected lines can be found, and retried after a fix.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Receipt } from "../../../functions/service/upload/receipt.ts";
import { lineItems } from "../../../functions/store/runs/quarantine.ts";
import { itemSize } from "../../../functions/store/table/item.ts";
import type { QuarantinedLine, Run } from "../../../shared/run/run.ts";
import { asJson, jsonOf, type Refusal } from "../../support/answer.ts";
import { startTestEngine, type TestEngine } from "../../support/engine.ts";
import { interfering } from "../../support/faulty-table.ts";
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
const retry = (id: string | null | undefined, query = "") =>
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

describe("DELETE /v1/quarantine/{id}", () => {
  const remove = (id: string, token = service.admin) =>
    service.send(`/v1/quarantine/${id}`, { method: "DELETE", token });

  test("204, then the line is gone: 404, and in no list", async () => {
    const id = await rejected(LOOP.replace("18075", "12x"), "?backend=loop");
    const other = await rejected(LOOP.replace("18075", "13x"), "?backend=loop");
    expect((await remove(id)).status).toBe(204);
    expect((await list()).map((line) => line.id)).toEqual([other]);
    await jsonOf<Refusal>(remove(id), 404);
    await jsonOf<Refusal>(retry(id), 404);
  });

  test("404 for another fleet's line, which stays", async () => {
    const id = await rejected(LOOP.replace("18075", "12x"), "?backend=loop");
    await jsonOf<Refusal>(remove(id, await service.token({ scope: "admin", fleet: "other" })), 404);
    expect(await list()).toHaveLength(1);
  });
});

describe("the room of the quarantine", () => {
  const BAD = "18075";
  /** A line that is rejected, of about a kilobyte in the quarantine with its keys. */
  const bad = (number: number) => LOOP.replace(BAD, `${number}x`);

  /** How many of ten rejected lines are kept with limits of so many bytes. */
  async function keptOfTen(limits: { readonly token: number; readonly fleet: number }): Promise<Receipt> {
    service = await makeTestService(await engine.newTable(), { quarantineLimits: limits });
    const body = [LOOP, ...Array.from({ length: 10 }, (_, number) => bad(number))].join("\n");
    return jsonOf<Receipt>(service.post(body, "?backend=loop&host=h1", asJson), 422);
  }

  const kept = ({ issues }: Receipt) => issues.filter(({ quarantine_id }) => quarantine_id !== null);

  test.each([
    ["token", { token: 4_000, fleet: 1e6 }, "this token has filled its part of the quarantine"],
    ["fleet", { token: 1e6, fleet: 4_000 }, "the quarantine of this fleet is full"],
  ])(
    "of a %s: the lines that fit are kept, the receipt says which are not, and valid ones are stored",
    async (_, limits, text) => {
      const receipt = await keptOfTen(limits);
      expect(receipt).toMatchObject({ stored: 1, rejected: 10 });
      expect(kept(receipt).length).toBeGreaterThan(0);
      expect(kept(receipt).length).toBeLessThan(10);
      expect((await list()).map(({ id }) => id).sort()).toEqual(
        kept(receipt)
          .map(({ quarantine_id }) => quarantine_id)
          .sort(),
      );
      for (const issue of receipt.issues) {
        if (issue.quarantine_id === null) expect(issue.not_kept).toContain(text);
        else expect(issue).not.toHaveProperty("not_kept");
      }
    },
  );

  test("what fits is the limit: the bytes of ten lines keep ten, one byte less keeps nine", async () => {
    const { issues } = await keptOfTen({ token: 1e6, fleet: 1e6 });
    expect(issues).toHaveLength(10);
    const lines = await list();
    const bytes = lines.reduce((sum, line) => {
      const { line: item, order } = lineItems(line);
      return sum + itemSize(item) + itemSize(order);
    }, 0);
    expect(kept(await keptOfTen({ token: bytes, fleet: bytes }))).toHaveLength(10);
    expect(kept(await keptOfTen({ token: bytes - 1, fleet: bytes }))).toHaveLength(9);
    expect(kept(await keptOfTen({ token: bytes, fleet: bytes - 1 }))).toHaveLength(9);
  });

  test("a shell reads it in the text, and a browser on the page", async () => {
    service = await makeTestService(await engine.newTable(), { quarantineLimits: { token: 10, fleet: 1e6 } });
    const answer = await service.post(`${LOOP}\n${bad(1)}`, "?backend=loop&host=h1");
    expect(answer.status).toBe(422);
    const text = await answer.text();
    expect(text).toMatch(/^stored 1, duplicate 0, rejected 1\n/);
    expect(text).toContain("not kept: this token has filled its part of the quarantine");
    expect(text).not.toContain("quarantined as");
    const form = new URLSearchParams({ output: bad(1), backend: "loop", host: "h1" });
    const page = await service.send("/upload", { method: "POST", body: form });
    expect(await page.text()).toContain("Not every rejected line was kept: this token has filled");
  });

  test("is one of a day, and a line that is there already takes none", async () => {
    const first = kept(await keptOfTen({ token: 4_000, fleet: 1e6 }));
    const id = first[0]?.quarantine_id;
    const index = first[0]?.text.match(/(\d)x/)?.[1] ?? "";
    const sameAgain = () => jsonOf<Receipt>(service.post(bad(Number(index)), "?backend=loop&host=h1", asJson), 422);
    expect((await sameAgain()).issues[0]).toMatchObject({ quarantine_id: id });
    expect(kept(await jsonOf<Receipt>(service.post(bad(77), "?backend=loop&host=h1", asJson), 422))).toEqual([]);
    service.now += 86_400_000;
    expect(kept(await jsonOf<Receipt>(service.post(bad(77), "?backend=loop&host=h1", asJson), 422))).toHaveLength(1);
  });

  test("a line that is retried with other metadata stays as it is, if there is no room for the other form", async () => {
    const receipt = await keptOfTen({ token: 4_000, fleet: 1e6 });
    const id = kept(receipt)[0]?.quarantine_id;
    const again = await jsonOf<Receipt>(retry(id, "?site=a-longer-name-than-there-is-room-for"), 422);
    expect(again.issues[0]?.quarantine_id).toBeNull();
    expect((await list()).map((line) => line.id)).toContain(id);
  });

  test("uploads at the same time do not exceed it together", async () => {
    service = await makeTestService(await engine.newTable(), { quarantineLimits: { token: 5_000, fleet: 1e6 } });
    const receipts = await Promise.all(
      Array.from({ length: 12 }, (_, number) =>
        jsonOf<Receipt>(service.post(bad(number), "?backend=loop&host=h1", asJson), 422),
      ),
    );
    const lines = await list();
    const sizes = lines.map((line) => Object.values(lineItems(line)).reduce((sum, item) => sum + itemSize(item), 0));
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(5_000);
    expect(lines.length).toBe(receipts.flatMap(kept).length);
    expect(lines.length).toBeGreaterThan(5_000 / (sizes[0] ?? 0) - 2);
  });
});

describe("a quarantine that cannot be written", () => {
  /** A table that throttles every write of the quarantine or of its counters. */
  async function throttled(command: string): Promise<void> {
    const table = await engine.newTable();
    const busy = interfering(table, async ({ name, input }, pass) => {
      if (name === command && JSON.stringify(input).match(/REJECT#|quarantine#/)) {
        throw Object.assign(new Error("slow"), { name: "ThrottlingException" });
      }
      return pass();
    });
    service = await makeTestService(busy);
  }

  test.each(["UpdateItem", "TransactWriteItems"])("refuses no valid line: %s", async (command) => {
    await throttled(command);
    const body = `${LOOP}\n${LOOP.replace("18075", "12x")}`;
    const receipt = await jsonOf<Receipt>(service.post(body, "?backend=loop&host=h1", asJson), 422);
    expect(receipt).toMatchObject({
      stored: 1,
      rejected: 1,
      issues: [{ line: 2, quarantine_id: null, not_kept: "the quarantine cannot be written at the moment" }],
    });
    await jsonOf<Run>(service.send(receipt.results[0]?.url ?? ""), 200);
    expect(service.faults).toEqual([]);
  });

  test("an upload without any valid line is to be sent again", async () => {
    await throttled("UpdateItem");
    const answer = await service.post(LOOP.replace("18075", "12x"), "?backend=loop&host=h1", asJson);
    expect((await jsonOf<Refusal>(answer, 429)).error.code).toBe("slow_down");
  });
});
