// A report as HTML: its body, its style sheet, and the whole document. It has no script. All words are escaped and made
// printable; only the chart, which is our own SVG, is put in raw.

import { raw } from "hono/html";
import type { Child, FC } from "hono/jsx";
import type { Cell, Column, LabeledText, Report, Section, Table, Target, Theme } from "../report/model.ts";
import { printable, printableLines } from "../run/text.ts";
import { type Colors, DARK, LIGHT } from "./colors.ts";

/** Sentences for HTML: printable, and with no-break spaces between the digits of a number, so that no line ends in it. */
export const prose = (text: string): string => printable(text).replace(/(?<=\d) (?=\d{3}(?!\d))/g, "\u00a0");

// The body of a report, as pages of the service, shared pages and saved files all show it.
interface ReportBodyProps {
  readonly report: Report;
  /** The chart as SVG, which is put in as it is; null for none. */
  readonly chart: string | null;
  /** The URL of a name in a table; without it names are plain text. */
  readonly linkOf?: ((target: Target) => string) | undefined;
  /** What a page adds between the chart and the sections. */
  readonly children?: Child;
}

/** Title, sentences, facts, chart and tables of a report, in an `article`. */
export const ReportBody: FC<ReportBodyProps> = ({ report, chart, linkOf, children }) => (
  <article class="report">
    <h1>{printable(report.title)}</h1>
    <p class="lead">{prose(report.lead)}</p>
    {report.guide !== null && <p>{prose(report.guide)}</p>}
    {report.facts.length > 0 && (
      <dl class="facts">
        {report.facts.map(({ label, text }) => (
          <div>
            <dt>{printable(label)}</dt>
            <dd>{printable(text)}</dd>
          </div>
        ))}
      </dl>
    )}
    <LabeledTexts texts={report.notices} />
    {/* Raw, because it is markup that the renderer of charts made and escaped. */}
    {chart !== null && <figure>{raw(chart)}</figure>}
    {children}
    {report.sections.map((section) => (
      <SectionPart section={section} linkOf={linkOf} />
    ))}
    {report.cursor !== null && (
      <p>
        More results: pass <code>{`cursor=${printable(report.cursor)}`}</code>
      </p>
    )}
  </article>
);

const SectionPart: FC<{ section: Section; linkOf: ReportBodyProps["linkOf"] }> = ({ section, linkOf }) => (
  <section>
    <h2>{printable(section.heading)}</h2>
    {section.table !== null && <TablePart table={section.table} linkOf={linkOf} />}
    <LabeledTexts texts={section.texts} />
    {section.verbatim !== null && <pre>{printableLines(section.verbatim).join("\n")}</pre>}
  </section>
);

/** A table that scrolls on its own where it is wider than the page, by keyboard too. */
const TablePart: FC<{ table: Table; linkOf: ReportBodyProps["linkOf"] }> = ({ table, linkOf }) =>
  table.rows.length === 0 ? (
    <p>none</p>
  ) : (
    <section class="table" aria-label={printable(table.caption)} tabindex={0}>
      <table>
        <caption>{printable(table.caption)}</caption>
        <thead>
          <tr>
            {table.columns.map((column) => (
              <th scope="col" class={column.side === "right" ? "number" : undefined}>
                {column.head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {table.rows.map((row) => (
            <tr>
              {row.map((cell, index) =>
                index === 0 ? (
                  <th scope="row" class={cell.text.length <= SHORT ? "short" : undefined}>
                    {cellText(cell, linkOf)}
                  </th>
                ) : (
                  <td class={cellClass(table.columns[index], cell)}>{cellText(cell, linkOf)}</td>
                ),
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );

/** Cells of up to so many characters are never broken into lines: numbers, intervals, verdicts. */
const SHORT = 24;

function cellClass(column: Column | undefined, { text, tone }: Cell): string | undefined {
  const classes = [
    ...(column?.side === "right" ? ["number"] : []),
    ...(text.length <= SHORT ? ["short"] : []),
    ...(tone === "plain" ? [] : [tone]),
  ];
  return classes.length === 0 ? undefined : classes.join(" ");
}

function cellText({ text, target }: Cell, linkOf: ReportBodyProps["linkOf"]): Child {
  return target === null || linkOf === undefined ? printable(text) : <a href={linkOf(target)}>{printable(text)}</a>;
}

const LabeledTexts: FC<{ texts: readonly LabeledText[] }> = ({ texts }) =>
  texts.length === 0 ? null : (
    <ul>
      {texts.map(({ label, text, isWarning }) => (
        <li class={isWarning ? "warning" : undefined}>
          <strong>{printable(label)}</strong>: {prose(text)}
        </li>
      ))}
    </ul>
  );

// The style sheet of every page that shows a report: readable from 320 px up, in light, dark and gray print. Verdicts have
// a shape as well as a color, the same as in charts.

const variables = (colors: Colors, scheme: "light" | "dark"): string =>
  [...Object.entries(colors).map(([role, color]) => `--${role}:${color}`), `color-scheme:${scheme}`].join(";");

/** Charts in a page take the page's colors, by their classes. */
const CHART = Object.keys(LIGHT)
  .map((role) => `.vbdstat .fill-${role}{fill:var(--${role})}.vbdstat .stroke-${role}{stroke:var(--${role})}`)
  .join("\n");

/** For a document whose root has the class `light`, `dark` or `auto`. It is a constant, so that a content security policy can name its hash. */
export const REPORT_STYLE = `
:root { ${variables(LIGHT, "light")} }
@media screen { :root.dark { ${variables(DARK, "dark")} } }
@media screen and (prefers-color-scheme: dark) { :root.auto { ${variables(DARK, "dark")} } }
${CHART}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
.report { max-width: 66rem; margin: 0 auto; padding: 1rem clamp(.75rem, 3vw, 2rem) 3rem; overflow-wrap: anywhere; }
.report h1 { font-size: 1.6rem; line-height: 1.25; margin: .5rem 0; }
.report h2 { font-size: 1.15rem; line-height: 1.3; margin: 2rem 0 .5rem; }
.report p { margin: .5rem 0; max-width: 48rem; }
.report .lead { font-size: 1.1rem; }
.report .facts { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; margin: .75rem 0; color: var(--muted); font-size: .9rem; }
.report .facts div { display: flex; gap: .4rem; min-width: 0; }
.report .facts dt { flex: none; }
.report .facts dd { margin: 0; color: var(--ink); }
.report figure { margin: 1.25rem 0; }
.report figure svg { display: block; max-width: 100%; height: auto; }
.report .narrow { display: none; }
@media screen and (max-width: 44rem) { .report .narrow { display: block; } .report .wide { display: none; } }
.report .table { overflow-x: auto; margin: .5rem 0; }
.report .table:focus-visible { outline: 2px solid var(--better); outline-offset: 2px; }
.report table { border-collapse: collapse; font-size: .92rem; font-variant-numeric: tabular-nums; overflow-wrap: normal; }
.report caption { text-align: left; color: var(--muted); font-size: .85rem; padding-bottom: .25rem; }
.report th, .report td { padding: .3rem .9rem .3rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid var(--grid); font-weight: normal; }
.report thead th { color: var(--muted); border-bottom-color: var(--ink); white-space: nowrap; }
.report tbody th { font-weight: 600; }
.report tbody th, .report tbody td { max-width: 24rem; overflow-wrap: break-word; }
.report .number { text-align: right; }
.report .short { white-space: nowrap; }
.report .better { color: var(--better); font-weight: 600; }
.report .better::before { content: "\\25B2\\00A0"; }
.report .worse { color: var(--worse); font-weight: 600; }
.report .worse::before { content: "\\25BC\\00A0"; }
.report .equal { color: var(--equal); font-weight: 600; }
.report .equal::before { content: "\\25C6\\00A0"; }
.report .unclear, .report .incomparable { color: var(--unclear); }
.report .unclear::before { content: "\\25CB\\00A0"; }
.report .incomparable::before { content: "\\2013\\00A0"; }
.report ul { list-style: none; margin: .5rem 0; padding: 0; max-width: 60rem; }
.report li { padding: .2rem .6rem; border-left: 3px solid var(--grid); margin: .25rem 0; }
.report li.warning { background: var(--worse-tint); border-left-color: var(--worse); }
.report pre { white-space: pre-wrap; background: var(--zone); padding: .6rem; margin: .5rem 0; }
.report code, .report pre { font: .9em/1.5 ui-monospace, monospace; }
@media print {
  :root { font-size: 10pt; }
  .report { max-width: none; padding: 0; }
  .report .table { overflow: visible; }
  .report td.short { white-space: normal; }
  .report tbody th:not(.short), .report td:not(.short) { overflow-wrap: anywhere; }
  .report h2 { break-after: avoid; }
  .report tr, .report li, .report figure { break-inside: avoid; }
}
`;

/** A report as a self-contained document: no script, nothing loaded. `chart` is SVG, or null for none. */
export function html(report: Report, chart: string | null, theme: Theme): string {
  const document = (
    <html lang="en" class={theme}>
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>{printable(report.title)}</title>
        {/* Raw, because a style sheet is not escaped text; the policy names its hash. */}
        <style>{raw(REPORT_STYLE)}</style>
      </head>
      <body>
        <main>
          <ReportBody report={report} chart={chart} />
        </main>
      </body>
    </html>
  );
  return `<!doctype html>\n${document.toString()}\n`;
}
