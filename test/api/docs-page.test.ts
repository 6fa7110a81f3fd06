// GET /docs: whoever follows the `docs` link of an error must land on its explanation, on a page that can do no harm.

import { createHash } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import { addDocsRoutes, renderDocsPage } from "../../functions/web/docs/page.tsx";
import { makeHttpApp } from "../../functions/web/http/app.ts";
import { CONTRACT } from "../../shared/api/contract.ts";
import { newToken } from "../../shared/api/token-requests.ts";
import { ERROR_STATUS } from "../../shared/errors.ts";
import { FLAG_DESCRIPTIONS, REASON_DESCRIPTIONS, VERDICT_DESCRIPTIONS } from "../../shared/report/glossary.ts";
import { listAliases } from "../../shared/run/aliases.ts";
import { BACKENDS } from "../../shared/run/backends.ts";
import { FACTS } from "../../shared/run/facts.ts";
import { METRIC_NAMES } from "../../shared/run/metrics.ts";

let answer: Response;
let page: string;

beforeAll(async () => {
  const log = { request: () => undefined, error: () => undefined };
  const app = makeHttpApp({ clock: () => 0, log });
  addDocsRoutes(app);
  answer = await app.request("http://vbdstat.test/docs");
  page = await answer.text();
});

describe("the page", () => {
  test("has an anchor for every error code, because every error links to it", () => {
    for (const code of Object.keys(ERROR_STATUS)) expect(page).toContain(`<tr id="${code}">`);
  });

  test("names every endpoint, fact, backend, alias, metric, verdict, reason and flag", () => {
    const words = [
      ...CONTRACT.map(({ method, path }) => `${method.toUpperCase()} ${path}`),
      ...FACTS.map(({ key }) => key),
      ...BACKENDS,
      ...METRIC_NAMES,
      ...[VERDICT_DESCRIPTIONS, REASON_DESCRIPTIONS, FLAG_DESCRIPTIONS].flatMap((words) => Object.keys(words)),
    ];
    for (const word of words) expect(page).toContain(`<code>${word}</code>`);
    for (const key of Object.keys(newToken.shape)) expect(page).toContain(`<code>${key}</code>`);
    for (const { word } of BACKENDS.flatMap(listAliases)) expect(page).toContain(word);
  });

  test("has no two elements with one id, and no link within it that leads nowhere", () => {
    const ids = [...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const targets = [...page.matchAll(/href="#([^"]+)"/g)].map(([, target]) => target);
    expect(targets.filter((target) => !ids.includes(target))).toEqual([]);
  });

  test("holds no script and allows none, and its style is the one that the policy names", () => {
    expect(page).not.toMatch(/<script|javascript:|\son\w+=/i);
    const style = /<style>([\s\S]*?)<\/style>/.exec(page)?.[1] ?? "";
    const hash = createHash("sha256").update(style).digest("base64");
    const policy = answer.headers.get("Content-Security-Policy") ?? "";
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain(`style-src 'sha256-${hash}'`);
    expect(policy).not.toContain("unsafe");
  });

  test("is HTML in English with a title, and balanced", () => {
    expect(answer.headers.get("Content-Type")).toBe("text/html; charset=UTF-8");
    expect(page).toMatch(/^<!doctype html>\n<html lang="en">/);
    for (const tag of ["table", "section", "tr", "td", "th", "code", "p"]) {
      const opened = page.match(new RegExp(`<${tag}[ >]`, "g"))?.length;
      expect(page.match(new RegExp(`</${tag}>`, "g"))?.length, tag).toBe(opened);
    }
  });
});

test("text of the contract is escaped", () => {
  const operation = {
    summary: "<script>alert(1)</script>",
    security: [],
    "x-errors": [],
    "x-formats": [],
  };
  const shown = renderDocsPage({
    info: { version: "<b>", description: "`<i>`" },
    paths: { "/<p>": { get: operation } },
  });
  expect(shown).not.toMatch(/<script>|<b>|<i>|\/<p>/);
  expect(shown).toContain("&lt;script&gt;");
});
