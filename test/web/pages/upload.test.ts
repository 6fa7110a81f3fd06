// Pasting results: the form does what POST /v1/results does with the same bytes, and shows the receipt as a page.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Receipt } from "../../../functions/service/upload/receipt.ts";
import { asJson, jsonOf } from "../../support/answer.ts";
import { startTestEngine, type TestEngine } from "../../support/engine.ts";
import { interfering } from "../../support/faulty-table.ts";
import { BLKTAP, fixture, LOOP } from "../../support/fixtures.ts";
import { makeTestService, type TestService } from "../../support/service.ts";
import { expectPage, type Visitor, visitor } from "./visitor.ts";

let engine: TestEngine;
let service: TestService;
let admin: Visitor;

beforeAll(async () => {
  engine = await startTestEngine();
  service = await makeTestService(await engine.newTable());
  admin = visitor(service, service.admin);
});
afterAll(() => engine.stop());

/** The counts on a receipt, in the order in which it shows them: stored, duplicates, rejected. */
const counts = (page: string) =>
  [...page.matchAll(/<dd>([\d ]+)<\/dd>/g)].slice(0, 3).map(([, count]) => Number(count));

/** Browsers send the line ends of a text area as CR LF. */
const pasted = (text: string) => text.replaceAll("\n", "\r\n");

test("a line with backend and host is stored, and the receipt leads to the run", async () => {
  const page = await expectPage(
    admin.submit("/upload", { output: pasted(`${LOOP}\n`), backend: "loop", host: "h1" }),
    201,
  );
  expect(counts(page)).toEqual([1, 0, 0]);
  expect(page).toContain("probably-cached");
  const [, path = ""] = /href="(\/runs\/[0-9a-f]{48})"/.exec(page) ?? [];
  expect(await expectPage(admin.visit(path), 200)).toContain("<h1>Run on h1, backend loop</h1>");
  expect(service.requests.findLast(({ path: asked }) => asked === "/upload")?.results).toEqual({
    stored: 1,
    duplicate: 0,
    rejected: 0,
  });
});

test("what curl posted before is known, and the other way round: one run, whichever way it came", async () => {
  await jsonOf<Receipt>(service.post(`${BLKTAP}\n`, "?backend=blktap1&host=h2&site=fra", asJson), 201);
  const form = { output: pasted(BLKTAP), backend: "blktap1", host: "h2", site: "fra" };
  const page = await expectPage(admin.submit("/upload", form), 200);
  expect(counts(page)).toEqual([0, 1, 0]);
  expect(page).toContain("<h1>Already stored</h1>");
  expect(page).toContain("Nothing new was stored: these results are known already, and count once.");
  expect(page).not.toContain("withdrawn");
  await expectPage(admin.submit("/upload", { output: pasted(LOOP), backend: "loop", host: "h3" }), 201);
  const receipt = await jsonOf<Receipt>(service.post(LOOP, "?backend=loop&host=h3", asJson), 200);
  expect(receipt.duplicate).toBe(1);
});

test("the full output of Bonnie++ with metadata lines needs no field", async () => {
  const output = pasted(`# backend: qdisk\n# host: h4\n${fixture("run-200a-nonquiet.log")}`);
  const page = await expectPage(admin.submit("/upload", { output, backend: "", host: "", finished: "" }), 201);
  expect(page).toContain("<td>h4</td><td>qdisk</td>");
});

test("a line that cannot be read: 422, the good ones stored, the bad ones with their place, and the form as it was", async () => {
  const output = pasted(`${LOOP.replace("vm101", "vm5")}\n${LOOP.replace("25511", "12x")}`);
  const page = await expectPage(admin.submit("/upload", { output, backend: "loop", host: "h5", site: "<ams>" }), 422);
  expect(counts(page)).toEqual([1, 0, 1]);
  expect(page).toContain('<th scope="row" data-head="Line">2</th><td data-head="Column">2</td><td>putc</td>');
  expect(page).toContain("found &quot;12x&quot;");
  expect(page).toContain('name="host" value="h5"');
  expect(page).toContain('name="site" value="&lt;ams&gt;"');
  expect(page).toContain("12x,35,18075");
  expect(page).toContain("<h1>Some lines were rejected</h1>");
  expect(page).toContain("New results were stored. Rejected lines are quarantined verbatim.");
});

test("without a line that can be read the receipt does not claim that anything was stored", async () => {
  const output = pasted(LOOP.replace("25511", "13x"));
  const page = await expectPage(admin.submit("/upload", { output, backend: "loop", host: "h6" }), 422);
  expect(page).toContain("<h1>All lines were rejected</h1>");
  expect(page).not.toContain("were stored");
});

describe("400, with all that was typed", () => {
  test.each([
    [{ output: LOOP }, "No backend given: choose one below"],
    [{ output: "hello", backend: "loop" }, "No Bonnie++ result found: neither a CSV line"],
    [{ output: "", backend: "loop" }, "No Bonnie++ result found"],
    [{ output: LOOP, backend: "floppy" }, "found &quot;floppy&quot;"],
    [{ output: LOOP, backend: "loop", finished: "yesterday" }, "Finished: expected a date with a time and its zone"],
    [{ output: `# nonsense: 1\n${LOOP}`, backend: "loop" }, "Line 1: "],
  ])("%j", async (form, words) => {
    const page = await expectPage(admin.submit("/upload", form), 400);
    expect(page).toContain(words);
    expect(page).toContain('<textarea id="output"');
    if ("backend" in form) expect(page).toContain(`<option value="${form.backend}" selected="">`);
  });

  test("a field that the form does not have", async () => {
    const answer = admin.submit("/upload", { output: LOOP, backend: "loop", dom0_mem_mb: "1" });
    expect(await expectPage(answer, 400)).toContain("Unknown key &quot;dom0_mem_mb&quot;");
  });
});

test("a store that cannot be reached: 503 in words, with the text, so that it can be sent again", async () => {
  let isAway = false;
  const away = Object.assign(new Error("connect"), { code: "ECONNREFUSED" });
  const table = interfering(await engine.newTable(), ({ name }, pass) =>
    isAway && name === "TransactWriteItems" ? Promise.reject(away) : pass(),
  );
  const lonely = await makeTestService(table);
  isAway = true;
  const form = { output: pasted(LOOP), backend: "loop", host: "h9" };
  const page = await expectPage(visitor(lonely, lonely.admin).submit("/upload", form), 503);
  expect(page).toContain("The store cannot be reached");
  expect(page).toContain("25511,35,18075");
  expect(lonely.faults).toHaveLength(1);
});

test("an ingest token uploads for its own hosts, and gets no links to pages that it may not open", async () => {
  const own = visitor(service, await service.token({ scope: "ingest", hosts: "web-*" }));
  const page = await expectPage(own.submit("/upload", { output: LOOP, backend: "loop", host: "web-1" }), 201);
  expect(page).not.toContain('href="/">Go to overview');
  const refused = await expectPage(own.submit("/upload", { output: LOOP, backend: "loop", host: "db-1" }), 403);
  expect(refused).toContain("Line 1: this token is for hosts web-*");
});

test("a form may have at most 1 MiB", async () => {
  const output = "x".repeat(1_100_000);
  expect(await expectPage(admin.submit("/upload", { output, backend: "loop" }), 413)).toContain("larger than 1 MiB");
});

test("a withdrawn result is known, and the receipt says that it counts nowhere", async () => {
  const line = LOOP.replace("25511", "25599");
  const receipt = await jsonOf<Receipt>(service.post(line, "?backend=loop&host=h9", asJson), 201);
  await service.send(`/v1/runs/${receipt.results[0]?.id}`, { method: "DELETE" });
  const page = await expectPage(admin.submit("/upload", { output: pasted(line), backend: "loop", host: "h9" }), 200);
  expect(page).toContain("Some of them were withdrawn: they are in no statistics.");
  expect(page).toContain("<td>duplicate, withdrawn</td>");
});
