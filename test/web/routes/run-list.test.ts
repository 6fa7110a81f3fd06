// GET /v1/runs: all runs of a fleet, newest first, a page at a time, each exactly once.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Receipt } from "../../../functions/service/upload/receipt.ts";
import type { Run } from "../../../shared/run/run.ts";
import { asJson, jsonOf, type Refusal } from "../../support/answer.ts";
import { startTestEngine, type TestEngine } from "../../support/engine.ts";
import { LOOP } from "../../support/fixtures.ts";
import { makeTestService, type TestService } from "../../support/service.ts";

interface Page {
  readonly runs: readonly Run[];
  readonly cursor: string | null;
}

let engine: TestEngine;
let service: TestService;
/** All ids, newest first; of runs at the same time the larger id first. */
let ids: readonly string[] = [];
const stored: Run[] = [];

const HOSTS = ["h0", "h1", "h2", "h3", "h4"];
const BACKENDS = ["loop", "phy", "qdisk"];

beforeAll(async () => {
  engine = await startTestEngine();
  service = await makeTestService(await engine.newTable());
  // 60 runs at 12 times: five runs at each, spread over hosts (so over buckets) and backends.
  const lines = Array.from({ length: 60 }, (_, index) =>
    [
      `# host: ${HOSTS[(index * 7) % 5]}`,
      `# backend: ${BACKENDS[index % 3]}`,
      `# finished: 2026-11-${String(1 + Math.floor(index / 5)).padStart(2, "0")}T00:00:00Z`,
      LOOP.replace("25511", String(20_000 + index)),
    ].join("\n"),
  );
  const receipt = await jsonOf<Receipt>(service.post(lines.join("\n"), "", asJson), 201);
  stored.push(...(await Promise.all(receipt.results.map(({ url }) => jsonOf<Run>(service.send(url), 200)))));
  const order = (run: Run) => `${run.finished_at}#${run.id}`;
  ids = [...stored].sort((a, b) => (order(a) < order(b) ? 1 : -1)).map(({ id }) => id);
});
afterAll(() => engine.stop());

const page = (query: string) => jsonOf<Page>(service.send(`/v1/runs${query}`), 200);

/** All pages of a listing. */
async function pages(query: string): Promise<string[][]> {
  const found: string[][] = [];
  let cursor: string | null = null;
  do {
    const more: Page = await page(`${query}${cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`}`);
    found.push(more.runs.map(({ id }) => id));
    cursor = more.cursor;
  } while (cursor !== null && found.length < 100);
  return found;
}

describe("200", () => {
  test.each([1, 4, 7, 59, 60, 61])("pages of %d hold every run once, newest first, ties by id", async (limit) => {
    const found = await pages(`?limit=${limit}`);
    expect(found.flat()).toEqual(ids);
    expect(found.slice(0, -1).every(({ length }) => length === limit)).toBe(true);
  });

  test.each(HOSTS)("pages of %s alone, in the same order", async (host) => {
    const own = ids.filter((id) => stored.find((run) => run.id === id)?.host === host);
    for (const limit of [1, 5, 100]) expect((await pages(`?host=${host}&limit=${limit}`)).flat()).toEqual(own);
  });

  test("filters by backend (a slug or an alias) and by time, from inclusive, to exclusive", async () => {
    const of = (keep: (run: Run) => boolean) => ids.filter((id) => stored.some((run) => run.id === id && keep(run)));
    expect((await pages("?backend=phy&limit=3")).flat()).toEqual(of(({ backend }) => backend === "phy"));
    expect((await pages("?backend=QDISK&host=h1&limit=2")).flat()).toEqual(
      of(({ backend, host }) => backend === "qdisk" && host === "h1"),
    );
    for (const host of ["", "&host=h2"]) {
      const window = of(
        (run) =>
          run.finished_at >= "2026-11-03" && run.finished_at < "2026-11-05" && (host === "" || run.host === "h2"),
      );
      expect(window.length).toBeGreaterThan(0);
      expect((await pages(`?from=2026-11-03&to=2026-11-05&limit=3${host}`)).flat()).toEqual(window);
      expect((await pages(`?from=2026-11-03T00:00:00Z&to=2026-11-05T01:00:00%2B01:00&limit=4${host}`)).flat()).toEqual(
        window,
      );
    }
  });

  test("new runs do not move the pages that follow", async () => {
    const service = await makeTestService(await engine.newTable());
    const post = (number: number) =>
      service.post(LOOP.replace("25511", String(number)), `?backend=loop&finished=${1_795_000_000 + number}`, asJson);
    for (const number of [1_001, 1_002, 1_003]) await jsonOf(post(number), 201);
    const first = await jsonOf<Page>(service.send("/v1/runs?limit=2"), 200);
    await jsonOf(post(1_004), 201);
    const second = await jsonOf<Page>(service.send(`/v1/runs?limit=2&cursor=${first.cursor}`), 200);
    const rates = [...first.runs, ...second.runs].map(({ metrics }) => metrics.putc?.rate);
    expect(rates).toEqual([1_003, 1_002, 1_001]);
    expect(second.cursor).toBeNull();
  });

  test("nothing there is an empty page: another fleet, a host nobody knows", async () => {
    const token = await service.token({ scope: "read", fleet: "other" });
    expect(await jsonOf(service.send("/v1/runs", { token }), 200)).toEqual({ runs: [], cursor: null });
    expect(await page("?host=nobody")).toEqual({ runs: [], cursor: null });
  });

  test("400: a cursor of another question, or one cut short, would leave out rows without a word", async () => {
    const { cursor } = await page("?to=2026-11-02&limit=1");
    expect(cursor).not.toBeNull();
    for (const query of [`from=2026-11-10&cursor=${cursor}`, `to=2026-11-02&cursor=${cursor?.slice(0, -3)}`]) {
      expect((await jsonOf<Refusal>(service.send(`/v1/runs?${query}`), 400)).error.message).toContain(
        "invalid cursor for this query",
      );
    }
    await jsonOf<Refusal>(service.send(`/v1/hosts?cursor=${cursor}`), 400);
  });
});

describe("400", () => {
  test.each([
    ["?hots=h1", "hots"],
    ["?limit=0", "limit"],
    ["?limit=101", "limit"],
    ["?limit=1e9", "limit"],
    ["?limit=-1", "limit"],
    ["?limit=", "limit"],
    ["?from=yesterday", "from"],
    ["?from=2026-02-30", "from"],
    ["?to=2026-11-01T00:00:00", "to"],
    ["?from=2026-11-02&to=2026-11-01", "to"],
    ["?from=2026-11-02&to=2026-11-02", "to"],
    ["?host=", "host"],
    [`?host=${"h".repeat(256)}`, "host"],
    ["?host=a&host=b", "host"],
    ["?backend=", "backend"],
    ["?backend=nonsense", "backend"],
    ["?cursor=nonsense", "cursor"],
    ["?cursor=", "cursor"],
    [`?cursor=${"A".repeat(201)}`, "cursor"],
    ["?__proto__=1", "__proto__"],
  ])("%.40s names the parameter", async (query, name) => {
    const { error } = await jsonOf<Refusal>(service.send(`/v1/runs${query}`), 400);
    expect(error.code).toBe("bad_parameter");
    expect(error.message).toContain(name);
    expect(error.message.length).toBeLessThan(300);
  });
});
