// The overview in each of its states: no results, nothing to compare, one host, a fleet, an invalid query.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { METRIC_NAMES } from "../../../shared/run/metrics.ts";
import { startTestEngine, type TestEngine } from "../../support/engine.ts";
import { BLKTAP, LOOP } from "../../support/fixtures.ts";
import { readHtml } from "../../support/html.ts";
import { makeTestService, type TestService } from "../../support/service.ts";
import { expectPage, visitor } from "./visitor.ts";

let engine: TestEngine;

beforeAll(async () => {
  engine = await startTestEngine();
});
afterAll(() => engine.stop());

const overviewOf = (service: TestService, query = "", status = 200) =>
  expectPage(visitor(service, service.admin).visit(`/${query}`), status);

/** The options of a choice that are chosen, and the boxes that are ticked. */
const chosen = (page: string, name: string): string[] =>
  [
    ...(new RegExp(`<select[^>]* name="${name}"[^>]*>(.*?)</select>`).exec(page)?.[1] ?? "").matchAll(
      /<option value="([^"]*)" selected="">/g,
    ),
    ...page.matchAll(new RegExp(`<input type="checkbox" name="${name}" value="([^"]*)" checked=""/>`, "g")),
  ].map(([, value = ""]) => value);

test("an empty fleet shows how to send the first result, to the URL that the page was requested by", async () => {
  const service = await makeTestService(await engine.newTable());
  const page = await overviewOf(service);
  expect(page).toContain("<h1>No results yet</h1>");
  const commands = readHtml(page)
    .filter(({ name }) => name === "pre")
    .map(({ text }) => text);
  expect(commands).toEqual([
    `f=vm101-loop-$(date +%s).csv
ssh root@vm101 bonnie++ -u nobody -d /srv -q >"$f" &&
  curl -fsS --retry 5 -H "Authorization: Bearer TOKEN" --data-binary "@$f" \\
    "http://vbdstat.test/v1/results?backend=loop&host=$(uname -n)" &&
  rm "$f"`,
    expect.stringContaining("backend=qdisk"),
  ]);
  // What leads on: the guide, which is on a page of the service.
  expect(page).toContain('<a href="/docs#measuring">');
  expect(await (await service.send("/docs")).text()).toContain('<section id="measuring">');
  expect(page).not.toContain(service.admin);
});

test("with a public URL the commands have that URL", async () => {
  const service = await makeTestService(await engine.newTable(), { publicUrl: "https://bench.example.org" });
  expect(await overviewOf(service)).toContain("&quot;https://bench.example.org/v1/results?backend=loop");
});

test("results that are still being processed are not called missing", async () => {
  const service = await makeTestService(await engine.newTable());
  await service.post(LOOP, "?backend=loop");
  expect(await overviewOf(service)).toContain("Results are being processed");
});

test("hosts with one backend each: what a comparison needs, and a link to the available results", async () => {
  const service = await makeTestService(await engine.newTable());
  await service.post(LOOP, "?backend=loop&host=a");
  await service.post(BLKTAP, "?backend=phy&host=b");
  await service.aggregate();
  const page = await overviewOf(service);
  expect(page).toContain("no host has been measured on two backends");
  expect(page).toContain('<a href="/hosts">');
  // A query for the pair is answered all the same: no host has both.
  expect(await overviewOf(service, "?baseline=loop&candidate=phy")).toContain("No host has usable results for both");
});

describe("the seed: one host", () => {
  let page = "";
  let service: TestService;
  beforeAll(async () => {
    service = await makeTestService(await engine.newTable());
    await service.post(LOOP, "?backend=loop&site=fra");
    await service.post(BLKTAP, "?backend=blktap1&site=fra");
    await service.aggregate();
    page = await overviewOf(service);
  });

  test("is shown without a query, with the simpler backend as the baseline", () => {
    expect([chosen(page, "baseline"), chosen(page, "candidate")]).toEqual([["loop"], ["blktap1"]]);
    expect(page).toContain("<h1>blktap1 vs loop</h1>");
  });

  test("warns first that there is only one host", () => {
    const [note] = readHtml(page).filter(({ name, attributes }) => name === "li" && attributes.includes("class"));
    expect(note?.text).toMatch(/^Only one host so far: its ratios hold for this host only/);
  });

  test("has a row for each metric with its verdict, ratio and explanation", () => {
    const elements = readHtml(page);
    const table = page.slice(page.indexOf('<table class="verdicts">'), page.indexOf("</table>"));
    expect([...table.matchAll(/<th scope="row">.*?<code>(\w+)<\/code>/g)].map(([, name]) => name)).toEqual([
      ...METRIC_NAMES,
    ]);
    expect(table).toContain("2.72×");
    expect(table).toContain("≤ 0.903×");
    expect(table).toContain("not comparable");
    expect(elements.filter(({ name }) => name === "dt").map(({ text }) => text)).toContain("What would change this");
    expect(table).toContain("At least 9 hosts that all agree, 8 more than now");
  });

  test("says each thing once: no sentence of the table is repeated below it", () => {
    const sentence = "On the one host measured with both, blktap1 wrote characters 2.72 times as fast as loop";
    // Once in the description of the wide chart, once in that of the narrow one, and once in the table.
    expect(page.split(sentence)).toHaveLength(4);
    expect(page).not.toContain("<h2>In words</h2>");
    expect(page).toContain("<h2>Caveats</h2>");
  });

  test("the query is in the form again, with the attributes that hosts have", async () => {
    const query =
      "?baseline=tap&candidate=phy&period=2026-10%2C2026-11&view=all&margin=0.07&metric=putc&metric=seeks&site=fra&site=ams";
    const asked = await overviewOf(service, query);
    expect(chosen(asked, "baseline")).toEqual(["tap"]);
    expect(chosen(asked, "period")).toEqual(["2026-10,2026-11"]);
    expect(chosen(asked, "view")).toEqual(["all"]);
    expect(chosen(asked, "margin")).toEqual(["0.07"]);
    expect(chosen(asked, "metric")).toEqual(["putc", "seeks"]);
    expect(chosen(asked, "site").sort()).toEqual(["ams", "fra"]);
    expect(asked).toContain('<details class="more" open="">');
    expect(page).toContain('<details class="more">');
  });

  test("links carry the query: other formats, swapped backends, the share", async () => {
    const asked = await overviewOf(service, "?baseline=loop&candidate=blktap1&site=fra");
    expect(asked).toContain('href="/v1/compare.csv?baseline=loop&amp;candidate=blktap1&amp;site=fra"');
    expect(asked).toContain('href="/?baseline=blktap1&amp;candidate=loop&amp;site=fra"');
    expect(asked).toContain('name="query" value="baseline=loop&amp;candidate=blktap1&amp;site=fra"');
    for (const [, address = ""] of asked.matchAll(/href="(\/v1\/[^"]+)"/g)) {
      expect((await service.send(address.replaceAll("&amp;", "&"))).status, address).toBe(200);
    }
  });
});

test.each([
  ["?baseline=loop&candidate=loop", "Baseline and candidate are both loop"],
  ["?baseline=floppy&candidate=loop", "found &quot;floppy&quot;"],
  ["?baseline=loop", "Candidate: expected a backend"],
  ["?baseline=loop&candidate=phy&period=yesterday", "Period: expected all"],
  ["?baseline=loop&candidate=phy&sites=fra", "Unknown parameter &quot;sites&quot;"],
  ["?baseline=loop&candidate=phy&baseline=qdisk", "given 2 times"],
])("%s: 400 in words, with the form as it was", async (query, words) => {
  const service = await makeTestService(await engine.newTable());
  const page = await overviewOf(service, query, 400);
  expect(page).toContain(words);
  expect(page).toContain('role="alert"');
  expect(page).toContain('<form method="get" action="/"');
});
