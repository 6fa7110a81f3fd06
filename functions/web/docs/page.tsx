// Docs: the API contract for programs, GET /openapi.json, and for people, GET /docs. Both are the same for every reader, need no
// token and read no store. The page has the endpoints of an OpenAPI document, and a glossary of the values in answers from the registries. Out: plain
// HTML that runs no script and loads nothing. Every error code has an anchor of its own, because error responses link to it.

import { raw } from "hono/html";
import type { Child, FC } from "hono/jsx";
import openApi from "../../../docs/openapi.json" with { type: "json" };
import { CACHE_CONTROL } from "../../../shared/api/endpoint.ts";
import { ERROR_STATUS } from "../../../shared/errors.ts";
import {
  BACKEND_DESCRIPTIONS,
  ERROR_DESCRIPTIONS,
  FLAG_DESCRIPTIONS,
  QUALITY_DESCRIPTIONS,
  REASON_DESCRIPTIONS,
  RULE_DESCRIPTIONS,
  VERDICT_DESCRIPTIONS,
} from "../../../shared/report/glossary.ts";
import { listAliases } from "../../../shared/run/aliases.ts";
import { BACKENDS, type Backend } from "../../../shared/run/backends.ts";
import { describeFactKind, FACTS } from "../../../shared/run/facts.ts";
import { METRICS } from "../../../shared/run/metrics.ts";
import type { HttpApp } from "../http/app.ts";
import { contentSecurityPolicy, styleHash } from "../http/csp.ts";
import { constantResponse } from "../http/etag.ts";
import { Measuring } from "./measuring.tsx";

/** The part of an OpenAPI document that the page shows. */
interface OpenApiDocument {
  readonly info: { readonly version: string; readonly description: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

interface Operation {
  readonly summary: string;
  readonly description?: string;
  readonly security: readonly { readonly token: readonly string[] }[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: object }>> };
  readonly "x-errors": readonly string[];
  readonly "x-formats": readonly string[];
}

interface Parameter {
  readonly name: string;
  readonly required?: boolean;
  readonly description?: string;
  readonly schema: object;
}

/** The whole page as HTML. */
export function renderDocsPage(document: OpenApiDocument): string {
  return `<!doctype html>\n${(<Page document={document} />).toString()}\n`;
}

const Page: FC<{ document: OpenApiDocument }> = ({ document }) => (
  <html lang="en">
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <title>vbdstat: HTTP API and glossary</title>
      {/* Raw, because a style sheet is not escaped text; the content security policy has its hash. */}
      <style>{raw(DOCS_STYLE)}</style>
    </head>
    <body>
      <header>
        <h1>vbdstat {document.info.version}: HTTP API and glossary</h1>
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
              <Endpoint method={method} path={path} operation={operation} />
            )),
          )}
        </Section>
        <Section id="errors">
          <Table heads={["Code", "Status", "Meaning"]}>
            {Object.entries(ERROR_DESCRIPTIONS).map(([code, description]) => (
              <Term term={code} cells={[String(new Map(Object.entries(ERROR_STATUS)).get(code)), description]} />
            ))}
          </Table>
        </Section>
        <Section id="facts">
          <Table heads={["Key", "Meaning", "Values"]}>
            {FACTS.map(({ key, kind, description }) => (
              <Term term={key} id={`fact-${key}`} cells={[description, describeFactKind(kind)]} />
            ))}
            <Term term="label.NAME" id="fact-label" cells={["A custom fact.", describeFactKind({ kind: "text" })]} />
          </Table>
        </Section>
        <Section id="backends">
          <p>
            Case is ignored, and - _ and : are equivalent. An alias with * may mean another backend as well; other facts
            decide which one.
          </p>
          <Table heads={["Slug", "Meaning", "Aliases"]}>
            {BACKENDS.map((backend) => (
              <Term
                term={backend}
                id={`backend-${backend}`}
                cells={[BACKEND_DESCRIPTIONS[backend], formatAliases(backend)]}
              />
            ))}
          </Table>
        </Section>
        <Section id="metrics">
          <Table heads={["Metric", "Meaning", "Unit"]}>
            {METRICS.map(({ name, label, unit }) => (
              <Term term={name} id={`metric-${name}`} cells={[label, unit]} />
            ))}
          </Table>
        </Section>
        <Section id="verdicts">
          <Glossary prefix="verdict" of={VERDICT_DESCRIPTIONS} />
        </Section>
        <Section id="reasons">
          <Glossary prefix="reason" of={REASON_DESCRIPTIONS} />
        </Section>
        <Section id="flags">
          <Glossary prefix="flag" of={FLAG_DESCRIPTIONS} />
        </Section>
        <Section id="quality">
          <Glossary prefix="quality" of={QUALITY_DESCRIPTIONS} />
        </Section>
        <Section id="rules">
          <Glossary prefix="rule" of={RULE_DESCRIPTIONS} />
        </Section>
        <Section id="strata">
          <p>
            Rates are compared only within a stratum: the same family of Bonnie++ versions (v1 is 1.00 to 1.04, v2 is
            1.92b to 2.00a), file size, chunk size and number of files, written v1/2G/8k/16.
          </p>
        </Section>
        <Section id="measuring">
          <Measuring />
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
  ["reasons", "Reasons for a verdict"],
  ["flags", "Flags"],
  ["quality", "Quality of a run"],
  ["rules", "Cache rules"],
  ["strata", "Strata"],
  ["measuring", "Measure one guest on two backends"],
] as const;

const Section: FC<{ id: (typeof SECTIONS)[number][0]; children: Child }> = ({ id, children }) => (
  <section id={id}>
    <h2>{new Map(SECTIONS).get(id)}</h2>
    {children}
  </section>
);

const FACT_KEYS: ReadonlySet<string> = new Set([...FACTS.map(({ key }) => key), "label"]);

/** An endpoint: what it does, who may use it, its formats, errors and parameters. */
const Endpoint: FC<{ method: string; path: string; operation: Operation }> = ({ method, path, operation }) => {
  const scopes = operation.security.flatMap(({ token }) => token);
  // An operation that takes labels takes every fact. Facts have a table of their own.
  const sent = operation.parameters ?? [];
  const takesFacts = sent.some(({ name }) => name === "label");
  const parameters = [
    ...sent.filter(({ name }) => !takesFacts || !FACT_KEYS.has(name)),
    ...readBodyParameters(operation),
  ];
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
          The parameters are the following and all <a href="#facts">facts of a run</a>.
        </p>
      ) : null}
      {parameters.length === 0 ? null : (
        <Table
          heads={[
            operation.requestBody === undefined || takesFacts ? "Parameter" : "Key in the body",
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
              <td>{formatValues(parameter)}</td>
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

/** The keys of a JSON body as parameters; empty for a body of another type. */
function readBodyParameters({ requestBody }: Operation): Parameter[] {
  const { properties = {}, required = [] }: BodySchema = requestBody?.content["application/json"]?.schema ?? {};
  return Object.entries(properties).map(([name, { description = "", ...schema }]) => ({
    name,
    required: required.includes(name),
    description,
    schema,
  }));
}

/** The part of a parameter's schema that the page shows. */
interface ValueSchema {
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly items?: ValueSchema;
  readonly default?: string | number;
  readonly examples?: readonly string[];
}

/** Allowed values, default and examples, e.g. `trusted, all; default trusted`. */
function formatValues({ schema, required = false }: Parameter): string {
  const { type, enum: values, items, examples = [], ...rest }: ValueSchema = schema;
  const choice = values ?? items?.enum;
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

const formatAliases = (backend: Backend): string =>
  listAliases(backend)
    .map(({ word, ambiguous }) => (ambiguous ? `${word}*` : word))
    .join(", ");

/** The values of an enum with their descriptions; `prefix` keeps the anchors unique. */
const Glossary: FC<{ prefix: string; of: Readonly<Record<string, string>> }> = ({ prefix, of }) => (
  <Table heads={["Term", "Meaning"]}>
    {Object.entries(of).map(([term, description]) => (
      <Term term={term} id={`${prefix}-${term.replaceAll(" ", "-")}`} cells={[description]} />
    ))}
  </Table>
);

/** A row with a term, its anchor, and its description. */
const Term: FC<{ term: string; id?: string; cells: readonly string[] }> = ({ term, id = term, cells }) => (
  <tr id={id}>
    <th scope="row">
      <code>{term}</code>
    </th>
    {cells.map((cell) => (
      <td>
        <Prose text={cell} />
      </td>
    ))}
  </tr>
);

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

/** Text with `code` in backquotes, as the descriptions of the contract have it. */
const Prose: FC<{ text: string }> = ({ text }) => (
  <>{text.split("`").map((part, index) => (index % 2 === 0 ? part : <code>{part}</code>))}</>
);

/** The style sheet of the page. It is a constant, so that the content security policy can name its hash. */
const DOCS_STYLE = `
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

// The routes.

const openApiResponse = constantResponse(() => ({
  text: JSON.stringify(openApi),
  headers: { "Content-Type": "application/json", "Cache-Control": CACHE_CONTROL.documents },
}));

const docsResponse = constantResponse(() => ({
  text: renderDocsPage(openApi),
  headers: {
    "Content-Type": "text/html; charset=UTF-8",
    "Cache-Control": CACHE_CONTROL.documents,
    "Content-Security-Policy": contentSecurityPolicy({ "style-src": styleHash(DOCS_STYLE) }),
    "Referrer-Policy": "no-referrer",
  },
}));

/** Adds GET /openapi.json and GET /docs. */
export function addDocsRoutes(app: HttpApp): void {
  app.get("/openapi.json", (c) => openApiResponse(c));
  app.get("/docs", (c) => docsResponse(c));
}
