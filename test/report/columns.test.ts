// The columns of the CSV as docs/api.md lists them: a reader must find each one explained, in order.

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { DEFAULT_RENDER_OPTIONS } from "../../shared/report/model.ts";
import { METRIC_NAMES } from "../../shared/run/metrics.ts";
import { recordsOfSummary, type Summary } from "../support/kinds.ts";
import { COMPARISONS, OTHERS } from "../support/summaries.ts";

const page = readFileSync(new URL("../../docs/api.md", import.meta.url), "utf8");

const wordsIn = (text: string) => [...text.matchAll(/`(\w+)`/g)].map(([, word = ""]) => word);

const ABOUT = wordsIn(/^The common columns: (.*)$/m.exec(page)?.[1] ?? "");

/** The columns that the page lists for a kind of answer. */
function documented(of: string): string[] {
  const row = page.split("\n").find((line) => line.startsWith(`| ${of} | `)) ?? "";
  const columns = row.split(" | ").at(2) ?? "";
  return wordsIn(
    columns
      .replace("the common columns", ABOUT.map((word) => `\`${word}\``).join(" "))
      .replace(/of each metric four such as [^,]*,/, "")
      .replace(/\(a JSON string.*/, ""),
  );
}

const ALL: Readonly<Record<string, () => Summary>> = { ...OTHERS, compare: COMPARISONS["empty"]! };

test.each([
  ["`compare`", "compare"],
  ["`matrix`", "matrix"],
  ["`backends`", "backends"],
  ["`trend`", "trend"],
  ["`hosts`", "hosts"],
  ["`hosts/{host}`", "host"],
  ["`runs`, `runs/{id}`", "runs"],
])("the columns of %s are those on the page", (of, kind) => {
  const { columns, rows } = recordsOfSummary(ALL[kind]!(), DEFAULT_RENDER_OPTIONS);
  const ofMetrics = METRIC_NAMES.flatMap((name) =>
    ["rate", "cpu", "latency_us", "lower_bound"].map((key) => `${name}_${key}`),
  );
  expect(documented(of)).toEqual(columns.filter((name) => kind !== "runs" || !ofMetrics.includes(name)));
  expect(new Set(columns).size).toBe(columns.length);
  for (const row of rows) expect(row).toHaveLength(columns.length);
});
