// The quarantine while lines leave it: whoever pages through it must come to its end, or rejected lines are never looked at.

import { afterAll, beforeAll, expect, test } from "vitest";
import { makeQuarantineStore } from "../../functions/store/runs/quarantine.ts";
import type { QuarantinedLine } from "../../shared/run/run.ts";
import { startTestEngine, type TestEngine } from "../support/engine.ts";
import { interfering } from "../support/faulty-table.ts";

let engine: TestEngine;
beforeAll(async () => {
  engine = await startTestEngine();
});
afterAll(() => engine.stop());

const line = (number: number): QuarantinedLine => ({
  id: String(number).padStart(32, "0"),
  fleet: "default",
  received_at: `2026-11-22T10:00:0${number}.000Z`,
  raw: "vm101,12x",
  raw_length: 9,
  raw_encoding: "utf-8",
  line: 1,
  column: 1,
  field: null,
  code: "field_count",
  text: "expected more fields",
  context: {},
  hosts: null,
});

test("a page whose lines are all tried again while it is read still leads to the next one", async () => {
  const table = await engine.newTable();
  const quarantine = makeQuarantineStore(table);
  await quarantine.add([1, 2, 3, 4, 5].map(line), "t");
  const leaving = interfering(table, async ({ name }, pass) => {
    const answer = await pass();
    if (name === "Query") for (const number of [4, 5]) await quarantine.remove("default", line(number).id);
    return answer;
  });
  const page = await makeQuarantineStore(leaving).list("default", 2);
  expect(page.items).toEqual([]);
  const next = await quarantine.list("default", 2, page.cursor ?? undefined);
  expect(next.items).toEqual([line(3), line(2)]);
  expect((await quarantine.list("default", 2, next.cursor ?? undefined)).items).toEqual([line(1)]);
});
