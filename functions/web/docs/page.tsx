// The page /docs: endpoints from the OpenAPI document, words from the registries. Plain HTML: no script, nothing loaded.

import { raw } from "hono/html";
import type { Child, FC } from "hono/jsx";
import { ERROR_STATUS } from "../../../shared/errors.ts";
import {
  BACKEND_MEANINGS,
  ERROR_MEANINGS,
  FLAG_MEANINGS,
  QUALITY_VERDICTS,
  REASONS,
  VERDICTS,
} from "../../../shared/report/glossary.ts";
import { aliasesOf } from "../../../shared/run/aliases.ts";
import { BACKENDS } from "../../../shared/run/backends.ts";
import { describeFactKind, FACTS } from "../../../shared/run/facts.ts";
import { METRICS } from "../../../shared/run/metrics.ts";

// Pieces of the page /docs.

/** Text with \`code\` in backquotes, as the descriptions of the contract write it. */
const Prose: FC<{ text: string }> = ({ text }) => (
  <>{text.split("`").map((part, index) => (index % 2 === 0 ? part : <code>{part}</code>))}</>
);

/** A table with a row of headings. */
const Table: FC<{ heads: readonly string[]; children: Child }> = ({ heads, children }) => (
  <table>
    <thead>
      <tr>
        {heads.map((head) => (
          <th scope="col">{head}</th>
        ))}
      </tr>
    </thead>
    <tbody>{children}</tbody>
  </table>
);

// One endpoint on the page /docs, from its entry in the OpenAPI document.

/** The part of an OpenAPI document that the page shows. */
interface ShownDocument {
  readonly info: { readonly version: string; readonly description: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, ShownOperation>>>>;
}

interface ShownOperation {
  readonly summary: string;
  readonly description?: string;
  readonly security: readonly { readonly token: readonly string[] }[];
  readonly parameters?: readonly ShownParameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: object }>> };
  readonly "x-errors": readonly string[];
  readonly "x-formats": readonly string[];
}

interface ShownParameter {
  readonly name: string;
  readonly required?: boolean;
  readonly description?: string;
  readonly schema: object;
}

const FACT_KEYS: ReadonlySet<string> = new Set([...FACTS.map(({ key }) => key), "label"]);

/** Heading, purpose, who may ask, and the parameters. */
const Operation: FC<{ method: string; path: string; operation: ShownOperation }> = ({ method, path, operation }) => {
  const scopes = operation.security.flatMap(({ token }) => token);
  // An operation that takes labels takes every fact; those have a table of their own further down.
  const all = operation.parameters ?? [];
  const takesFacts = all.some(({ name }) => name === "label");
  const parameters = [...all.filter(({ name }) => !takesFacts || !FACT_KEYS.has(name)), ...bodyParameters(operation)];
  const formats = operation["x-formats"];
  return (
    <>
      <h3>
        <code>
          {method.toUpperCase()} {path}
        </code>
      </h3>
      <p>
        {operation.summary} <Prose text={operation.description ?? ""} />
      </p>
      <p>
        {scopes.length === 0 ? "No token needed." : `Scope ${scopes.join(" or ")}.`}
        {formats.length > 1 ? ` Formats: ${formats.map((format) => `.${format}`).join(" ")}.` : ""} Errors:{" "}
        {operation["x-errors"].map((code, index) => (
          <>
            {index === 0 ? "" : ", "}
            <a href={`#${code}`}>{code}</a>
          </>
        ))}
        .
      </p>
      {takesFacts ? (
        <p>
          Parameters are the following and all <a href="#facts">facts of a run</a>.
        </p>
      ) : null}
      {parameters.length === 0 ? null : (
        <Table
          heads={[
            operation.requestBody === undefined || takesFacts ? "Parameter" : "Key of the body",
            "Meaning",
            "Values",
          ]}
        >
          {parameters.map((parameter) => (
            <tr>
              <th scope="row">
                <code>{parameter.name}</code>
              </th>
              <td>
                <Prose text={parameter.description ?? ""} />
              </td>
              <td>{valuesOf(parameter)}</td>
            </tr>
          ))}
        </Table>
      )}
    </>
  );
};

interface BodySchema {
  readonly properties?: Readonly<Record<string, { readonly description?: string }>>;
  readonly required?: readonly string[];
}

/** The keys of a JSON body, each like a parameter; none for a body of another kind. */
function bodyParameters({ requestBody }: ShownOperation): ShownParameter[] {
  const { properties = {}, required = [] }: BodySchema = requestBody?.content["application/json"]?.schema ?? {};
  return Object.entries(properties).map(([name, { description = "", ...schema }]) => ({
    name,
    required: required.includes(name),
    description,
    schema,
  }));
}

/** The schema of a parameter, as far as it is shown. */
interface ValueSchema {
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly items?: ValueSchema;
  readonly default?: string | number;
  readonly examples?: readonly string[];
}

function valuesOf({ schema, required = false }: ShownParameter): string {
  const { type, enum: words, items, examples = [], ...rest }: ValueSchema = schema;
  const choice = words ?? items?.enum;
  return [
    required ? "required" : "",
    choice === undefined ? (type === "integer" || type === "number" ? type : "") : choice.join(", "),
    type === "array" ? "may be repeated" : "",
    rest.default === undefined ? "" : `default ${rest.default}`,
    examples.length === 0 ? "" : `e.g. ${examples.join(", ")}`,
  ]
    .filter((part) => part !== "")
    .join("; ");
}

export const DOCS_STYLE = `
:root { color-scheme: light dark; }
body { background: Canvas; color: CanvasText; font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 1rem; overflow-wrap: break-word; }
table { border-collapse: collapse; width: 100%; margin: .5rem 0 1rem; }
th, td { text-align: left; vertical-align: top; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid #8886; font-weight: normal; }
thead th { font-weight: bold; }
code { font: .9em ui-monospace, monospace; }
section { margin-top: 2.5rem; }
h3 { margin: 1.5rem 0 .25rem; }
p { margin: .25rem 0; }
:target { background: #fc08; }
td code, th code { overflow-wrap: anywhere; }
@media screen and (max-width: 40rem) {
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  tr { display: block; padding: .5rem 0; border-bottom: 1px solid #8886; }
  tbody th, td { display: block; border: 0; padding: 0; overflow-wrap: anywhere; }
  tbody th { font-weight: bold; }
}
`;

/** One row: a word, by which it can be linked to, and what there is to say about it. */
const Word: FC<{ word: string; id?: string; cells: readonly string[] }> = ({ word, id = word, cells }) => (
  <tr id={id}>
    <th scope="row">
      <code>{word}</code>
    </th>
    {cells.map((cell) => (
      <td>
        <Prose text={cell} />
      </td>
    ))}
  </tr>
);

const Meanings: FC<{ prefix: string; of: Readonly<Record<string, string>> }> = ({ prefix, of }) => (
  <Table heads={["Word", "Meaning"]}>
    {Object.entries(of).map(([word, meaning]) => (
      <Word word={word} id={`${prefix}-${word.replaceAll(" ", "-")}`} cells={[meaning]} />
    ))}
  </Table>
);

const Page: FC<{ document: ShownDocument }> = ({ document }) => (
  <html lang="en">
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <title>vbdstat: HTTP interface</title>
      {/* Raw, because a style sheet is not escaped text; its hash stands in the policy. */}
      <style>{raw(DOCS_STYLE)}</style>
    </head>
    <body>
      <header>
        <h1>vbdstat {document.info.version}: HTTP interface</h1>
        {document.info.description.split("\n\n").map((paragraph) => (
          <p>
            <Prose text={paragraph} />
          </p>
        ))}
        <p>
          For programs: <a href="/openapi.json">OpenAPI 3.1</a>.
        </p>
      </header>
      <nav aria-label="Sections">
        <p>
          {SECTIONS.map(([id, title], index) => (
            <>
              {index === 0 ? "" : ", "}
              <a href={`#${id}`}>{title}</a>
            </>
          ))}
        </p>
      </nav>
      <main>
        <Section id="endpoints">
          {Object.entries(document.paths).map(([path, operations]) =>
            Object.entries(operations).map(([method, operation]) => (
              <Operation method={method} path={path} operation={operation} />
            )),
          )}
        </Section>
        <Section id="errors">
          <Table heads={["Code", "Status", "Meaning"]}>
            {Object.entries(ERROR_MEANINGS).map(([code, meaning]) => (
              <Word word={code} cells={[String(new Map(Object.entries(ERROR_STATUS)).get(code)), meaning]} />
            ))}
          </Table>
        </Section>
        <Section id="facts">
          <Table heads={["Key", "Meaning", "Values"]}>
            {FACTS.map(({ key, kind, description }) => (
              <Word word={key} id={`fact-${key}`} cells={[description, describeFactKind(kind)]} />
            ))}
            <Word
              word="label.NAME"
              id="fact-label"
              cells={["A fact of your own.", describeFactKind({ kind: "text" })]}
            />
          </Table>
        </Section>
        <Section id="backends">
          <p>In any case, with - _ and : alike. A word with * may mean another backend too; other facts settle it.</p>
          <Table heads={["Slug", "Meaning", "Aliases"]}>
            {BACKENDS.map((backend) => (
              <Word word={backend} id={`backend-${backend}`} cells={[BACKEND_MEANINGS[backend], aliasText(backend)]} />
            ))}
          </Table>
        </Section>
        <Section id="metrics">
          <Table heads={["Metric", "Meaning", "Unit"]}>
            {METRICS.map(({ name, label, unit }) => (
              <Word word={name} id={`metric-${name}`} cells={[label, unit]} />
            ))}
          </Table>
        </Section>
        <Section id="verdicts">
          <Meanings prefix="verdict" of={VERDICTS} />
        </Section>
        <Section id="reasons">
          <Meanings prefix="reason" of={REASONS} />
        </Section>
        <Section id="flags">
          <Meanings prefix="flag" of={FLAG_MEANINGS} />
        </Section>
        <Section id="quality">
          <Meanings prefix="quality" of={QUALITY_VERDICTS} />
        </Section>
      </main>
    </body>
  </html>
);

const SECTIONS = [
  ["endpoints", "Endpoints"],
  ["errors", "Error codes"],
  ["facts", "Facts of a run"],
  ["backends", "Backends"],
  ["metrics", "Metrics"],
  ["verdicts", "Verdicts"],
  ["reasons", "Reasons of a verdict"],
  ["flags", "Flags"],
  ["quality", "Quality of a run"],
] as const;

const Section: FC<{ id: (typeof SECTIONS)[number][0]; children: Child }> = ({ id, children }) => (
  <section id={id}>
    <h2>{new Map(SECTIONS).get(id)}</h2>
    {children}
  </section>
);

const aliasText = (backend: (typeof BACKENDS)[number]): string =>
  aliasesOf(backend)
    .map(({ word, ambiguous }) => (ambiguous ? `${word}*` : word))
    .join(", ");

/** The whole page. */
export function docsPage(document: ShownDocument): string {
  return `<!doctype html>\n${(<Page document={document} />).toString()}\n`;
}
