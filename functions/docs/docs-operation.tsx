// One endpoint on the page /docs, from its entry in the OpenAPI document.

import type { FC } from "hono/jsx";
import { FACTS } from "../../shared/model/fact-registry.ts";
import { Prose, Table } from "./docs-parts.tsx";

/** The part of an OpenAPI document that the page shows. */
export interface ShownDocument {
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
export const Operation: FC<{ method: string; path: string; operation: ShownOperation }> = ({
  method,
  path,
  operation,
}) => {
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
