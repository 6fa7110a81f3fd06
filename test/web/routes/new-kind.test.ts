// A new kind of summary is one value and one entry of the registry: everything else about it follows. Shown with a kind that
// counts backends, over the real apps, store and renderer.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as z from "zod";
import { listRoutes } from "../../../infra/http-api.ts";
import { buildContract } from "../../../shared/api/contract.ts";
import { openApiDocument } from "../../../shared/api/openapi.ts";
import { cell, column, section } from "../../../shared/report/model.ts";
import { buildRecords } from "../../../shared/report/records.ts";
import { LIST_FORMATS } from "../../../shared/summaries/formats.ts";
import type { CellSource, SummaryKind } from "../../../shared/summaries/kind.ts";
import { period } from "../../../shared/summaries/parameters.ts";
import { SUMMARIES, type SummaryRegistry } from "../../../shared/summaries/registry.ts";
import { jsonOf, type Refusal } from "../../support/answer.ts";
import { readTable } from "../../support/csv.ts";
import { startTestEngine, type TestEngine } from "../../support/engine.ts";
import { makeTestService, type TestService } from "../../support/service.ts";
import { look, type MadeShare, postFleet, postShare } from "./shared-fleet.ts";

interface Count {
  readonly period: string;
  readonly backends: number;
}

const query = z.strictObject({ period });
const result = z.strictObject({ period: z.string(), backends: z.int() }).meta({ id: "BackendCount" });

const count: SummaryKind<typeof query, Count, CellSource> = {
  endpoint: { id: "countBackends", summary: "How many backends have results.", result: "The count." },
  query,
  result: () => result,
  title: ({ period: periods }) => `Backends in ${periods.join(", ")}`,
  compute: async (source, { period: periods }) => {
    const cells = await source.cells({ periods, filters: {} });
    return { period: periods.join(","), backends: (await cells.readAll("backend")).size };
  },
  report: ({ period: periods, backends }, options) => ({
    title: options.title ?? `Backends in ${periods}`,
    lead: `${backends} backends have results.`,
    guide: null,
    facts: [],
    notices: [],
    sections: [
      section("Count", {
        table: { caption: "Count", columns: [column(">", "backends")], rows: [[cell(`${backends}`)]] },
      }),
    ],
    cursor: null,
  }),
  records: (found) => buildRecords([["backends", ({ backends }: Count) => backends]], [found]),
};

let loads = 0;

const KINDS: SummaryRegistry = [
  ...SUMMARIES,
  {
    name: "count",
    path: "/v1/count",
    title: "Count",
    page: "/count",
    formats: LIST_FORMATS,
    scopes: ["read"],
    cost: "summary",
    isShareable: true,
    hasBadge: false,
    load: async () => {
      loads += 1;
      return count;
    },
  },
];

let engine: TestEngine;
let service: TestService;

beforeAll(async () => {
  engine = await startTestEngine();
  service = await makeTestService(await engine.newTable(), { summaries: KINDS });
  await postFleet(service);
});
afterAll(() => engine.stop());

/** The body of a response of any type. */
async function bodyOf(response: Response | Promise<Response>, status: number): Promise<string> {
  const answered = await response;
  const text = await answered.text();
  expect(answered.status, text.slice(0, 500)).toBe(status);
  return text;
}

test("it is loaded with its first request and not before", async () => {
  await service.send("/v1/compare?baseline=loop&candidate=blktap2");
  expect(loads).toBe(0);
  await service.send("/v1/count");
  expect(loads).toBe(1);
});

describe("its endpoint", () => {
  test("answers in each of its formats, by suffix and by Accept", async () => {
    expect(await jsonOf(service.send("/v1/count?period=all"), 200)).toEqual({ period: "all", backends: 3 });
    expect(readTable(await bodyOf(service.send("/v1/count.csv"), 200))).toMatchObject([{ backends: "3" }]);
    const text = await bodyOf(service.send("/v1/count.txt"), 200);
    expect(text).toContain("Backends in all");
    expect(text).toContain("3 backends have results.");
    expect(await bodyOf(service.send("/v1/count", { headers: { Accept: "text/plain" } }), 200)).toBe(text);
    expect(await bodyOf(service.send("/v1/count.html"), 200)).toContain("<h1>Backends in all</h1>");
    expect(await bodyOf(service.send("/v1/count.md"), 200)).toContain("# Backends in all");
  });

  test("rejects formats that it does not have, parameters that it does not know, and tokens without the scope", async () => {
    expect(await bodyOf(service.send("/v1/count.svg"), 404)).toContain("format .svg is not available here");
    await bodyOf(service.send("/v1/count.png"), 404);
    const { error } = await jsonOf<Refusal>(service.send("/v1/count?baseline=loop"), 400);
    expect(error.message).toContain('unknown parameter "baseline"');
    await jsonOf<Refusal>(service.send("/v1/count", { token: await service.token({ scope: "ingest" }) }), 403);
  });

  test("is in OpenAPI with its parameters and its result, and on AWS", async () => {
    const document = openApiDocument(await buildContract(KINDS));
    const { paths, components } = JSON.parse(JSON.stringify(document));
    const operation = paths["/v1/count"].get;
    expect(operation).toMatchObject({ operationId: "countBackends", "x-formats": LIST_FORMATS });
    expect(operation.parameters.map(({ name }: { name: string }) => name)).toEqual(["period", "width", "theme"]);
    const { schema } = operation.responses["200"].content["application/json"];
    expect(schema).toEqual({ $ref: "#/components/schemas/BackendCount" });
    expect(components.schemas.BackendCount.properties).toHaveProperty("backends");
    const body = paths["/v1/shares"].post.requestBody.content["application/json"].schema;
    expect(body.properties.kind.enum).toContain("count");
    const routed = listRoutes(KINDS).map(({ method, path, to }) => `${method} ${path} ${to}`);
    expect(routed).toEqual(expect.arrayContaining(["GET /v1/count read", "GET /v1/count.csv read", "GET /count read"]));
  });
});

describe("a share of it", () => {
  const made = (frozen: boolean) =>
    jsonOf<MadeShare>(postShare(service, { kind: "count", query: { period: "all" }, frozen }), 201);

  test("is shown in its formats without a token", async () => {
    const { id, urls, snippets } = await made(false);
    expect(urls).toMatchObject({ svg: null, png: null, badge: null });
    expect(snippets.markdown).toContain("[Backends in all]");
    expect(await bodyOf(look(service, `/s/${id}.txt`), 200)).toContain("3 backends have results.");
    expect(await jsonOf(look(service, `/s/${id}.json`), 200)).toMatchObject({ backends: 3 });
    expect((await look(service, `/s/${id}.svg`)).status).toBe(404);
    expect((await look(service, `/s/${id}/badge.svg`)).status).toBe(404);
  });

  test("keeps its bytes when it is frozen, and is rendered from the stored result", async () => {
    const { id } = await made(true);
    const before = await bodyOf(look(service, `/s/${id}.md`), 200);
    const elsewhere = await makeTestService(service.table, { summaries: KINDS });
    expect(await bodyOf(look(elsewhere, `/s/${id}.md`), 200)).toBe(before);
    expect(await bodyOf(look(elsewhere, `/s/${id}.html?theme=dark`), 200)).toContain('<html lang="en" class="dark">');
  });

  test("is in the list of shares, under the title that its query gives", async () => {
    await made(false);
    const page = await bodyOf(service.send("/shares", { headers: { Accept: "text/html" } }), 200);
    expect(page).toMatch(/<h2[^>]*>Backends in all<\/h2>/);
  });

  test("is rejected where the registry does not have the kind", async () => {
    const plain = await makeTestService(service.table);
    const { error } = await jsonOf<Refusal>(postShare(plain, { kind: "count", query: {}, frozen: false }), 400);
    expect(error.message).toContain("kind");
  });
});

describe("its page", () => {
  test("is in the header of every page, errors included", async () => {
    for (const path of ["/matrix", "/shares", "/count"]) {
      const page = await bodyOf(service.send(path, { headers: { Accept: "text/html" } }), 200);
      expect(page, path).toMatch(/<a href="\/count"[^>]*>Count<\/a>/);
    }
    const missing = await bodyOf(service.send("/hosts/nobody", { headers: { Accept: "text/html" } }), 404);
    expect(missing).toMatch(/<a href="\/count"[^>]*>Count<\/a>/);
    const plain = await makeTestService(service.table);
    expect(await bodyOf(plain.send("/matrix"), 200)).not.toContain("/count");
  });

  test("shows the result for the query of its URL, its formats and the form of a share", async () => {
    const page = await bodyOf(service.send("/count?period=2026", { headers: { Accept: "text/html" } }), 200);
    expect(page).toContain("<title>Backends in 2026 · vbdstat</title>");
    expect(page).toContain('href="/v1/count.csv?period=2026"');
    expect(page).toContain('<input type="hidden" name="kind" value="count"');
    expect((await service.send("/count?period=never", { headers: { Accept: "text/html" } })).status).toBe(400);
  });
});
