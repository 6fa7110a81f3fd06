// Shares as their fleet sees them: who makes them, what the answer gives to paste, who finds and ends them.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createdShare, sharePage } from "../../../shared/api/shares.ts";
import { asJson, jsonOf, type Refusal } from "../../support/answer.ts";
import { startTestEngine, type TestEngine } from "../../support/engine.ts";
import { makeTestService, type TestService } from "../../support/service.ts";
import { look, type MadeShare, PAIR, postFleet, postShare, share } from "./shared-fleet.ts";

let engine: TestEngine;
let service: TestService;

beforeAll(async () => {
  engine = await startTestEngine();
  service = await makeTestService(await engine.newTable());
  await postFleet(service);
});
afterAll(() => engine.stop());

interface Listed {
  readonly shares: readonly MadeShare[];
  readonly cursor: string | null;
}

const list = (token = service.admin, query = "") => jsonOf<Listed>(service.send(`/v1/shares${query}`, { token }), 200);
const end = (id: string, token = service.admin) => service.send(`/v1/shares/${id}`, { method: "DELETE", token });

describe("POST /v1/shares 201", () => {
  test("answers as the contract says, with addresses that work", async () => {
    const made = await share(service, { frozen: true, title: "Writes in 2026" });
    expect(createdShare.safeParse(made).error).toBeUndefined();
    expect(made).toMatchObject({
      id: expect.stringMatching(/^[0-9a-f]{32}$/),
      fleet: "default",
      kind: "compare",
      query: { baseline: ["loop"], candidate: ["blktap2"] },
      frozen: true,
      title: "Writes in 2026",
      created_at: new Date(service.now).toISOString(),
    });
    for (const address of Object.values(made.urls)) expect((await look(service, address ?? "")).status).toBe(200);
  });

  test.each([
    ["compare", { ...PAIR, metric: ["put_block", "rewrite"], margin: 0.1, period: "2026" }],
    ["matrix", { site: "fra" }],
    ["trend", { backend: "loop", metric: "put_block" }],
    ["backends", {}],
  ])("of a %s, frozen and live", async (kind, query) => {
    for (const frozen of [true, false]) {
      const { urls } = await share(service, { kind, query, frozen });
      for (const address of Object.values(urls).filter((one) => one !== null)) {
        expect((await look(service, address)).status, address).toBe(200);
      }
    }
  });

  test("what is not drawn has no address of a picture, and one of a badge only where two backends are compared", async () => {
    const { urls, snippets } = await share(service, { kind: "backends", query: {} });
    expect(urls).toMatchObject({ svg: null, png: null, badge: null });
    expect(snippets.img).toBeNull();
    expect((await share(service, { kind: "matrix", query: {} })).urls).toMatchObject({
      svg: expect.stringMatching(/\.svg$/),
      badge: null,
    });
  });

  test("ids are made by chance: no two are alike, and none is near another", async () => {
    const ids = await Promise.all(Array.from({ length: 8 }, async () => (await share(service)).id));
    expect(new Set(ids.map((id) => id.slice(0, 8))).size).toBe(8);
  });

  test("a read token creates shares, of its own fleet's numbers", async () => {
    const reader = await service.token({ scope: "read", fleet: "elsewhere", label: "wiki" });
    const made = await share(service, {}, reader);
    expect(made).toMatchObject({ fleet: "elsewhere", created_by: { label: "wiki" } });
    expect(await (await look(service, made.urls.txt)).text()).not.toContain("12 hosts");
  });

  test("links go where the operator says the service is", async () => {
    const elsewhere = await makeTestService(service.table, { publicUrl: "https://vbdstat.example.org" });
    const { id, urls, snippets } = await share(elsewhere);
    expect(urls.svg).toBe(`https://vbdstat.example.org/s/${id}.svg`);
    expect(snippets.curl).toBe(`curl -sS 'https://vbdstat.example.org/s/${id}.txt'`);
    expect(await (await look(elsewhere, urls.html)).text()).toContain(
      `href="https://vbdstat.example.org/oembed?format=json&amp;url=https%3A%2F%2Fvbdstat.example.org%2Fs%2F${id}"`,
    );
  });
});

describe("POST /v1/shares refused", () => {
  const refused = async (body: unknown, status: number) =>
    (await jsonOf<Refusal>(postShare(service, body), status)).error;

  test.each([
    [{ kind: "compare", query: PAIR }, "frozen"],
    [{ kind: "runs", query: {}, frozen: true }, "kind"],
    [{ kind: "compare", query: PAIR, frozen: true, titel: "x" }, "titel"],
    [{ kind: "compare", query: PAIR, frozen: true, title: "two\nlines" }, "title"],
    [{ kind: "compare", query: PAIR, frozen: true, title: "x".repeat(10_000) }, "title"],
    [{ kind: "compare", query: "baseline=loop", frozen: true }, "query"],
  ])("400: the body %j, naming %s", async (body, field) => {
    const { code, message } = await refused(body, 400);
    expect(code).toBe("bad_body");
    expect(message).toContain(field);
  });

  test.each([
    [{ baseline: "loop" }, "candidate"],
    [{ ...PAIR, sites: "fra" }, "sites"],
    [{ ...PAIR, metric: "speed" }, "metric"],
    [{ ...PAIR, period: ["2026", "2025"] }, "period"],
    [{ baseline: "loop", candidate: "file" }, "both loop"],
  ])("400: the query %j, naming %s, whether frozen or live", async (query, named) => {
    for (const frozen of [true, false]) {
      const { code, message } = await refused({ kind: "compare", query, frozen }, 400);
      expect(code).toBe("bad_parameter");
      expect(message).toContain(named);
    }
  });

  test("401 and 403: without a token, and with one that only posts results", async () => {
    const body = JSON.stringify({ kind: "matrix", query: {}, frozen: false });
    expect((await service.send("/v1/shares", { method: "POST", body, token: null })).status).toBe(401);
    expect((await postShare(service, JSON.parse(body), await service.token({ scope: "ingest" }))).status).toBe(403);
  });

  test("400: a Host header that is no host comes into no link", async () => {
    const headers = { Authorization: `Bearer ${service.admin}` };
    const body = JSON.stringify({ kind: "matrix", query: {}, frozen: false });
    const answer = await service.app.request("http://a'b$(id)/v1/shares", { method: "POST", headers, body });
    expect(answer.status).toBe(400);
  });
});

describe("GET /v1/shares", () => {
  test("who made which share, newest first, page by page, of one's own fleet only", async () => {
    const maker = await service.token({ scope: "read", fleet: "listing", label: "for the wiki" });
    const made: string[] = [];
    for (let index = 0; index < 5; index += 1) {
      service.now += 1_000;
      made.unshift((await share(service, { title: `number ${index}` }, maker)).id);
    }
    const first = await list(maker, "?limit=3");
    expect(sharePage.safeParse(first).error).toBeUndefined();
    expect(first.shares[0]).toMatchObject({ title: "number 4", created_by: { label: "for the wiki" } });
    const second = await list(maker, `?limit=3&cursor=${first.cursor}`);
    expect([...first.shares, ...second.shares].map(({ id }) => id)).toEqual(made);
    expect((await list()).shares.map(({ id }) => id)).not.toContain(made[0]);
  });

  test("403 for a token that only posts results", async () => {
    const token = await service.token({ scope: "ingest" });
    expect((await service.send("/v1/shares", { token })).status).toBe(403);
  });
});

describe("DELETE /v1/shares/{id}", () => {
  const formats = ["", ".html", ".svg", ".png", ".md", ".txt", ".csv", ".json", "/badge.svg", ".svg?width=400"];

  test.each([true, false])("ends a share (frozen: %s): 410 in every format, and no longer listed", async (frozen) => {
    const { id } = await share(service, { frozen });
    expect((await end(id)).status).toBe(204);
    for (const format of formats) {
      const answer = await look(service, `/s/${id}${format}`);
      expect(answer.status, format).toBe(410);
      expect(answer.headers.get("Cache-Control")).toBe("no-store");
    }
    expect((await look(service, `/oembed?url=/s/${id}`)).status).toBe(410);
    expect((await list()).shares.map((one) => one.id)).not.toContain(id);
    expect((await end(id)).status, "again").toBe(204);
  });

  test("the token that made it, and an admin of its fleet, but no other token", async () => {
    const maker = await service.token({ scope: "read" });
    const own = await share(service, {}, maker);
    const other = await share(service, {}, maker);
    const { error } = await jsonOf<Refusal>(end(own.id, await service.token({ scope: "read" })), 403);
    expect(error.code).toBe("forbidden");
    expect((await end(own.id, await service.token({ scope: "ingest" }))).status).toBe(403);
    expect((await end(own.id, maker)).status).toBe(204);
    expect((await end(other.id, await service.token({ scope: "admin" }))).status).toBe(204);
  });

  test("404 for another fleet, which does not learn that the share exists; the share stays", async () => {
    const { id, urls } = await share(service);
    const theirs = await service.token({ scope: "admin", fleet: "other" });
    const [real, invented] = await Promise.all([end(id, theirs), end("0".repeat(32), theirs)]);
    expect([real.status, invented.status]).toEqual([404, 404]);
    const [said, expected] = await Promise.all([jsonOf<Refusal>(real, 404), jsonOf<Refusal>(invented, 404)]);
    expect(said.error.message).toBe(expected.error.message);
    expect((await look(service, urls.json)).status).toBe(200);
  });
});

test("no log line holds an id, for whoever has one sees the share", async () => {
  const { id, urls } = await share(service);
  await look(service, urls.svg ?? "");
  await look(service, urls.badge ?? "");
  await end(id);
  expect(service.requests.length).toBeGreaterThan(3);
  expect(JSON.stringify(service.requests)).not.toContain(id);
});

test("refusals of programs have the envelope", async () => {
  const { error } = await jsonOf<Refusal>(look(service, `/s/${"0".repeat(32)}.json`, asJson), 404);
  expect(error.code).toBe("not_found");
});
