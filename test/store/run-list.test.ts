import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeChangeableRuns } from "../../functions/store/runs/run-changes.ts";
import type { RunStore } from "../../functions/store/runs/runs.ts";
import { SHARDS } from "../../shared/deployment.ts";
import type { RunQuery } from "../../shared/run/listing.ts";
import { startTestEngine, type TestEngine } from "../support/engine.ts";
import { interfering } from "../support/faulty-table.ts";
import { newRun, type RunText } from "../support/runs.ts";

let engine: TestEngine;
let runs: ReturnType<typeof makeChangeableRuns>;
let queries = 0;
beforeAll(async () => {
  engine = await startTestEngine();
  const counted = interfering(await engine.newTable(), (request, pass) => {
    if (request.name === "Query") queries += 1;
    return pass();
  });
  runs = makeChangeableRuns(counted);
  // 60 runs of five hosts: three of each minute share their time, so that pages end between equal times.
  const texts = Array.from(
    { length: 60 },
    (_, number): RunText => ({
      number,
      host: `h${number % 5}`,
      backend: number % 4 === 0 ? "phy" : "loop",
      stratum: number % 2 === 0 ? "v1/2G/8k/16" : "v2/8G/-/16:1000:0/64",
      at: `2026-11-01T00:${String(Math.floor(number / 3)).padStart(2, "0")}:00.000Z`,
    }),
  );
  await runs.add(texts.map(newRun));
  await runs.add([newRun({ number: 1, fleet: "other" })]);
});
afterAll(() => engine.stop());

/** All ids of a listing, page after page, with the times. */
async function listed(query: Omit<RunQuery, "limit">, limit: number): Promise<{ at: string; id: string }[]> {
  const all: { at: string; id: string }[] = [];
  let cursor: string | null = null;
  do {
    const page: Awaited<ReturnType<RunStore["list"]>> = await runs.list("default", {
      ...query,
      limit,
      ...(cursor === null ? {} : { cursor }),
    });
    expect(page.items.length).toBeLessThanOrEqual(limit);
    all.push(...page.items.map(({ id, finished_at }) => ({ at: finished_at, id })));
    cursor = page.cursor;
  } while (cursor !== null);
  return all;
}

describe.each([1, 7, 60, 100])("in pages of %i", (limit) => {
  test.each<[string, Omit<RunQuery, "limit">, number]>([
    ["the fleet", {}, 60],
    ["one host", { host: "h2" }, 12],
    ["one backend", { backend: "phy" }, 15],
    ["one backend of a host", { host: "h0", backend: "phy" }, 3],
    ["a span of time", { from: "2026-11-01T00:05:00.000Z", to: "2026-11-01T00:07:00.000Z" }, 6],
    ["a span of time of a host", { host: "h0", from: "2026-11-01T00:05:00.000Z", to: "2026-11-01T00:10:00.000Z" }, 3],
    ["a span that ends before it starts", { from: "2026-11-02T00:00:00.000Z", to: "2026-11-01T00:00:00.000Z" }, 0],
    ["nothing", { host: "nobody" }, 0],
  ])("%s is listed newest first, every run once", async (_, query, count) => {
    const all = await listed(query, limit);
    expect(all.length).toBe(count);
    expect(new Set(all.map(({ id }) => id)).size).toBe(count);
    expect(all).toEqual(all.toSorted((a, b) => (`${a.at}#${a.id}` < `${b.at}#${b.id}` ? 1 : -1)));
  });
});

test("the few runs of a rare backend are found in one read of each part of the fleet, not in one for every few others", async () => {
  queries = 0;
  expect((await runs.list("default", { backend: "phy", limit: 1 })).items).toHaveLength(1);
  expect(queries).toBe(SHARDS);
});

test("withdrawn runs stay listed in their place", async () => {
  const before = await listed({ host: "h4" }, 5);
  await runs.withdraw("default", before[3]?.id ?? "", "2026-11-22T10:00:00.000Z");
  expect(await listed({ host: "h4" }, 5)).toEqual(before);
});

test.each(["", "x", "AAAA", Buffer.from("2026-11-01#ff").toString("base64url"), "%%%"])(
  "the cursor %j that nobody gave is refused in words",
  async (cursor) => {
    await expect(runs.list("default", { limit: 5, cursor })).rejects.toMatchObject({ code: "bad_parameter" });
    await expect(runs.list("default", { limit: 5, host: "h1", cursor })).rejects.toMatchObject({
      code: "bad_parameter",
    });
  },
);
