// Every format of every summary over HTTP: what a browser, a shell, a spreadsheet and a wiki get, and how it may be used.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { jsonOf, type Refusal } from "../../support/answer.ts";
import { readCsv } from "../../support/csv.ts";
import { startTestEngine, type TestEngine } from "../../support/engine.ts";
import { BLKTAP, LOOP } from "../../support/fixtures.ts";
import { readHtml } from "../../support/html.ts";
import { makeTestService, type TestService } from "../../support/service.ts";

let engine: TestEngine;
let service: TestService;
let id = "";

beforeAll(async () => {
  engine = await startTestEngine();
  service = await makeTestService(await engine.newTable());
  const lines = ["# host: a", "# backend: loop", LOOP, "# backend: phy", BLKTAP, "# host: b", "# backend: loop", LOOP];
  expect((await service.post(lines.join("\n"), "")).status).toBe(201);
  await service.aggregate();
  const { runs } = await jsonOf<{ runs: { id: string }[] }>(service.send("/v1/runs?host=b"), 200);
  id = runs[0]?.id ?? "";
});
afterAll(() => engine.stop());

const PAIR = "baseline=loop&candidate=phy";

/** Path and query of each summary, and whether it has a chart. */
const SUMMARIES: readonly (readonly [name: string, path: () => string, query: string, hasChart: boolean])[] = [
  ["compare", () => "/v1/compare", PAIR, true],
  ["matrix", () => "/v1/matrix", "", true],
  ["trend", () => "/v1/trend", "backend=loop&metric=put_block", true],
  ["backends", () => "/v1/backends", "", false],
  ["hosts", () => "/v1/hosts", "", false],
  ["a host", () => "/v1/hosts/a", "", true],
  ["runs", () => "/v1/runs", "", false],
  ["a run", () => `/v1/runs/${id}`, "", false],
];

const TYPES = {
  json: "application/json",
  csv: "text/csv; charset=utf-8; header=present",
  txt: "text/plain; charset=utf-8",
  md: "text/markdown; charset=utf-8",
  html: "text/html; charset=utf-8",
  svg: "image/svg+xml; charset=utf-8",
} as const;

describe.each(SUMMARIES)("%s", (name, path, query, hasChart) => {
  const formats = Object.keys(TYPES).filter((format) => format !== "svg" || hasChart);

  test.each(formats)("200: as .%s, and the same by Accept", async (format) => {
    const type = new Map(Object.entries(TYPES)).get(format) ?? "";
    const bySuffix = await service.send(`${path()}.${format}?${query}`);
    const body = await bySuffix.text();
    expect(bySuffix.status, body.slice(0, 500)).toBe(200);
    // The raw line of a run has the type of its own encoding.
    if (name !== "a run" || format !== "txt") expect(bySuffix.headers.get("Content-Type")).toBe(type);
    expect(bySuffix.headers.get("X-Content-Type-Options")).toBe("nosniff");
    const byAccept = await service.send(`${path()}?${query}`, { headers: { Accept: type.split(";")[0] ?? "" } });
    expect(await byAccept.text()).toBe(body);
  });

  test("a page is well-formed, names itself, runs nothing and may load nothing", async () => {
    const answer = await service.send(`${path()}.html?${query}`);
    const elements = readHtml(await answer.text());
    const names = new Set(elements.map((element) => element.name));
    for (const needed of ["html", "title", "main", "h1"]) expect(names).toContain(needed);
    for (const never of ["script", "iframe", "link", "img", "form"]) expect(names).not.toContain(never);
    expect(
      elements.flatMap(({ attributes }) => attributes).filter((key) => /^(on.|style$|src$|href$)/.test(key)),
    ).toEqual([]);
    const policy = answer.headers.get("Content-Security-Policy") ?? "";
    expect(policy).toMatch(/^default-src 'none'; style-src 'sha256-[^']+'; img-src data:; /);
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain("unsafe");
  });

  test("width and theme are taken, and change no number", async () => {
    const plain = await service.send(`${path()}.json?${query}`);
    const looked = await service.send(`${path()}.json?${query}&width=480&theme=dark`);
    expect(await looked.text()).toBe(await plain.text());
    const dark = await service.send(`${path()}.html?${query}&theme=dark`);
    expect(await dark.text()).toContain('<html lang="en" class="dark">');
  });

  test.each(["width=319", "width=1601", "width=wide", "theme=pink", "theme=dark&theme=light"])(
    "400: %s",
    async (look) => {
      const { error } = await jsonOf<Refusal>(service.send(`${path()}?${query}&${look}`), 400);
      expect(error.code).toBe("bad_parameter");
      expect(error.message).toContain(look.split("=")[0]);
    },
  );
});

describe("pages of a list", () => {
  test.each(["json", "csv", "txt", "md", "html"])(
    "hosts.%s: Link leads to the next page, and the last has none",
    async (format) => {
      const first = await service.send(`/v1/hosts.${format}?limit=1`);
      const next = /^<(\/v1\/hosts\.\w+\?limit=1&cursor=[^>]+)>; rel="next"$/.exec(
        first.headers.get("Link") ?? "",
      )?.[1];
      expect(next).toBeDefined();
      const last = await service.send(next ?? "");
      expect(last.headers.get("Link")).toBeNull();
      const [one, two] = [await first.text(), await last.text()];
      expect(one).not.toBe(two);
      if (format === "csv")
        expect([...readCsv(one).slice(1), ...readCsv(two).slice(1)].map(([host]) => host)).toEqual(["a", "b"]);
    },
  );
});

test("a browser gets a page, curl gets JSON", async () => {
  const accept = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8";
  const page = await service.send(`/v1/compare?${PAIR}`, { headers: { Accept: accept } });
  expect(page.headers.get("Content-Type")).toBe(TYPES.html);
  const data = await service.send(`/v1/compare?${PAIR}`, { headers: { Accept: "*/*" } });
  expect(data.headers.get("Content-Type")).toBe(TYPES.json);
});

test.each(["compare?baseline=loop&candidate=blktap2", "matrix", "trend?backend=loop&metric=put_block"])(
  "307: who takes a PNG alone is led to where /v1/%s is painted, and a browser's img to the SVG",
  async (path) => {
    const [name, search] = path.split("?");
    const answer = await service.send(`/v1/${path}`, { headers: { Accept: "image/png" }, redirect: "manual" });
    expect(answer.status).toBe(307);
    expect(answer.headers.get("Location")).toBe(`/v1/${name}.png${search === undefined ? "" : `?${search}`}`);
    const image = { Accept: "image/avif,image/webp,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5" };
    expect((await service.send(`/v1/${path}`, { headers: image })).status).not.toBe(307);
  },
);
