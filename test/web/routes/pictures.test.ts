// PNGs: the size that was asked for, two pixels for each px, and something to see on them.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeRasterizer } from "../../../functions/service/rasterizer.ts";
import { rasterizerFiles } from "../../../local/server/render-thread.ts";
import { jsonOf, type Refusal } from "../../support/answer.ts";
import { startTestEngine, type TestEngine } from "../../support/engine.ts";
import { BLKTAP } from "../../support/fixtures.ts";
import { readPng } from "../../support/png.ts";
import { makeTestService, type TestService } from "../../support/service.ts";
import { bytesOf, earlierShare, look, postFleet, postMore, share } from "./shared-fleet.ts";

let engine: TestEngine;
let service: TestService;

beforeAll(async () => {
  engine = await startTestEngine();
  service = await makeTestService(await engine.newTable());
  await postFleet(service);
});
afterAll(() => engine.stop());

const picture = async (path: string) => {
  const answer = await service.send(path);
  expect(answer.status).toBe(200);
  expect(answer.headers.get("Content-Type")).toBe("image/png");
  expect(answer.headers.get("Cache-Control")).toBe("no-store");
  return readPng(await bytesOf(answer));
};
const heightOf = (svg: string): number => Number(/ height="(\d+)"/.exec(svg)?.[1]);

test.each([
  ["/v1/compare", "baseline=loop&candidate=blktap2"],
  ["/v1/matrix", "metric=put_block"],
  ["/v1/trend", "backend=loop&metric=put_block"],
])("%s.png is the SVG with two pixels for each px", async (path, query) => {
  for (const width of [320, 720]) {
    const png = await picture(`${path}.png?${query}&width=${width}`);
    const svg = await (await service.send(`${path}.svg?${query}&width=${width}`)).text();
    expect([png.width, png.height]).toEqual([2 * width, 2 * heightOf(svg)]);
    // Letters have soft edges: many shades between ink and paper. Without fonts there would be a few colours.
    expect(png.colours()).toBeGreaterThan(50);
  }
});

test("the ground is light unless dark is asked for, for pixels do not follow a reader's system", async () => {
  const ground = async (theme: string) =>
    (await picture(`/v1/compare.png?baseline=loop&candidate=blktap2&theme=${theme}`)).at(3, 3);
  expect(await ground("auto")).toBe("#ffffff");
  expect(await ground("light")).toBe("#ffffff");
  expect(Number.parseInt((await ground("dark")).slice(1, 3), 16)).toBeLessThan(0x40);
});

test("text is painted with the bundled font: the words of a title take as many pixels as in the layout", async () => {
  const { urls } = await share(service, { title: "W".repeat(20) });
  const png = readPng(await bytesOf(look(service, `${urls.png}?width=720`)));
  // The title stands at 18 px from 20 px on; 20 bold W of 1.1 em are about 400 px wide, a narrow fallback would end sooner.
  const rows = Array.from({ length: 40 }, (_, y) => y + 40);
  const inked = (x: number) => rows.some((y) => png.at(x, y) !== "#ffffff");
  expect(Array.from({ length: 600 }, (_, x) => 40 + x).filter(inked).length).toBeGreaterThan(400);
  expect(inked(1_300)).toBe(false);
});

test("characters that the font does not have, or that SVG forbids, do not stop the picture", async () => {
  for (const title of ["漢字 🐧 مرحبا", "\ud800\u0007"]) {
    const { urls } = await earlierShare(service, title);
    expect(readPng(await bytesOf(look(service, urls.png ?? ""))).colours()).toBeGreaterThan(50);
  }
});

test("a live share's picture changes with its numbers", async () => {
  const { urls } = await share(service);
  const get = async () => (await bytesOf(look(service, urls.png ?? ""))).toString("base64");
  const first = await get();
  expect((await get()) === first).toBe(true);
  await postMore(service, 20);
  expect((await get()) === first).toBe(false);
});

describe("the painter", () => {
  const square = (colour: string) =>
    `<svg xmlns="http://www.w3.org/2000/svg" width="4" height="4"><rect width="4" height="4" fill="${colour}"/></svg>`;

  test("paints a picture once, however many ask for it, and remembers the last few", async () => {
    let painted = 0;
    const paint = makeRasterizer(() => {
      painted += 1;
      return rasterizerFiles();
    });
    const red = await Promise.all(Array.from({ length: 5 }, () => paint(square("#ff0000"))));
    expect(painted).toBe(1);
    expect(readPng(Buffer.from(red[4] ?? [])).at(7, 7)).toBe("#ff0000");
    for (let shade = 0; shade < 16; shade += 1) await paint(square(`#0000${shade.toString(16).padStart(2, "0")}`));
    await paint(square("#ff0000"));
    expect(painted).toBe(18);
  });

  test("tries again after a fault: a file that could not be read must not spoil the process", async () => {
    let isThere = false;
    const missing = [new URL("file:///no/such/font.ttf")];
    const paint = makeRasterizer(() => (isThere ? rasterizerFiles() : { ...rasterizerFiles(), fonts: missing }));
    await expect(paint(square("#00ff00"))).rejects.toThrow(/ENOENT/);
    isThere = true;
    expect(readPng(Buffer.from(await paint(square("#00ff00")))).at(0, 0)).toBe("#00ff00");
  });
});

test("refusals are those of the other formats", async () => {
  const refused = (path: string, status: number, token = service.admin) =>
    jsonOf<Refusal>(service.send(path, { token }), status);
  expect((await refused("/v1/compare.png?baseline=loop", 400)).error.message).toContain("candidate");
  expect((await refused("/v1/trend.png?backend=loop&metric=putc&height=3", 400)).error.message).toContain("height");
  await refused("/v1/matrix.png", 403, await service.token({ scope: "ingest" }));
  expect((await service.send("/v1/matrix.png", { token: null })).status).toBe(401);
  await refused("/v1/status.png", 404);
  await refused("/v1/hosts/h1.png", 404);
});

test("a host whose name ends like a picture is found by its name", async () => {
  await service.post(BLKTAP, "?backend=loop&host=web.png");
  await service.aggregate();
  expect((await service.send("/v1/hosts/web.png")).status).toBe(200);
});
