// Comments and pages send their readers to pages of this repository: each of these places exists.

import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { brokenLinks, type UnresolvedCitation, unresolvedCitations } from "../../scripts/citations.ts";

const listed = (found: readonly UnresolvedCitation[]) => found.map(({ file, line, text }) => `${file}:${line} ${text}`);

test("every citation in a comment resolves", () => {
  expect(listed(unresolvedCitations())).toEqual([]);
});

test("every link between pages leads to a file and a heading that exist", () => {
  expect(listed(brokenLinks())).toEqual([]);
});

test("every file and folder that a page names in code exists", () => {
  const inDocs = readdirSync("docs", { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".md"));
  const pages = ["CONTRIBUTING.md", "SECURITY.md", ...inDocs.map((name) => `docs/${name}`)];
  const named = pages.flatMap((page) =>
    [...readFileSync(page, "utf8").matchAll(/`((?:test|shared|functions|local|infra|scripts|agent)\/[\w./-]+)`/g)].map(
      ([, path = ""]) => ({ page, path }),
    ),
  );
  expect(named.length).toBeGreaterThan(100);
  expect(named.filter(({ path }) => !existsSync(path))).toEqual([]);
});

test("a link to a file or a heading that does not exist is found", () => {
  const root = mkdtempSync(join(tmpdir(), "vbdstat-links-"));
  onTestFinished(() => rmSync(root, { recursive: true }));
  for (const page of ["CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md"]) writeFileSync(join(root, page), "# Page\n");
  for (const folder of ["agent", "docs"]) mkdirSync(join(root, folder));
  writeFileSync(join(root, "agent/README.md"), "[up](../README.md#use-it), [gone](gone.md)\n");
  writeFileSync(join(root, "docs/api.md"), "[here](#no-heading), [out](https://example.org/x)\n");
  writeFileSync(join(root, "README.md"), "## Use it\n\n[api](docs/api.md) and [agent](agent/)\n");
  expect(listed(brokenLinks(root))).toEqual(["agent/README.md:1 ](gone.md)", "docs/api.md:1 ](#no-heading)"]);
});

describe("a citation is found, or missed, by its form", () => {
  const METHOD = "# Method\n\n## 3. Cells\n\n### 3.1 Bins\n\n## 4. Median\n";
  const API = "# HTTP interface\n\n## Post results\n\n```sh\n# no heading\n```\n";

  function found(source: string, path = "shared/a.ts"): string[] {
    const root = mkdtempSync(join(tmpdir(), "vbdstat-citations-"));
    onTestFinished(() => rmSync(root, { recursive: true }));
    const folders = ["shared", "functions", "local", "agent", "scripts", "infra", "test", "docs/reference"];
    for (const folder of folders) mkdirSync(join(root, folder), { recursive: true });
    writeFileSync(join(root, "docs/reference/statistics.md"), METHOD);
    writeFileSync(join(root, "docs/api.md"), API);
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), source);
    return listed(unresolvedCitations(root));
  }

  test.each([
    "// The median (statistics.md, section 4).",
    "// The median (docs/reference/statistics.md, section 3.1).",
    "/** Cells: statistics.md, sections 3, 3.1 and 4. */",
    "// Cells, see statistics.md, sections 3 to 4, and the rest.",
    "const t = 1; // ticks (statistics.md, section 3)",
    "/**\n * A median, by statistics.md,\n * section 4.\n */",
    "// Posted (docs/api.md#post-results), as in docs/api.md.",
    "// The filter byte (PNG specification, section 9), fields (RFC 4180, section 2).",
    'const words = "section 12 of nothing";',
  ])("resolved: %s", (source) => {
    expect(found(source)).toEqual([]);
  });

  test.each([
    ["// ok\n// as in section 4", "shared/a.ts:2 section 4"],
    ["// statistics section 4", "shared/a.ts:1 section 4"],
    ["// statistics.md, section 4.2", "shared/a.ts:1 statistics.md, section 4.2"],
    ["// statistics.md, sections 3 and 5", "shared/a.ts:1 statistics.md, section 5"],
    ["// unknown.md, section 4", "shared/a.ts:1 unknown.md, section 4"],
    ["\n/** A\n * share (contract, Shares). */", "shared/a.ts:3 (contract, Shares)"],
    ["// text (statistics.md, section 3; contract, Reading)", "shared/a.ts:1 ; contract, Reading)"],
    ["// kept (docs/decisions, shares)", "shared/a.ts:1 (docs/decisions, shares)"],
    ["// docs/gone.md says more", "shared/a.ts:1 docs/gone.md"],
    ["// docs/api.md#no-heading", "shared/a.ts:1 docs/api.md#no-heading"],
  ])("unresolved: %s", (source, place) => {
    expect(found(source)).toContain(place);
  });

  test("comments of shell scripts count too, also without an ending", () => {
    expect(found("#!/bin/sh\nls # section 9\n", "agent/an-agent")).toEqual(["agent/an-agent:2 section 9"]);
  });
});
