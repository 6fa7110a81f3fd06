// The contract as an OpenAPI 3.1 document. In: the endpoints of `contract.ts`. Out: a plain object, the same one every
// time, which scripts/openapi.ts writes to docs/openapi.json. Schemas are turned by zod's own toJSONSchema.

import * as z from "zod";
import { VERSION } from "../deployment.ts";
import { ERROR_STATUS, type ErrorCode } from "../errors.ts";
import { ERROR_DESCRIPTIONS } from "../report/glossary.ts";
import { codeUnitOrder } from "../run/text.ts";
import { MEDIA_TYPES } from "../summaries/formats.ts";
import { type Endpoint, endpointErrors } from "./endpoint.ts";
import { errorEnvelope } from "./responses.ts";

type Json = Readonly<Record<string, unknown>>;

const DESCRIPTION = `Collects Bonnie++ results from Xen Dom0 hosts and compares block backends over a fleet.

Tokens go into the header \`Authorization: Bearer TOKEN\`; a token belongs to one fleet and has one scope, and \`admin\` may do what every other scope may. Formats: a suffix of the path (\`/v1/compare.txt\`) takes precedence over \`Accept\`; without either, the response has the first format listed.

Under /v1 keys, parameters, codes and endpoints may be added; they are never renamed or removed.`;

/** The whole document. */
export function openApiDocument(endpoints: readonly Endpoint[]): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const endpoint of endpoints) {
    paths[endpoint.path] = { ...paths[endpoint.path], [endpoint.method]: operation(endpoint) };
  }
  return {
    openapi: "3.1.0",
    info: { title: "vbdstat", version: VERSION, description: DESCRIPTION, license: { name: "Apache-2.0" } },
    servers: [{ url: "/" }],
    paths,
    components: {
      schemas: namedSchemas(),
      responses: namedErrors(endpoints),
      securitySchemes: {
        token: { type: "http", scheme: "bearer", description: "Roles are the scopes: ingest, read, admin." },
      },
    },
  };
}

function operation(endpoint: Endpoint): Json {
  const { id, summary, description, scopes, formats, cache } = endpoint;
  const parameters = [...pathParameters(endpoint), ...queryParameters(endpoint)];
  return {
    operationId: id,
    summary,
    ...(description === undefined ? {} : { description }),
    security: scopes === null ? [] : [...scopes, "admin"].map((scope) => ({ token: [scope] })),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...requestBody(endpoint),
    responses: { ...responses(endpoint), ...errorResponses(endpoint) },
    "x-errors": endpointErrors(endpoint),
    "x-formats": formats,
    "x-cache": cache,
  };
}

function pathParameters({ pathParameters: described = {} }: Endpoint): Json[] {
  return Object.entries(described).map(([name, description]) => ({
    name,
    in: "path",
    required: true,
    description,
    schema: { type: "string" },
  }));
}

/** A schema of `io: "input"`, as far as it is looked into here. */
interface ObjectSchema {
  readonly properties?: Readonly<Record<string, Json>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: unknown;
}

function queryParameters({ query }: Endpoint): Json[] {
  if (query === undefined) return [];
  // Sound: a query is an object schema, and this is how toJSONSchema writes one.
  const { properties = {}, required = [], additionalProperties } = jsonSchema(query) as ObjectSchema;
  const named = Object.entries(properties).map(([name, { description, ...schema }]) => ({
    name,
    in: "query",
    ...(required.includes(name) ? { required: true } : {}),
    description,
    schema,
  }));
  if (additionalProperties === undefined || additionalProperties === false) return named;
  // OpenAPI says "any further keys" with an exploded object: its keys are the keys of the query.
  const further = { type: "object", additionalProperties };
  return [...named, { name: "label", in: "query", style: "form", explode: true, schema: further }];
}

function requestBody({ body }: Endpoint): Json {
  if (body === undefined) return {};
  if (body.kind === "json") {
    return { requestBody: { required: true, content: { "application/json": { schema: jsonSchema(body.schema) } } } };
  }
  const { description, example } = body;
  const text = { schema: { type: "string" }, example };
  return { requestBody: { required: true, description, content: { "text/csv": text, "*/*": text } } };
}

function responses({ responses: byStatus, formats }: Endpoint): Json {
  const described = Object.entries(byStatus).map(([status, { description, schema }]) => {
    const content = formats.map((format): [string, Json] => [
      MEDIA_TYPES[format],
      { schema: format === "json" ? (schema === null ? { type: "object" } : reference(schema)) : { type: "string" } },
    ]);
    return [status, { description, ...(content.length === 0 ? {} : { content: Object.fromEntries(content) }) }];
  });
  return Object.fromEntries(described);
}

/** Errors by status: one named response for each set of codes. */
function errorResponses(endpoint: Endpoint): Json {
  const sets = errorSets(endpoint);
  return Object.fromEntries(
    sets.map(([status, codes]) => [status, { $ref: `#/components/responses/${setName(codes)}` }]),
  );
}

const setName = (codes: readonly ErrorCode[]): string => codes.join("-");

/** The codes of an endpoint by status. */
function errorSets(endpoint: Endpoint): readonly (readonly [status: number, codes: readonly ErrorCode[]])[] {
  const codes = endpointErrors(endpoint);
  const statuses = [...new Set(codes.map((code) => ERROR_STATUS[code]))];
  return statuses.map((status) => [status, codes.filter((code) => ERROR_STATUS[code] === status)]);
}

function namedErrors(endpoints: readonly Endpoint[]): Json {
  const named = endpoints.flatMap((endpoint) =>
    errorSets(endpoint).map(([status, codes]): [string, Json] => [setName(codes), errorResponse(status, codes)]),
  );
  return Object.fromEntries(named.sort(byName));
}

function errorResponse(status: number, codes: readonly ErrorCode[]): Json {
  const retryAfter = { "Retry-After": { description: "Seconds to wait.", schema: { type: "integer" } } };
  return {
    description: codes.map((code) => `\`${code}\`: ${ERROR_DESCRIPTIONS[code]}`).join("\n\n"),
    ...(status === 429 || status === 503 ? { headers: retryAfter } : {}),
    content: { "application/json": { schema: reference(errorEnvelope) }, "text/plain": { schema: { type: "string" } } },
  };
}

const uri = (id: string) => `#/components/schemas/${id}`;

function reference(schema: z.ZodType): Json {
  const id = schema.meta()?.id;
  if (id === undefined) throw new Error("every result of the contract needs a name: meta({ id })");
  return { $ref: uri(id) };
}

/** Of a request: unknown keys are rejected, and the schema says so. */
function jsonSchema(schema: z.ZodType): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, {
    io: "input",
    override: ({ jsonSchema: made }) => tidy(made),
  });
  return rest;
}

/** Every schema of a result with a name, sorted. Keys that are not listed are allowed: later versions may add some. */
function namedSchemas(): Json {
  const { schemas } = z.toJSONSchema(z.globalRegistry, {
    uri,
    override: ({ jsonSchema: made }) => {
      tidy(made);
      if (made.additionalProperties === false) delete made.additionalProperties;
    },
  });
  const named = Object.entries(schemas).map(([id, { $schema: _, $id: __, ...schema }]): [string, Json] => [id, schema]);
  return Object.fromEntries(named.sort(byName));
}

const byName = ([a]: [string, unknown], [b]: [string, unknown]): number => codeUnitOrder(a, b);

/** Drops what only repeats: the pattern next to a format, and the limits of a double. */
function tidy(schema: z.core.JSONSchema.BaseSchema): void {
  if (schema.format !== undefined) delete schema.pattern;
  if (schema.minimum === Number.MIN_SAFE_INTEGER) delete schema.minimum;
  if (schema.maximum === Number.MAX_SAFE_INTEGER) delete schema.maximum;
}
