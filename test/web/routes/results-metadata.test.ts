// Metadata of runs: query parameters and lines of the body. When one of these fails, results are stored for another host, backend
// or time.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Receipt } from "../../../functions/service/upload/receipt.ts";
import { asJson, jsonOf } from "../../support/answer.ts";
import { startTestEngine, type TestEngine } from "../../support/engine.ts";
import { makeTestService, type TestService } from "../../support/service.ts";
import { freshLine, onlyRun, refusal, runOf } from "./uploads.ts";

let engine: TestEngine;
let service: TestService;

beforeAll(async () => {
  engine = await startTestEngine();
  service = await makeTestService(await engine.newTable());
});
afterAll(() => engine.stop());

describe("metadata of a run", () => {
  test("the query takes precedence over the line, a directive over the query, a later directive over an earlier one", async () => {
    const [first, second, third] = [freshLine(), freshLine(), freshLine()];
    const body = [first, "# site: fra", "# host: dom0-2", second, "# site: ams", "#backend:qdisk", third].join("\n");
    const receipt = await jsonOf<Receipt>(
      service.post(body, "?backend=loop&host=dom0-1&site=query&vm=guest", asJson),
      201,
    );
    const runs = await Promise.all(receipt.results.map(({ id }) => runOf(service, id)));
    expect(runs.map(({ host, vm, backend, facts }) => [host, vm, backend, facts["site"]])).toEqual([
      ["dom0-1", "guest", "loop", "query"],
      ["dom0-2", "guest", "loop", "fra"],
      ["dom0-2", "guest", "qdisk", "ams"],
    ]);
    expect(receipt.results.map(({ line }) => line)).toEqual([1, 4, 7]);
  });

  test("host and vm default to the machine name in the line; an alias names its backend", async () => {
    const run = await onlyRun(service, service.post(freshLine(), "?backend=tap:aio", asJson));
    expect(run).toMatchObject({ host: "vm101", vm: "vm101", backend: "blktap1" });
    expect(run.facts).toMatchObject({ image_format: "raw" });
  });

  test("facts are typed, labels are stored, a value may contain a colon, a space or HTML", async () => {
    const query =
      "?backend=phy&dom0_mem_mb=4096&rotational=yes&storage=LVM&label.rack=R%2012&label.note=%3Cb%3Ea:b%3C/b%3E";
    const run = await onlyRun(service, service.post(freshLine(), query, asJson));
    expect(run.facts).toMatchObject({
      dom0_mem_mb: 4096,
      rotational: true,
      storage: "lvm",
      "label.rack": "R 12",
      "label.note": "<b>a:b</b>",
    });
  });

  test("finished is the time of the run; without it the time of receipt", async () => {
    const said = await onlyRun(
      service,
      service.post(freshLine(), "?backend=loop&finished=2026-11-20T01:02:03%2B02:00", asJson),
    );
    expect(said.finished_at).toBe("2026-11-19T23:02:03.000Z");
    const unsaid = await onlyRun(service, service.post(freshLine(), "?backend=loop", asJson));
    expect(unsaid.finished_at).toBe(unsaid.received_at);
    expect(unsaid.received_at).toBe(new Date(service.now).toISOString());
  });

  test("a time more than a day ahead is stored, with a warning", async () => {
    const body = `# finished: 2026-11-24T10:00:01Z\n${freshLine()}`;
    const receipt = await jsonOf<Receipt>(service.post(body, "?backend=loop", asJson), 201);
    expect(receipt.results[0]?.warnings).toContainEqual(expect.stringMatching(/^finished_in_future: /));
  });
});

describe("400: wrong metadata are reported, and nothing was stored", () => {
  test.each([
    ["?backend=nonsense", "backend"],
    ["?backend=", "backend"],
    ["?backend=loop&bakcend=loop", "bakcend"],
    ["?backend=loop&finished=yesterday", "finished"],
    ["?backend=loop&host=", "host"],
    ["?backend=loop&host=%00", "host"],
    [`?backend=loop&host=${"h".repeat(256)}`, "host"],
    ["?backend=loop&run=", "run"],
    ["?backend=loop&vm=a%0Ab", "vm"],
    ["?backend=loop&dom0_mem_mb=4GB", "dom0_mem_mb"],
    ["?backend=loop&label.A=1", "label.A"],
    [`?backend=loop&label.x=${"v".repeat(50_000)}`, "label.x"],
    ["?backend=loop&constructor=1", "constructor"],
    ["?backend=loop&toString=1", "toString"],
    ["?backend=loop&fleet=other", "fleet"],
  ])("%.60s names the parameter in an issue", async (query, field) => {
    const error = await refusal(service, freshLine(), query);
    expect(error.code).toBe("bad_parameter");
    expect(error.message).toContain(field);
    expect(error.issues).toEqual([expect.objectContaining({ line: 0, column: 0, field })]);
    expect(error.message.length).toBeLessThan(400);
  });

  test.each([
    ["?backend=loop&__proto__=1", "__proto__"],
    ["?backend=loop&__proto__[x]=1", "__proto__[x]"],
    ["?backend=loop&%0d%0aX-Evil:1=1", "X-Evil"],
    ["?backend=loop&=1", '""'],
    ["?backend=loop&backend=phy", "given 2 times"],
    ["?backend=loop&host=%", "%25"],
    ["?backend=loop&host=caf%E9", "UTF-8"],
    ["?backend=loop&host=%C0%AF", "UTF-8"],
  ])("%s is rejected before anything is read", async (query, words) => {
    const error = await refusal(service, freshLine(), query);
    expect(error.code).toBe("bad_parameter");
    expect(error.message).toContain(words);
  });

  test.each([
    ["# bakcend: loop", 3, "bakcend"],
    ["#   dom0_mem_mb: lots", 5, "dom0_mem_mb"],
    ["# constructor: x", 3, "constructor"],
    ["# backend: nonsense", 3, "backend"],
    ["# host:", 3, "host"],
    ["# Backend: nonsense", 3, "backend"],
    ["#dom0_mem_mb:lots", 2, "dom0_mem_mb"],
    ["# hots: x", 3, "hots"],
    ["# note: measured at night", 3, "note"],
  ])("the directive %j is reported with its position", async (directive, column, field) => {
    const line = freshLine();
    const error = await refusal(service, `${line}\n${directive}\n${line}`, "?backend=loop");
    expect(error.code).toBe("bad_parameter");
    expect(error.message).toMatch(/^line 2: .*nothing was stored$/);
    expect(error.issues).toEqual([expect.objectContaining({ line: 2, column, field })]);
    await onlyRun(service, service.post(line, "?backend=loop", asJson), 201);
  });

  test("comments that only look like directives are ignored, and known keys are accepted in any case", async () => {
    const remarks = ["# Date: Sunday", "# NB: rerun", "#http://x/y", "#loops: 1, version: 2.00a", "# hots : x"];
    const body = [...remarks, "# Backend: tap:sync", "#Label.Rack:a7", freshLine()].join("\n");
    const receipt = await jsonOf<Receipt>(service.post(body, "", asJson), 201);
    expect(receipt.ignored.comment).toBe(remarks.length);
    expect(await runOf(service, receipt.results[0]?.id)).toMatchObject({
      backend: "blktap1",
      facts: { "label.rack": "a7" },
    });
  });

  test("all errors are listed at once, in order", async () => {
    const error = await refusal(service, `# b: 1\n# site: x\n# c: 2\n${freshLine()}`, "?backend=loop&a=0");
    expect(error.issues?.map(({ line, field }) => [line, field])).toEqual([
      [0, "a"],
      [1, "b"],
      [3, "c"],
    ]);
  });
});
