// Sharing from a page: a form creates a share, the list has the snippets to paste, a button revokes it.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { shareTitle } from "../../../functions/web/pages/shares.tsx";
import type { Share } from "../../../shared/run/share.ts";
import { SUMMARIES } from "../../../shared/summaries/registry.ts";
import { jsonOf } from "../../support/answer.ts";
import { startTestEngine, type TestEngine } from "../../support/engine.ts";
import { BLKTAP, LOOP } from "../../support/fixtures.ts";
import { makeTestService, type TestService } from "../../support/service.ts";
import { changeStored } from "../routes/shared-fleet.ts";
import { expectPage, redirectTarget, type Visitor, visitor } from "./visitor.ts";

let engine: TestEngine;
let service: TestService;
let reader: Visitor;

beforeAll(async () => {
  engine = await startTestEngine();
  service = await makeTestService(await engine.newTable());
  reader = visitor(service, await service.token({ scope: "read", label: "ops <b>" }));
  await service.post(`# backend: loop\n${LOOP}\n# backend: blktap1\n${BLKTAP}`, "");
  await service.aggregate();
});
afterAll(() => engine.stop());

const QUESTION = "baseline=loop&candidate=blktap1&metric=putc&metric=seeks";

async function sharesOf(): Promise<readonly Share[]> {
  return (await jsonOf<{ shares: Share[] }>(service.send("/v1/shares"), 200)).shares;
}

describe.each([
  ["frozen", "public, max-age=31536000, immutable"],
  ["live", "public, max-age=300"],
])("a %s share", (lasts, cacheControl) => {
  test("is created from the query of the page, and listed with its snippets", async () => {
    const form = { kind: "compare", query: QUESTION, lasts, title: "Which <one>?" };
    expect(redirectTarget(await reader.submit("/shares", form))).toBe("/shares");
    const [share] = await sharesOf();
    expect(share).toMatchObject({
      kind: "compare",
      frozen: lasts === "frozen",
      title: "Which <one>?",
      query: { baseline: ["loop"], candidate: ["blktap1"], metric: ["putc", "seeks"] },
    });
    const picture = await service.send(`/s/${share?.id}.svg`, { token: null });
    expect([picture.status, picture.headers.get("Cache-Control")]).toEqual([200, cacheControl]);

    const page = await expectPage(reader.visit("/shares"), 200);
    const at = `http://vbdstat.test/s/${share?.id}`;
    for (const snippet of [
      `&lt;img src=&quot;${at}.svg&quot;`,
      `](${at}.html)`,
      `&lt;figure&gt;&lt;a href=&quot;${at}.html&quot;`,
      `&lt;iframe src=&quot;${at}.html&quot;`,
      `curl -sS &#39;${at}.txt&#39;`,
    ]) {
      expect(page).toContain(snippet);
    }
    expect(page).toContain(`<img src="/s/${share?.id}.svg" alt="Which &lt;one&gt;?"`);
    expect(page).toContain("by ops &lt;b&gt;");
  });

  test("is revoked by its button, and gone for every reader", async () => {
    const [share] = await sharesOf();
    const id = share?.id ?? "";
    expect(redirectTarget(await reader.submit("/shares/revoke", { id }))).toBe("/shares");
    expect((await service.send(`/s/${id}.svg`, { token: null })).status).toBe(410);
    expect(await expectPage(reader.visit("/shares"), 200)).not.toContain(id);
  });
});

test("without shares the page says how to create one", async () => {
  expect(await expectPage(reader.visit("/shares"), 200)).toContain("Nothing is shared yet.");
});

test("a share of another token has no button, and cannot be revoked by its id", async () => {
  await visitor(service, service.admin).submit("/shares", { kind: "matrix", lasts: "live" });
  const [share] = await sharesOf();
  const id = share?.id ?? "";
  expect(await expectPage(reader.visit("/shares"), 200)).not.toContain("Revoke link");
  expect(await expectPage(reader.submit("/shares/revoke", { id }), 403)).toContain(
    "Only the creating token or an admin may revoke this share",
  );
  const elsewhere = visitor(service, await service.token({ scope: "admin", fleet: "other" }));
  await expectPage(elsewhere.submit("/shares/revoke", { id }), 404);
  expect(redirectTarget(await visitor(service, service.admin).submit("/shares/revoke", { id }))).toBe("/shares");
});

test.each([
  [{ kind: "compare", query: "baseline=loop", lasts: "live" }, "Candidate: expected a backend"],
  [{ kind: "compare", query: "baseline=loop&candidate=loop", lasts: "frozen" }, "Baseline and candidate are both loop"],
  [{ kind: "runs", query: "", lasts: "live" }, "Kind: "],
  [{ kind: "matrix", query: "", lasts: "often" }, "Lasts: "],
  [
    { kind: "matrix", query: "", lasts: "live", title: "a\u0007b" },
    "Title: expected characters, none of them invisible or a control character (character 2 is U+0007)",
  ],
])("%j: 400, and nothing is shared", async (form, words) => {
  const before = (await sharesOf()).length;
  expect(await expectPage(reader.submit("/shares", form), 400)).toContain(words);
  expect(await sharesOf()).toHaveLength(before);
});

test("a share of a kind that this version does not have is listed as such, and can be revoked", async () => {
  await reader.submit("/shares", { kind: "compare", query: QUESTION, lasts: "live" });
  await reader.submit("/shares", { kind: "matrix", lasts: "live", title: "Still here" });
  const id = (await sharesOf()).find(({ kind }) => kind === "compare")?.id ?? "";
  await changeStored(service, id, { kind: "forecast" });
  const listed = await jsonOf<{ shares: { kind: string; urls: { svg: string | null; html: string } }[] }>(
    service.send("/v1/shares"),
    200,
  );
  expect(listed.shares.map(({ kind, urls }) => [kind, urls.svg === null]).toSorted()).toEqual([
    ["forecast", true],
    ["matrix", false],
  ]);
  const page = await expectPage(reader.visit("/shares"), 200);
  expect(page).toContain("Still here");
  expect(page).toContain("Summary of an unknown kind");
  expect(page).toContain("unknown kind forecast");
  expect(page).not.toContain(`/s/${id}.txt`);
  expect((await service.send(`/s/${id}.txt`, { token: null })).status).toBe(404);
  for (const { id: each } of await sharesOf()) {
    expect(redirectTarget(await reader.submit("/shares/revoke", { id: each }))).toBe("/shares");
  }
  expect(await sharesOf()).toEqual([]);
});

test("no line of the log has the whole id of a share", async () => {
  const from = service.requests.length;
  await reader.submit("/shares", { kind: "compare", query: QUESTION, lasts: "live" });
  const [share] = await sharesOf();
  await reader.visit("/shares");
  await reader.submit("/shares/revoke", { id: share?.id ?? "" });
  expect(JSON.stringify(service.requests.slice(from))).not.toContain(share?.id);
});

test("snippets have the public URL where one is set, and not the URL of the request", async () => {
  const named = await makeTestService(await engine.newTable(), { publicUrl: "https://bench.example.org" });
  const admin = visitor(named, named.admin);
  await admin.submit("/shares", { kind: "matrix", lasts: "live" });
  const page = await expectPage(admin.visit("/shares"), 200);
  expect(page).toContain("&lt;img src=&quot;https://bench.example.org/s/");
  expect(page).toContain('<img src="/s/');
});

describe("the title in the list is that of the summary", () => {
  test.each([
    ["compare", { baseline: ["tap"], candidate: ["loop"] }],
    ["matrix", {}],
    ["trend", { backend: ["tap"], metric: ["seeks"] }],
    ["backends", {}],
  ] as const)("%s", async (kind, query) => {
    const body = JSON.stringify({ kind, query, frozen: false });
    const { id } = await jsonOf<Share>(service.send("/v1/shares", { method: "POST", body }), 201);
    const text = await (await service.send(`/s/${id}.txt`, { token: null })).text();
    expect(await shareTitle(SUMMARIES, { kind, query, title: null })).toBe(text.split("\n")[0]);
  });
});
