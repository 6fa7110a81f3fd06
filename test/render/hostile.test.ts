// Names that want to be something else: in every format each is shown as text, and nothing around it breaks.

import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { inline } from "../../shared/render/markdown.ts";
import { DEFAULT_RENDER_OPTIONS, type RenderOptions } from "../../shared/report/model.ts";
import { printable } from "../../shared/run/text.ts";
import { readCsv, textOfField } from "../support/csv.ts";
import { fleetOf, profileOf } from "../support/fleet.ts";
import { readHtml } from "../support/html.ts";
import { rendered, type Summary } from "../support/kinds.ts";
import { markdownRows, markdownText } from "../support/markdown.ts";
import { runOf } from "../support/runs.ts";
import { COMPARISONS, hostsSummary } from "../support/summaries.ts";

const NAMES = [
  "<script>alert(1)</script>",
  '"><img src=x onerror=alert(1)>',
  "' onmouseover='alert(1)",
  "</title></style></svg><svg onload=alert(1)>",
  "]]><!-- --> &lt;b&gt; &#x3c;",
  "[x](javascript:alert(1)) ![y](http://evil.test/y.png) [z]: http://evil.test",
  "| a | b |\n|---|---|",
  "`code` ``` **bold** __it__ _a_ ~~s~~ $x$ \\",
  "# heading",
  "- item",
  "1. item",
  "<http://evil.test> https://evil.test/x www.evil.test a@evil.test @team #12 GH-3 :smile:",
  '=cmd|"/C calc"!A1',
  "+1",
  "-1",
  "@SUM(A1)",
  "a;=1+1\t=2",
  "\u202eexe.txt\u2066 \u200b\u{e0041}",
  "two\r\nlines\u0000\u001b[31m\u0085\u2028",
  "\ud800 half \uffff",
  "$" + "{x} {{y}} %s",
  "    four blanks",
  "",
  "w".repeat(10_000),
  "<b>".repeat(3_000),
];

/** Summaries that hold the text everywhere where text from outside can be. */
function summariesWith(text: string): Summary[] {
  const facts = { site: text, "label.rack": text };
  const common = { host: text, facts, rates: { putc: 1_000, get_block: 2_000 } };
  const runs = [runOf({ ...common, number: 1, raw: text }), runOf({ ...common, number: 2, backend: "phy" })];
  const hostile = runs.map((run) => ({
    ...run,
    vm: text,
    client_run: text,
    warnings: [text],
    bonnie: { ...run.bonnie, machine: text, bonnie_version: text },
    quality: { ...run.quality, reasons: [{ rule: "C1", strength: "strong" as const, text }] },
  }));
  const fleet = fleetOf(runs);
  const seed = COMPARISONS["seed"]!();
  if (seed.kind !== "compare") throw new Error("the seed is a comparison");
  return [
    hostsSummary(fleet, text),
    { kind: "host", result: profileOf(fleet, text) },
    { kind: "runs", result: { runs: hostile, cursor: null } },
    { kind: "run", result: hostile[0]! },
    { kind: "compare", result: { ...seed.result, filters: { site: [text], hardware: [text] } } },
  ];
}

const lookWith = (title: string): RenderOptions => ({ ...DEFAULT_RENDER_OPTIONS, title });

/** The page without its chart, which has tests of its own. */
const pageOf = (summary: Summary, look: RenderOptions) =>
  rendered("html", summary, look).replace(/<figure>[\s\S]*?<\/figure>/, "");

/** The elements and attributes of a page, for any text. */
const partsOf = (page: string) => {
  const elements = readHtml(page);
  return new Set(elements.flatMap(({ name, attributes }) => [name, ...attributes.map((key) => `${name} ${key}`)]));
};
const HARMLESS = summariesWith("dom0-a").map((summary) => partsOf(pageOf(summary, lookWith("t"))));

const CELLS = summariesWith("dom0-a").map((summary) =>
  markdownRows(rendered("md", summary, lookWith("t"))).map((row) => row.length),
);

describe.each(NAMES.map((name) => [name.slice(0, 40), name]))("%j", (_, name) => {
  // A half of a character comes in as U+FFFD everywhere but in JSON, where a title is.
  const host = name.replace(/\p{Cs}/gu, "\ufffd");
  const summaries = summariesWith(host);
  const look = lookWith(name);

  test("HTML: the same elements and attributes as for a harmless name, and the name as text", () => {
    summaries.forEach((summary, index) => {
      const page = pageOf(summary, look);
      expect([...partsOf(page)].filter((part) => !HARMLESS[index]?.has(part))).toEqual([]);
      const [title] = readHtml(page).filter((element) => element.name === "h1");
      expect(title?.text).toBe(printable(name));
      expect(page).not.toMatch(/[^\P{Cc}\n]|[\u202a-\u202e\u2066-\u2069]/u);
    });
  });

  test("Markdown: rows keep their cells, a title its line, and all of it is text", () => {
    summaries.forEach((summary, index) => {
      const page = rendered("md", summary, look).replace(/\n(`{3,})text\n[\s\S]*?\n\1\n/, "\n");
      const [title = "", ...lines] = page.split("\n");
      expect(markdownText(title.slice("# ".length))).toBe(printable(name));
      expect(markdownRows(page).map((row) => row.length)).toEqual(CELLS[index]);
      for (const cell of markdownRows(page).flat()) expect(() => markdownText(cell)).not.toThrow();
      for (const line of lines.filter((text) => !text.startsWith("|"))) {
        // Our own marks at the start, and labels in bold.
        const words = line.replace(/^(## |- (! )?)/, "").replace(/(?<!\\)\*\*/g, "");
        expect(() => markdownText(words)).not.toThrow();
      }
    });
  });

  test("CSV: every record has every field, none is a formula", () => {
    for (const summary of summaries) {
      const [head = [], ...records] = readCsv(rendered("csv", summary, look));
      for (const record of records) {
        expect(record).toHaveLength(head.length);
        expect(record.filter((field) => /^[=+@\t\r\n]|^-(?![\d.]+(e-?\d+)?$)/.test(field))).toEqual([]);
      }
    }
    const [head = [], record = []] = readCsv(rendered("csv", summaries[0]!, look));
    expect(textOfField(record[head.indexOf("host")] ?? "")).toBe(host);
  });

  test("text: lines of 100 columns without controls", () => {
    for (const summary of summaries) {
      const text = rendered("txt", summary, look);
      expect(text).not.toMatch(/[^\P{Cc}\n]|[\u202a-\u202e\u2066-\u2069]/u);
      const lines = text.split("\n").filter((line) => !line.startsWith("cursor="));
      expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(100);
    }
  });

  test("JSON: the name as it is", () => {
    const { hosts } = JSON.parse(rendered("json", summaries[0]!, look));
    expect(hosts[0].host).toBe(host);
  });
});

test("Markdown of any text is that text", () => {
  const unit = fc.constantFrom(..."ab1 `*_~[]()<>&|\\$#@:/!.-+w");
  fc.assert(
    fc.property(fc.string({ unit }), (text) => {
      expect(markdownText(inline(text))).toBe(printable(text));
    }),
  );
});
