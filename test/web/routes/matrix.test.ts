// GET /v1/matrix: all pairs at once must say what each comparison says.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Comparison } from "../../../shared/compare/comparison.ts";
import type { MatrixResult } from "../../../shared/compare/trend.ts";
import { asJson, jsonOf, type Refusal, textOf } from "../../support/answer.ts";
import { startTestEngine, type TestEngine } from "../../support/engine.ts";
import { BLKTAP } from "../../support/fixtures.ts";
import { makeTestService, type TestService } from "../../support/service.ts";

let engine: TestEngine;
let service: TestService;

beforeAll(async () => {
  engine = await startTestEngine();
  service = await makeTestService(await engine.newTable());
  // Twelve hosts with loop and phy, phy writing 1.5 times as fast; the first three also with qdisk; one with vnd alone.
  const lines = Array.from({ length: 12 }, (_, index) => [
    `# host: h${index}`,
    `# site: ${index < 7 ? "fra" : "ams"}`,
    `# finished: ${index < 9 ? "2026-11-15T00:00:00Z" : "2025-08-15T00:00:00Z"}`,
    "# backend: loop",
    BLKTAP,
    "# backend: phy",
    BLKTAP.replace("93549", "140324"),
    ...(index < 3 ? ["# backend: qdisk", BLKTAP.replace("93549", "46775")] : []),
  ]).flat();
  await jsonOf(service.post([...lines, "# host: alone", "# backend: vnd", BLKTAP].join("\n"), "", asJson), 201);
  await service.aggregate();
});
afterAll(() => engine.stop());

const matrix = (query = "") => jsonOf<MatrixResult>(service.send(`/v1/matrix${query}`), 200);

describe("200", () => {
  test("every pair that shares hosts, in alphabetical order, and no other", async () => {
    const { backends, pairs, as_of, pending_hosts } = await matrix();
    expect(backends).toEqual(["loop", "phy", "qdisk"]);
    expect(pairs.map(({ baseline, candidate, runs }) => [baseline, candidate, runs])).toEqual([
      ["loop", "phy", 24],
      ["loop", "qdisk", 6],
      ["phy", "qdisk", 6],
    ]);
    expect({ as_of, pending_hosts }).toEqual({ as_of: "2026-11-22T10:00:00.000Z", pending_hosts: 0 });
    expect(pairs[0]?.metrics.put_block).toMatchObject({ hosts: 12, verdict: "faster", reason: "ci_above_1" });
    expect(pairs[1]?.metrics.put_block).toMatchObject({ hosts: 3, verdict: "inconclusive", ci: null, p_holm: null });
  });

  test.each(["", "?period=2026-11", "?site=fra&margin=0.6", "?view=all&metric=putc&metric=put_block"])(
    "%s: each entry is that of the comparison",
    async (query) => {
      const { pairs } = await matrix(query);
      expect(pairs).toHaveLength(3);
      for (const { baseline, candidate, runs, metrics } of pairs) {
        const asked = `baseline=${baseline}&candidate=${candidate}${query.replace("?", "&")}`;
        const comparison = await jsonOf<Comparison>(service.send(`/v1/compare?${asked}`), 200);
        expect(runs).toBe(comparison.runs);
        expect(Object.keys(metrics)).toEqual(Object.keys(comparison.fleet.metrics));
        for (const [name, entry] of Object.entries(metrics)) {
          const { flags: _, ...numbers } = entry;
          expect(new Map(Object.entries(comparison.fleet.metrics)).get(name)).toMatchObject(numbers);
        }
      }
    },
  );

  test("nothing in common is an empty matrix", async () => {
    const expected = { backends: [], pairs: [] };
    expect(await matrix("?period=2024")).toMatchObject({ ...expected, as_of: null });
    expect(await matrix("?site=nowhere")).toMatchObject(expected);
    const token = await service.token({ scope: "read", fleet: "other" });
    expect(await jsonOf(service.send("/v1/matrix", { token }), 200)).toMatchObject(expected);
  });

  test("as text: at most 100 columns, a table for each pair", async () => {
    const text = await textOf(service.send("/v1/matrix.txt"), 200);
    for (const line of text.split("\n")) expect(line.length, line).toBeLessThanOrEqual(100);
    expect(text).toMatch(/^phy vs loop, 24 runs: above 1, phy is faster$/m);
    expect(text).toMatch(/^put_block +12 +1\.50? +1\.\d+ to 1\.\d+ +faster \* +ci_above_1$/m);
    expect(text).toMatch(/^put_block +3 +0\.333 +- +undecided \* +too_few_hosts$/m);
  });
});

test.each(["metric=speed", "period=latest", "margin=0", "baseline=loop"])("400: %s", async (query) => {
  const { error } = await jsonOf<Refusal>(service.send(`/v1/matrix?${query}`), 400);
  expect(error.message).toContain(query.split("=")[0]);
});
