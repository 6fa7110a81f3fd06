// Formats never disagree: a reader of the page, the text or the Markdown sees the numbers of the JSON.

import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ratioRows } from "../../shared/chart/ratio-chart.ts";
import { DEFAULT_RENDER_OPTIONS } from "../../shared/report/model.ts";
import { formatNumber, formatPercent, formatPValue, formatRate, formatRatio } from "../../shared/run/format.ts";
import { fleetRuns, summariesOf } from "../support/generated-fleet.ts";
import { readHtml } from "../support/html.ts";
import { rendered, reportOf, type Summary } from "../support/kinds.ts";
import { markdownRows, markdownText } from "../support/markdown.ts";
import { COMPARISONS, OTHERS } from "../support/summaries.ts";

const FIXED = [...Object.entries(COMPARISONS), ...Object.entries(OTHERS)];

/** Every number in an answer, at any depth. */
function numbersIn(value: unknown): number[] {
  if (typeof value === "number") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(numbersIn) : [];
}

/** The forms in which people may see a number. */
const formsOf = (number: number): string[] => [
  formatNumber(number),
  ...(["nearest", "down", "up"] as const).flatMap((rounding) => [
    formatRate(number, rounding),
    formatRatio(number, rounding),
  ]),
  formatPercent(number).replace(" %", ""),
  formatPValue(number),
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
  const allowed = new Set([...numbersIn(summary.result).flatMap(formsOf), "0.001"]);
  for (const { table } of reportOf(summary, DEFAULT_RENDER_OPTIONS).sections) {
    for (const row of table?.rows ?? []) {
      row.forEach(({ text }, index) => {
        if (NAMES.includes(table?.columns[index]?.key ?? "")) return;
        for (const shown of shownIn(text)) expect(allowed, `${table?.columns[index]?.key}: ${text}`).toContain(shown);
      });
    }
  }
}

function expectSameCells(summary: Summary): void {
  const { sections } = reportOf(summary, DEFAULT_RENDER_OPTIONS);
  const rows = sections.flatMap(({ table }) =>
    table === null || table.rows.length === 0
      ? []
      : [table.columns.map(({ head }) => head), ...table.rows.map((row) => row.map(({ text }) => text))],
  );
  const cells = rows.flat();
  const inPage = readHtml(rendered("html", summary, DEFAULT_RENDER_OPTIONS)).filter(({ name }) => /^t[hd]$/.test(name));
  expect(inPage.map(({ text }) => text)).toEqual(cells);
  const inMarkdown = markdownRows(rendered("md", summary, DEFAULT_RENDER_OPTIONS));
  expect(inMarkdown.flat().map(markdownText)).toEqual(cells);
  const text = rendered("txt", summary, DEFAULT_RENDER_OPTIONS).replaceAll(/\s/g, "");
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

/** Every number in a text. */
const digitsIn = (text: string): string[] => text.match(/\d+(?: \d{3})*(?:\.\d+)?/g) ?? [];

describe("a number has one rounding", () => {
  test.each(Object.entries(COMPARISONS))("%s: in the table, the sentence and the chart", (_, summaryOf) => {
    const summary = summaryOf();
    if (summary.kind !== "compare") throw new Error("these are comparisons");
    const [fleet] = reportOf(summary, DEFAULT_RENDER_OPTIONS).sections;
    const pictured = ratioRows(summary.result, []);
    for (const [name, , ratio, interval] of fleet?.table?.rows ?? []) {
      const row = pictured.find((each) => each.name === name?.text);
      expect(digitsIn(row?.times ?? "")).toEqual(digitsIn(ratio?.text ?? ""));
      expect(digitsIn(row?.interval ?? "")).toEqual(digitsIn(interval?.text ?? ""));
      const { sentence = "" } = row?.metric ?? {};
      const [, times = ""] = / (\S+|between \S+ and \S+) times as fast as/.exec(sentence) ?? [];
      if (times !== "") expect(digitsIn(times)).toEqual(digitsIn(ratio?.text ?? ""));
      const [, limits = ""] = /\(95 % interval ([^)]*)\)/.exec(sentence) ?? [];
      if (limits !== "") expect(digitsIn(limits)).toEqual(digitsIn(interval?.text ?? ""));
    }
  });

  test("a host whose only run printed 25 511 has a median of 25 510, for more is not known of it", () => {
    // 101 469 ticks of 1e-4, which are nearest to ln 25 511.
    const rate = Math.exp(10.1469);
    expect(formatNumber(Math.round(rate))).toBe("25 512");
    const standing = { hosts: 1, below: 0, above: 0 };
    const putc = { low: rate, high: rate, relation: "=", runs: 1, exact_runs: 1, run_sd_log: null, standing } as const;
    const group = { backend: "loop", stratum: "v1/2G/8k/16", runs: 1, cached: [] } as const;
    const summary: Summary = {
      kind: "host",
      result: {
        host: "dom0-1",
        pending: false,
        last_at: "2026-11-01T00:00:00.000Z",
        silent: false,
        retired_at: null,
        method_version: "1",
        cohort: {},
        backends: [
          {
            ...group,
            small_file: false,
            bound_mismatch: false,
            last_at: "2026-11-01T00:00:00.000Z",
            setup: {},
            trusted: { putc },
            all: { putc },
          },
        ],
        ratios: [],
      },
    };
    for (const format of ["txt", "md", "html", "svg"] as const) {
      const text = rendered(format, summary, DEFAULT_RENDER_OPTIONS);
      expect(text, format).toContain("25 510");
      expect(text, format).not.toMatch(/25 51[1-9]/);
    }
  });
});
