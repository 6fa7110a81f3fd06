// A report as a part of a page: what the page /docs of a share, a saved file and the pages of the service all show. It has
// no script and no style of its own; `html-style.ts` has the classes.

import { raw } from "hono/html";
import type { Child, FC } from "hono/jsx";
import { printable, printableLines } from "../run/text.ts";
import type { Cell, Column, Remark, Report, Section, Table, Target } from "../report/model.ts";

interface ReportBodyProps {
  readonly report: Report;
  /** The chart as SVG, which is put in as it is; null for none. */
  readonly chart: string | null;
  /** Where a name in a table leads; without it names are plain text. */
  readonly linkOf?: ((target: Target) => string) | undefined;
  /** What a page has to add; stands behind the chart, before the sections. */
  readonly children?: Child;
}

/** Title, sentences, facts, chart and tables of a report, in an `article`. */
export const ReportBody: FC<ReportBodyProps> = ({ report, chart, linkOf, children }) => (
  <article class="report">
    <h1>{printable(report.title)}</h1>
    <p class="lead">{printable(report.lead)}</p>
    {report.guide !== null && <p>{printable(report.guide)}</p>}
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
    <Remarks remarks={report.notices} />
    {/* Raw, because it is markup that the renderer of charts made and escaped. */}
    {chart !== null && <figure>{raw(chart)}</figure>}
    {children}
    {report.sections.map((section) => (
      <SectionPart section={section} linkOf={linkOf} />
    ))}
    {report.cursor !== null && (
      <p>
        There are more: ask with <code>{`cursor=${printable(report.cursor)}`}</code>
      </p>
    )}
  </article>
);

const SectionPart: FC<{ section: Section; linkOf: ReportBodyProps["linkOf"] }> = ({ section, linkOf }) => (
  <section>
    <h2>{printable(section.heading)}</h2>
    {section.table !== null && <TablePart table={section.table} linkOf={linkOf} />}
    <Remarks remarks={section.remarks} />
    {section.verbatim !== null && <pre>{printableLines(section.verbatim).join("\n")}</pre>}
  </section>
);

/** A table that scrolls by itself where it is wider than the page, by keyboard too. */
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
                  <td class={classOf(table.columns[index], cell)}>{cellText(cell, linkOf)}</td>
                ),
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );

/** Cells of so many characters are never broken into lines: numbers, intervals, verdicts. */
const SHORT = 24;

function classOf(column: Column | undefined, { text, tone }: Cell): string | undefined {
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

const Remarks: FC<{ remarks: readonly Remark[] }> = ({ remarks }) =>
  remarks.length === 0 ? null : (
    <ul>
      {remarks.map(({ label, text, isWarning }) => (
        <li class={isWarning ? "warning" : undefined}>
          <strong>{printable(label)}</strong>: {printable(text)}
        </li>
      ))}
    </ul>
  );
