// Readers in numbers: whatever they ask, one page reads so much, what is too much at once is refused at once, and those who
// ask the same get one answer.

import type { QueryCommandOutput } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeAdmission } from "../../functions/service/admission.ts";
import { makeRunStore } from "../../functions/store/runs/runs.ts";
import type { Table } from "../../functions/store/table/table.ts";
import { streamed } from "../../functions/web/routes/run-export.ts";
import type { Run } from "../../shared/run/run.ts";
import { jsonOf, textOf } from "../support/answer.ts";
import { startTestEngine, type TestEngine } from "../support/engine.ts";
import { newRun } from "../support/runs.ts";
import { makeTestService, type TestService } from "../support/service.ts";

let engine: TestEngine;
beforeAll(async () => {
  engine = await startTestEngine();
});
afterAll(() => engine.stop());

/** Counts the items that queries of a table give. */
function countRead(table: Table): { items: number; queries: number } {
  const read = { items: 0, queries: 0 };
  table.client.middlewareStack.add(
    (next, context) => async (args) => {
      const result = await next(args);
      if (context.commandName === "QueryCommand") {
        read.queries += 1;
        // The output of the command that was just named.
        read.items += (result.output as QueryCommandOutput).Items?.length ?? 0;
      }
      return result;
    },
    { step: "initialize" },
  );
  return read;
}

describe("a page of runs", () => {
  const MANY = 5_200;
  let service: TestService;
  let read: { items: number; queries: number };

  beforeAll(async () => {
    const table = await engine.newTable();
    service = await makeTestService(table);
    const time = (number: number) => new Date(Date.parse("2026-01-01T00:00:00Z") + number * 60_000).toISOString();
    // The two oldest are of another backend than all others of the host.
    const runs = Array.from({ length: MANY }, (_, number) =>
      newRun({ number, host: "busy", at: time(number), backend: number < 2 ? "vnd" : "loop" }),
    );
    await makeRunStore(table).add([...runs, newRun({ number: MANY, host: "other", at: time(MANY) })]);
    read = countRead(table);
  });

  interface Page {
    readonly runs: readonly Run[];
    readonly cursor: string | null;
    readonly looked_at?: number;
  }

  /** All pages of a question, each of which reads no more than some thousand keys. */
  async function pages(query: string): Promise<Page[]> {
    const all: Page[] = [];
    for (let cursor: string | null = ""; cursor !== null; ) {
      read.items = 0;
      const page: Page = await jsonOf<Page>(service.send(`/v1/runs?${query}${cursor && `&cursor=${cursor}`}`), 200);
      expect(read.items).toBeLessThan(7_000);
      all.push(page);
      cursor = page.cursor;
    }
    return all;
  }

  test("of a backend that is rare ends early, says how far it looked, and the next ones find it", async () => {
    const found = await pages("backend=vnd&limit=1");
    expect(found.length).toBeGreaterThan(4);
    expect(found.flatMap(({ runs }) => runs.map(({ finished_at }) => finished_at))).toEqual([
      "2026-01-01T00:01:00.000Z",
      "2026-01-01T00:00:00.000Z",
    ]);
    const [first] = found;
    expect(first).toMatchObject({ runs: [], looked_at: expect.any(Number) });
    expect(first?.looked_at).toBeLessThan(2_000);
    const text = await textOf(service.send("/v1/runs.txt?backend=vnd"), 200);
    expect(text).toContain("none of them matches");
    expect(text).toContain("cursor=");
  });

  test("of a host with very many runs is bounded as well, and they all come, newest first", async () => {
    const found = await pages("host=busy&limit=100&to=2026-01-01T04:00:00Z");
    const times = found.flatMap(({ runs }) => runs.map(({ finished_at }) => finished_at));
    expect(times).toHaveLength(240);
    expect(times).toEqual(times.toSorted().reverse());
    const rare = await pages("host=busy&backend=vnd&to=2026-01-02");
    expect(rare.flatMap(({ runs }) => runs)).toHaveLength(2);
  });

  test("an export goes through them to the end", async () => {
    const rows = await (await service.send("/v1/runs.csv?backend=vnd")).text();
    expect(rows.trim().split("\n")).toHaveLength(3);
  });
});

describe("questions at once", () => {
  let service: TestService;
  let read: { items: number; queries: number };
  const SITES = 40;

  beforeAll(async () => {
    const table = await engine.newTable();
    service = await makeTestService(table);
    const runs = Array.from({ length: 2 * SITES }, (_, number) =>
      newRun({
        number,
        host: `h${number >> 1}`,
        backend: number % 2 === 0 ? "loop" : "phy",
        rates: { putc: 1_000 + number },
        facts: { site: `s${number >> 1}` },
      }),
    );
    await makeRunStore(table).add(runs);
    await service.aggregate();
    read = countRead(table);
  });

  const sites = Array.from({ length: SITES }, (_, site) => `site=s${site}`).join("&");
  const question = (margin: number) =>
    `/v1/compare?baseline=loop&candidate=phy&margin=${(margin / 1000).toFixed(3)}&${sites}`;

  async function statusesOf(answers: readonly Promise<Response>[]): Promise<Record<string, number>> {
    const statuses: Record<string, number> = {};
    for (const { status } of await Promise.all(answers)) statuses[status] = (statuses[status] ?? 0) + 1;
    return statuses;
  }

  test("beyond what is worked on: 429 with Retry-After, before anything is read; the others are answered", async () => {
    await service.send(question(1));
    const before = read.queries;
    const answers = Array.from({ length: 100 }, (_, index) => service.send(question(20 + index)));
    const refused = await Promise.race(answers);
    expect([refused.status, refused.headers.get("Retry-After")]).toEqual([429, "5"]);
    expect(read.queries).toBe(before);
    const statuses = await statusesOf(answers);
    expect(Object.keys(statuses).sort()).toEqual(["200", "429"]);
    expect(statuses["200"]).toBeGreaterThan(10);
    // And once they are answered, there is room again.
    expect((await service.send(question(300))).status).toBe(200);
  });

  test("the same question of many is answered once, for all of them", async () => {
    await service.send(question(1));
    read.queries = 0;
    await service.send(question(2));
    const alone = read.queries;
    read.queries = 0;
    const answers = Array.from({ length: 100 }, () => service.send(question(3)));
    expect(await statusesOf(answers)).toEqual({ 200: 100 });
    expect(read.queries).toBeLessThan(2 * alone + 8);
    const bodies = new Set(await Promise.all((await Promise.all(answers)).map((answer) => answer.text())));
    expect(bodies.size).toBe(1);
  });

  test("people are told on a page", async () => {
    const page = (margin: number) =>
      service.send(question(margin).replace("/v1/compare", "/"), { headers: { Accept: "text/html" } });
    const answers = await Promise.all(Array.from({ length: 40 }, (_, index) => page(20 + index)));
    const refused = answers.find(({ status }) => status === 429);
    expect(refused?.headers.get("Content-Type")).toContain("text/html");
    expect(refused?.headers.get("Retry-After")).toBe("5");
    expect(await refused?.text()).toContain("The service is overloaded");
    expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThan(5);
  });
});

describe("admission", () => {
  test("one alone is let in whatever it costs, large ones beside small ones, and no more than there is room for", () => {
    const admission = makeAdmission(100);
    const large = admission.enter(1);
    large.charge(10_000);
    const small = Array.from({ length: 50 }, () => admission.enter(1));
    expect(() => admission.enter(1)).toThrow("too many queries");
    for (const ticket of small) ticket.leave();
    const second = admission.enter(1);
    second.charge(10_000);
    expect(() => admission.enter(1)).toThrow("too many queries");
    expect(() => second.charge(100_000)).toThrow("request fewer periods");
    second.leave();
    second.leave();
    large.leave();
    expect(() => Array.from({ length: 100 }, () => admission.enter(1))).not.toThrow();
  });

  test("of several that grow together the first is answered", () => {
    const admission = makeAdmission(100);
    const tickets = Array.from({ length: 10 }, () => admission.enter(10));
    const answered = tickets.filter((ticket) => {
      try {
        ticket.charge(30);
        return true;
      } catch {
        return false;
      } finally {
        // Each ends before the next asks for more, as parts of questions come in turn.
        if (ticket !== tickets[0]) ticket.leave();
      }
    });
    expect(answered[0]).toBe(tickets[0]);
  });

  test("parts of a question that was refused end, and take up no room afterwards", () => {
    const admission = makeAdmission(100);
    const [first, second, refused] = [admission.enter(40), admission.enter(30), admission.enter(25)];
    expect(() => refused.charge(20)).toThrow("too many queries");
    refused.leave();
    expect(() => refused.charge(1)).toThrow("too many queries");
    expect(() => refused.charge(-20)).toThrow("too many queries");
    for (const ticket of [first, second]) ticket.leave();
    // All of the budget is there again, and not more.
    const all = Array.from({ length: 100 }, () => admission.enter(1));
    expect(() => admission.enter(1)).toThrow("too many queries");
    for (const ticket of all) ticket.leave();
  });
});

test("an export whose reader takes nothing is broken off, and makes room for others", async () => {
  const ended: string[] = [];
  async function* pieces() {
    yield "a";
    yield "b";
  }
  const body = await streamed(pieces(), { onError: () => ended.push("error"), onEnd: () => ended.push("end") }, 20);
  const reader = body.getReader();
  expect((await reader.read()).value).toEqual(new TextEncoder().encode("a"));
  await new Promise((resolve) => setTimeout(resolve, 100));
  await expect(reader.read()).rejects.toThrow("took nothing");
  expect(ended).toEqual(["end"]);
});
