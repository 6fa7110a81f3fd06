// One upload, many months: every month that a host's runs change in is work for aggregation, whoever sent it.

import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestEngine, type TestEngine } from "../support/engine.ts";
import { fixture } from "../support/fixtures.ts";
import { makeTestService, type TestService } from "../support/service.ts";

let engine: TestEngine;
let service: TestService;
beforeAll(async () => {
  engine = await startTestEngine();
  service = await makeTestService(await engine.newTable());
});
afterAll(() => engine.stop());

const LINE = fixture("seed-loop.csv").trim();

/** Results of some hosts, one in each of so many months from 1990 on. */
function upload(hosts: number, months: number): string {
  return Array.from({ length: hosts }, (_, host) => [
    `# host: h${host}`,
    ...Array.from({ length: months }, (_, month) => {
      const at = new Date(Date.UTC(1990, month, 15)).toISOString();
      return `# finished: ${at}\n${LINE}`;
    }),
  ])
    .flat()
    .join("\n");
}

const post = (hosts: number, months: number) => service.post(upload(hosts, months), "?backend=loop");

test.each([
  [1, 2_508],
  [1, 61],
  [31, 3],
])("results of %i hosts in %i months each are refused as too many for one upload", async (hosts, months) => {
  const answer = await post(hosts, months);
  expect(answer.status).toBe(413);
  const found = (months - 1) * hosts + 1;
  expect(await answer.text()).toContain(
    `expected results of at most 60 months, not counting the first of each host, found ${found}; split the upload by time`,
  );
});

test.each([
  [1, 60],
  [29, 3],
  [100, 1],
])("those of %i hosts in %i months are taken", async (hosts, months) => {
  expect((await post(hosts, months)).status).toBe(201);
});
