// Formats never disagree: whoever reads the page, the text or the Markdown sees the numbers of the JSON.

import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { rendered } from "../../shared/render/rendered.ts";
import { reportOf } from "../../shared/report/report-of.ts";
import { significant } from "../../shared/report/significant.ts";
import { DEFAULT_LOOK, type Summary } from "../../shared/report/summary.ts";
import { fleetRuns, summariesOf } from "../support/generated-fleet.ts";
import { readHtml } from "../support/html.ts";
import { markdownRows, markdownText } from "../support/markdown.ts";
import { COMPARISONS, OTHERS } from "../support/summaries.ts";

const FIXED = [...Object.entries(COMPARISONS), ...Object.entries(OTHERS)];

/** Every number in an answer, wherever it stands. */
function numbersIn(value: unknown): number[] {
  if (typeof value === "number") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(numbersIn) : [];
}

/** What a number may look like to people. */
const formsOf = (number: number): string[] => [
  significant(number, 1),
  significant(number, 3),
  significant(number * 100, 2),
];

/** The numbers that a cell shows: words, units and names fall away. */
const shownIn = (cell: string): string[] => cell.match(/(?<![\w.:-])\d+(?: \d{3})*(?:\.\d+)?(?![\w:-])/g) ?? [];

/** Columns whose cells are names and not numbers. */
const NAMES = [
  "metric",
  "host",
  "period",
  "strata",
  "id",
  "finished",
  "fact",
  "value",
  "cohort",
  "kind",
  "score",
  "stratum",
];

function expectShown(summary: Summary): void {
  const allowed = new Set([...numbersIn(summary.answer).flatMap(formsOf), "0.001"]);
  for (const { table } of reportOf(summary, DEFAULT_LOOK).sections) {
    for (const row of table?.rows ?? []) {
      row.forEach(({ text }, index) => {
        if (NAMES.includes(table?.columns[index]?.key ?? "")) return;
        for (const shown of shownIn(text)) expect(allowed, `${table?.columns[index]?.key}: ${text}`).toContain(shown);
      });
    }
  }
}

function expectSameCells(summary: Summary): void {
  const { sections } = reportOf(summary, DEFAULT_LOOK);
  const rows = sections.flatMap(({ table }) =>
    table === null || table.rows.length === 0
      ? []
      : [table.columns.map(({ head }) => head), ...table.rows.map((row) => row.map(({ text }) => text))],
  );
  const cells = rows.flat();
  const inPage = readHtml(rendered("html", summary, DEFAULT_LOOK)).filter(({ name }) => /^t[hd]$/.test(name));
  expect(inPage.map(({ text }) => text)).toEqual(cells);
  const inMarkdown = markdownRows(rendered("md", summary, DEFAULT_LOOK));
  expect(inMarkdown.flat().map(markdownText)).toEqual(cells);
  const text = rendered("txt", summary, DEFAULT_LOOK).replaceAll(/\s/g, "");
  for (const row of rows) expect(text).toContain(row.join("").replaceAll(/\s/g, ""));
}

describe("what people see", () => {
  test.each(FIXED)("%s: every number in a table is one of the JSON, to its significant digits", (_, summaryOf) => {
    expectShown(summaryOf());
  });

  test.each(FIXED)("%s: the page, the Markdown and the text have the same cells", (_, summaryOf) => {
    expectSameCells(summaryOf());
  });

  test("the same for any fleet", () => {
    fc.assert(
      fc.property(fleetRuns, (runs) => {
        for (const summary of summariesOf(runs)) {
          expectShown(summary);
          expectSameCells(summary);
        }
      }),
      { numRuns: 12 },
    );
  });
});
