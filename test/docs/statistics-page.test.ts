import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestEngine, type TestEngine } from "../support/engine.ts";
import { makeTestService, type TestService } from "../support/service.ts";
import { EXAMPLE, EXAMPLE_BODY } from "./worked-example.ts";

const PAGE = readFileSync("docs/statistics.md", "utf8");
const QUESTION = "baseline=loop&candidate=phy&metric=put_block";

let engine: TestEngine;
let service: TestService;
beforeAll(async () => {
  engine = await startTestEngine();
  service = await makeTestService(await engine.newTable());
  expect((await service.post(EXAMPLE_BODY, "")).status).toBe(201);
  await service.aggregate();
});
afterAll(() => engine.stop());

const grouped = (rate: number) => String(rate).replace(/\B(?=(\d{3})+$)/g, " ");

test("the table of the worked example is what is posted", () => {
  for (const [host, loop, phy] of EXAMPLE) {
    expect(PAGE).toContain(`| ${host} | ${grouped(loop)} | ${grouped(phy)} | ${(phy / loop).toFixed(2)} |`);
  }
});

test("the answer printed on the page is what the service answers", async () => {
  const text = await (await service.send(`/v1/compare.txt?${QUESTION}`)).text();
  const printed = /```text\n([\s\S]*?)```/.exec(PAGE)?.[1] ?? "nothing";
  expect(text).toContain(printed);
});

test("the sentence and p on the page are the service's", async () => {
  const { fleet } = JSON.parse(await (await service.send(`/v1/compare?${QUESTION}`)).text());
  const { sentence, p, flags } = fleet.metrics.put_block;
  expect(PAGE).toContain(`> ${sentence}`);
  // Seven hosts on one side: 2 x (1/2)^7 = 1/64.
  expect(p).toBe(0.015625);
  expect(flags).toEqual(["mostly_single_runs"]);
});

test("with all twelve metrics asked for, seven hosts are not enough to win, as the page says", async () => {
  const all = EXAMPLE_BODY.replaceAll(
    /,8G,,,(\d+),12,{21}/g,
    (_, rate) => `,8G,${rate},9,${rate},12,${rate},9,${rate},9,${rate},12,150.0,1${",".repeat(13)}`,
  );
  expect(
    (await service.post(all, "", { token: await service.token({ scope: "admin", fleet: "all-metrics" }) })).status,
  ).toBe(201);
  await service.aggregate("all-metrics");
  const token = await service.token({ scope: "read", fleet: "all-metrics" });
  const { fleet } = JSON.parse(
    await (await service.send("/v1/compare?baseline=loop&candidate=phy&view=all", { token })).text(),
  );
  expect(fleet.metrics.put_block).toMatchObject({ verdict: "inconclusive", reason: "not_significant_after_holm" });
});
