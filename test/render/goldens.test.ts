// Every text format of every kind of summary, kept for people to open. A chart inside a page is left to the goldens of
// charts.

import { expect, test } from "vitest";
import { DEFAULT_RENDER_OPTIONS } from "../../shared/report/model.ts";
import type { TextFormat } from "../../shared/summaries/formats.ts";
import { expectGolden } from "../support/golden.ts";
import { rendered, type Summary } from "../support/kinds.ts";
import { COMPARISONS, OTHERS } from "../support/summaries.ts";

const FORMATS = ["json", "csv", "txt", "md", "html"] as const satisfies readonly TextFormat[];

/** A page without its chart, a line for each element, so that a difference is small. */
const shownPage = (page: string) =>
  page.replace(/<figure>[\s\S]*?<\/figure>/, "<figure></figure>").replaceAll("><", ">\n<");

function check(name: string, summary: Summary): void {
  for (const format of FORMATS) {
    const text = rendered(format, summary, DEFAULT_RENDER_OPTIONS);
    expect(rendered(format, summary, DEFAULT_RENDER_OPTIONS), "the same summary gives other bytes").toBe(text);
    expectGolden(`${name}.${format}`, format === "html" ? shownPage(text) : text);
  }
}

test.each(Object.entries(COMPARISONS))("a comparison, %s, looks as it did", (name, summaryOf) => {
  check(`compare-${name}`, summaryOf());
});

test.each(Object.entries(OTHERS))("%s looks as it did", (name, summaryOf) => {
  check(name, summaryOf());
});
