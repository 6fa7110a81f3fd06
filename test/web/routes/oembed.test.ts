// oEmbed: an editor that is given the address of a share can put the share in its place.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { oembed } from "../../../shared/api/shares.ts";
import { jsonOf, type Refusal } from "../../support/answer.ts";
import { startTestEngine, type TestEngine } from "../../support/engine.ts";
import { makeTestService, type TestService } from "../../support/service.ts";
import { look, type MadeShare, postFleet, share } from "./shared-fleet.ts";

let engine: TestEngine;
let service: TestService;
let made: MadeShare;

beforeAll(async () => {
  engine = await startTestEngine();
  service = await makeTestService(await engine.newTable());
  await postFleet(service);
  made = await share(service, { frozen: true, title: 'Loop & "tap"' });
});
afterAll(() => engine.stop());

const about = (url: string, further = "") => look(service, `/oembed?url=${encodeURIComponent(url)}${further}`);

interface Rich {
  readonly html: string;
  readonly width: number;
  readonly height: number;
}

test("200: a frame with the page of the share, as oEmbed 1.0 has it", async () => {
  const answer = await about(made.urls.html);
  expect(answer.headers.get("Access-Control-Allow-Origin")).toBe("*");
  const body = await jsonOf<Rich>(answer, 200);
  expect(oembed.safeParse(body).error).toBeUndefined();
  expect(body).toMatchObject({
    version: "1.0",
    type: "rich",
    title: 'Loop & "tap"',
    html: `<iframe src="${made.urls.html}" title="Loop &amp; &quot;tap&quot;" width="720" height="600" loading="lazy"></iframe>`,
  });
});

test("200 for the share in any format, by any name of the host, and for what consumers add", async () => {
  const addresses = [
    `http://vbdstat.test/s/${made.id}`,
    made.urls.png ?? "",
    made.urls.badge ?? "",
    `/s/${made.id}.svg`,
  ];
  for (const address of [...addresses, `https://other.example/s/${made.id}.html?width=400`]) {
    const { html } = await jsonOf<Rich>(about(address, "&format=json&discover=1"), 200);
    expect(html, address).toContain(`src="${made.urls.html}"`);
  }
});

test("200: no larger than the consumer has room for", async () => {
  const rich = (further: string) => jsonOf<Rich>(about(made.urls.html, further), 200);
  expect(await rich("&maxwidth=400&maxheight=300")).toMatchObject({ width: 400, height: 300 });
  expect(await rich("&maxwidth=4000&maxheight=3000")).toMatchObject({ width: 720, height: 600 });
  expect((await rich("&maxwidth=400")).html).toContain('width="400" height="600"');
});

test("a page of a share leads to its oEmbed answer, by its head and by a header", async () => {
  const page = await look(service, made.urls.html);
  const [, fromHeader] =
    /^<([^>]+)>; rel="alternate"; type="application\/json\+oembed"$/.exec(page.headers.get("Link") ?? "") ?? [];
  const [, fromHead] =
    /<link rel="alternate" type="application\/json\+oembed" href="([^"]+)">/.exec(await page.text()) ?? [];
  for (const address of [fromHeader, fromHead?.replaceAll("&amp;", "&")]) {
    const { html } = await jsonOf<Rich>(look(service, address ?? ""), 200);
    expect(html).toContain(made.urls.html);
  }
  // Kept for ever, so it must not hold what somebody sent as Host.
  expect(fromHead).toMatch(/^\/oembed/);
});

describe("refused", () => {
  test.each([
    ["url=https%3A%2F%2Fexample.org%2F", 404, "not_found"],
    [`url=%2Fs%2F${"0".repeat(32)}`, 404, "not_found"],
    ["url=javascript%3Aalert(1)", 404, "not_found"],
    ["", 400, "bad_parameter"],
    ["url=x&maxwidth=wide", 400, "bad_parameter"],
    ["url=x&format=xml", 501, "not_implemented"],
  ])("%s: %i", async (query, status, code) => {
    const answer = await look(service, `/oembed?${query}`);
    expect(answer.headers.get("Access-Control-Allow-Origin")).toBe("*");
    expect((await jsonOf<Refusal>(answer, status)).error.code).toBe(code);
  });
});
