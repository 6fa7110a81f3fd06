// Which uploads are the same run: a retry counts once, a repeated measurement twice. When one of these fails, results are lost or
// counted twice.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Receipt } from "../../../functions/service/upload/receipt.ts";
import { asJson, jsonOf, textOf } from "../../support/answer.ts";
import { startTestEngine, type TestEngine } from "../../support/engine.ts";
import { makeTestService, type TestService } from "../../support/service.ts";
import { freshLine, onlyRun, runOf } from "./uploads.ts";

let engine: TestEngine;
let service: TestService;

beforeAll(async () => {
  engine = await startTestEngine();
  service = await makeTestService(await engine.newTable());
});
afterAll(() => engine.stop());

describe("200: only duplicates", () => {
  test("a retry gets the same ids, also within one body", async () => {
    const line = freshLine();
    const first = await jsonOf<Receipt>(service.post(`${line}\n${line}`, "?backend=loop", asJson), 201);
    expect(first.results.map(({ status }) => status)).toEqual(["stored", "duplicate"]);
    const again = await jsonOf<Receipt>(service.post(line, "?backend=loop", asJson), 200);
    expect(again).toMatchObject({ stored: 0, duplicate: 1, rejected: 0 });
    expect(new Set([...first.results, ...again.results].map(({ id }) => id)).size).toBe(1);
    expect(await textOf(service.post(line, "?backend=loop"), 200)).toMatch(/^stored 0, duplicate 1, rejected 0\n/);
  });

  test("of two equal lines in one body, the first is stored, with its metadata", async () => {
    const line = freshLine();
    const body = `# label.try: one\n${line}\n# label.try: two\n${line}\n`;
    const receipt = await jsonOf<Receipt>(service.post(body, "?backend=loop", asJson), 201);
    expect((await runOf(service, receipt.results[0]?.id)).facts).toMatchObject({ "label.try": "one" });
  });

  test.each<[string, string, string, boolean]>([
    ["another run id", "&run=1", "&run=2", false],
    ["the same run id at another time", "&run=1&finished=1795338308", "&run=1&finished=1795338309", true],
    ["another time", "&finished=1795338308", "&finished=1795338309", false],
    [
      "the same time written differently: the text as sent counts",
      "&finished=1795338308",
      "&finished=2026-11-22T09:05:08Z",
      false,
    ],
    ["a run id against a time of the same text", "&run=1795338308", "&finished=1795338308", false],
    ["a time against nothing", "&finished=1795338308", "", false],
    ["another host", "&host=a", "&host=b", false],
    ["another guest", "&vm=a", "&vm=b", false],
    ["host and guest that only together are the same text", "&host=ab&vm=c", "&host=a&vm=bc", false],
    ["another fact", "&site=a", "&site=b", true],
  ])("%s", async (_, first, second, same) => {
    const line = freshLine();
    const one = await onlyRun(service, service.post(line, `?backend=loop${first}`, asJson), 201);
    const other = await onlyRun(service, service.post(line, `?backend=loop${second}`, asJson), same ? 200 : 201);
    expect(one.id === other.id).toBe(same);
  });

  test("another backend is another run, another word for it is not", async () => {
    const line = freshLine();
    const first = await onlyRun(service, service.post(line, "?backend=phy", asJson), 201);
    expect((await onlyRun(service, service.post(line, "?backend=PHY", asJson), 200)).id).toBe(first.id);
    expect((await onlyRun(service, service.post(line, "?backend=loop", asJson), 201)).id).not.toBe(first.id);
  });
});
