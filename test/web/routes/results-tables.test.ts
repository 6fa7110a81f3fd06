// POST /v1/results with tables as mails, pages and the converter have them: the receipts over HTTP, on a real engine.

import { afterAll, beforeAll, expect, test } from "vitest";
import type { Receipt } from "../../../functions/service/upload/receipt.ts";
import { asJson, jsonOf } from "../../support/answer.ts";
import { startTestEngine, type TestEngine } from "../../support/engine.ts";
import { fixture } from "../../support/fixtures.ts";
import { makeTestService, type TestService } from "../../support/service.ts";
import { runOf } from "./uploads.ts";

let engine: TestEngine;
let service: TestService;

beforeAll(async () => {
  engine = await startTestEngine();
  service = await makeTestService(await engine.newTable());
});
afterAll(() => engine.stop());

async function receiptOf(text: string, status: number): Promise<Receipt> {
  return jsonOf<Receipt>(service.post(text, "?backend=loop", asJson), status);
}

test.each([
  ["a table with bold marks next to its line", "bold-cell.md", 1],
  ["a table of bon_csv2txt", "csv2txt-200a.txt", 3],
  ["a wrapped table and the line of another run", "wrapped-table.txt", 2],
])("%s: stored, nothing rejected", async (_, name, stored) => {
  expect(await receiptOf(fixture(name), 201)).toMatchObject({ stored, duplicate: 0, rejected: 0 });
});

test("a converted run is in the stratum of its setup, and two of one table are two runs", async () => {
  const { results } = await receiptOf(fixture("csv2txt-197.txt"), 201);
  expect(results.map((result) => "stratum" in result && result.stratum)).toEqual(["v2/8G/8k/16", "v2/8G/8k/16"]);
  const [first = ""] = results.flatMap((result) => ("id" in result ? [result.id] : []));
  const run = await runOf(service, first);
  expect(run.raw.split("\n")).toHaveLength(10);
  expect(run.bonnie).toMatchObject({ machine: "cc3550", source: "text" });
});

test("a table of which one row is damaged: 422, nothing stored, the whole table in the quarantine", async () => {
  const text = fixture("csv2txt-197.txt").replace("cc3551           8G   863", "cc3551           8G   86x");
  const receipt = await receiptOf(text, 422);
  expect(receipt).toMatchObject({ stored: 0, rejected: 1 });
});

test("a heading without its table is named", async () => {
  const text = fixture("csv2txt-197.txt").split("\n").slice(0, 3).join("\n");
  const { issues } = await receiptOf(text, 422);
  expect(issues).toMatchObject([{ line: 1, code: "bad_table" }]);
});
