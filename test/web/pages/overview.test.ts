// The overview in each of its states: nothing sent, nothing to compare, one host, a fleet, a question that is none.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { METRIC_NAMES } from "../../../shared/run/metrics.ts";
import { startTestEngine, type TestEngine } from "../../support/engine.ts";
import { BLKTAP, LOOP } from "../../support/fixtures.ts";
import { readHtml } from "../../support/html.ts";
import { makeTestService, type TestService } from "../../support/service.ts";
import { pageOf, visitor } from "./visitor.ts";

let engine: TestEngine;

beforeAll(async () => {
  engine = await startTestEngine();
});
afterAll(() => engine.stop());

const overviewOf = (service: TestService, query = "", status = 200) =>
  pageOf(visitor(service, service.admin).visit(`/${query}`), status);

/** The options of a choice that are chosen, and the boxes that are ticked. */
const chosen = (page: string, name: string): string[] =>
  [
    ...(new RegExp(`<select[^>]* name="${name}"[^>]*>(.*?)</select>`).exec(page)?.[1] ?? "").matchAll(
      /<option value="([^"]*)" selected="">/g,
    ),
    ...page.matchAll(new RegExp(`<input type="checkbox" name="${name}" value="([^"]*)" checked=""/>`, "g")),
  ].map(([, value = ""]) => value);

test("an empty fleet is told how to send its first result, to the address it was reached by", async () => {
  const service = await makeTestService(await engine.newTable());
  const page = await overviewOf(service);
  expect(page).toContain("<h1>No results yet</h1>");
  const commands = readHtml(page)
    .filter(({ name }) => name === "pre")
    .map(({ text }) => text);
  expect(commands).toEqual([
    `ssh vm101 bonnie++ -d /var/tmp -u nobody -q |
  curl -sS --data-binary @- -H 'Authorization: Bearer TOKEN' \\
    'http://vbdstat.test/v1/results?backend=loop&host='"$(hostname)"`,
    expect.stringContaining("backend=blktap2"),
  ]);
  expect(page).not.toContain(service.admin);
});

test("behind another name it tells that one", async () => {
  const service = await makeTestService(await engine.newTable(), { publicUrl: "https://bench.example.org" });
  expect(await overviewOf(service)).toContain("&#39;https://bench.example.org/v1/results?backend=loop");
});

test("results that have arrived and are not counted yet are not called missing", async () => {
  const service = await makeTestService(await engine.newTable());
  await service.post(LOOP, "?backend=loop");
  expect(await overviewOf(service)).toContain("Results are being counted");
});

test("hosts with one backend each: what is missing to compare, and where to see what there is", async () => {
  const service = await makeTestService(await engine.newTable());
  await service.post(LOOP, "?backend=loop&host=a");
  await service.post(BLKTAP, "?backend=phy&host=b");
  await service.aggregate();
  const page = await overviewOf(service);
  expect(page).toContain("no host has measured two backends");
  expect(page).toContain('<a href="/hosts">');
  // Asked for all the same, the pair is answered: nobody has both.
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

  test("is shown without a question, the simpler backend being the baseline", () => {
    expect([chosen(page, "baseline"), chosen(page, "candidate")]).toEqual([["loop"], ["blktap1"]]);
    expect(page).toContain("<h1>blktap1 against loop</h1>");
  });

  test("says first that one host is no verdict", () => {
    const [note] = readHtml(page).filter(({ name, attributes }) => name === "li" && attributes.includes("class"));
    expect(note?.text).toMatch(/^This is one host: its ratios are right for it and say nothing about others/);
  });

  test("has a row for each metric with its verdict, ratio, and what stands behind it", () => {
    const elements = readHtml(page);
    const table = page.slice(page.indexOf('<table class="verdicts">'), page.indexOf("</table>"));
    expect([...table.matchAll(/<th scope="row">.*?<code>(\w+)<\/code>/g)].map(([, name]) => name)).toEqual([
      ...METRIC_NAMES,
    ]);
    expect(table).toContain("2.72×");
    expect(table).toContain("≤ 0.903×");
    expect(table).toContain("not comparable");
    expect(elements.filter(({ name }) => name === "dt").map(({ text }) => text)).toContain("What would change it");
    expect(table).toContain("At least 9 hosts that all agree, 8 more than now");
  });

  test("says each thing once: no sentence of the table again below it", () => {
    const sentence = "On the one host measured with both, blktap1 wrote characters 2.72 times as fast as loop";
    // Twice in the descriptions of the wide and the narrow chart, which nobody reads both, and once in the table.
    expect(page.split(sentence)).toHaveLength(4);
    expect(page).not.toContain("<h2>In words</h2>");
    expect(page).toContain("<h2>What to mind</h2>");
  });

  test("the question is in the form again, with the attributes that hosts have", async () => {
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

  test("what leads elsewhere carries the question: formats, the other way round, the share", async () => {
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
])("%s: 400 in words, beside the form as it was", async (query, words) => {
  const service = await makeTestService(await engine.newTable());
  const page = await overviewOf(service, query, 400);
  expect(page).toContain(words);
  expect(page).toContain('role="alert"');
  expect(page).toContain('<form method="get" action="/"');
});
