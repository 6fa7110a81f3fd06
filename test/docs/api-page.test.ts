// docs/api.md against the code: whoever looks up an error, a fact or an endpoint there must find the one of today.

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { withTables } from "../../scripts/openapi.ts";
import { CONTRACT } from "../../shared/api/contract.ts";
import { ERROR_STATUS } from "../../shared/errors.ts";
import { FACTS } from "../../shared/run/facts.ts";
import { METRIC_NAMES } from "../../shared/run/metrics.ts";

const page = readFileSync(new URL("../../docs/api.md", import.meta.url), "utf8");

test("its tables are those that `npm run openapi` makes", () => {
  expect(page).toBe(withTables(page));
});

test("each error code has a section with its status", () => {
  for (const [code, status] of Object.entries(ERROR_STATUS))
    expect(page).toContain(`\n### ${code}\n\nStatus ${status}. `);
});

test("every endpoint, fact and metric is named", () => {
  for (const { method, path } of CONTRACT) expect(page).toContain(`\`${method.toUpperCase()} ${path}\``);
  for (const word of [...FACTS.map(({ key }) => key), ...METRIC_NAMES]) expect(page).toContain(`| \`${word}\` |`);
});

test("links within the page and to other files lead somewhere", () => {
  const headings = [...page.matchAll(/^#+ (.+)$/gm)].map(([, text = ""]) => text.toLowerCase().replaceAll(" ", "-"));
  const links = [...page.matchAll(/\]\(([^)]+)\)/g)].map(([, target = ""]) => target);
  for (const target of links) {
    if (target.startsWith("#")) expect(headings).toContain(target.slice(1));
    else expect(() => readFileSync(new URL(`../../docs/${target}`, import.meta.url)), target).not.toThrow();
  }
});

test("lost markers are reported instead of leaving old tables in the page", () => {
  expect(() => withTables(page.replace("<!-- facts -->", ""))).toThrow("<!-- facts -->");
});
