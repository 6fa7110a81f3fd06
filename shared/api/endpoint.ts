// An endpoint as data. `contract.ts` lists all endpoints, and `openapi.ts` turns the list into OpenAPI.

import type * as z from "zod";
import { ERROR_STATUS, type ErrorCode } from "../errors.ts";
import type { Scope } from "../run/token.ts";
import type { Format } from "../summaries/formats.ts";

/** One response that is not an error. */
interface EndpointResponse {
  readonly description: string;
  /** The JSON form; it has a name (`meta({ id })`). Null: a body without JSON, or none at all. */
  readonly schema: z.ZodType | null;
}

/** The body of a request: JSON by a schema, or Bonnie++ output of any content type. */
type RequestBody =
  | { readonly kind: "json"; readonly schema: z.ZodType }
  | { readonly kind: "bonnie"; readonly description: string; readonly example: string };

/**
 * How long caches may keep a response: `no-store` not at all (it needs a token), `documents` five minutes (it is the same for
 * everybody and changes only with a new version), `live` five minutes (a share with current numbers), `frozen` forever.
 */
export type CacheClass = "no-store" | "documents" | "live" | "frozen";

/** The Cache-Control header of each class. */
export const CACHE_CONTROL: Readonly<Record<CacheClass, string>> = {
  "no-store": "no-store",
  documents: "public, max-age=300",
  live: "public, max-age=300",
  frozen: "public, max-age=31536000, immutable",
};

/** One endpoint. */
export interface Endpoint {
  /** A name for client generators, unique, in camel case. */
  readonly id: string;
  readonly method: "get" | "post" | "put" | "delete";
  /** The path, parameters of it in braces: `/v1/runs/{id}`. */
  readonly path: string;
  /** One line. */
  readonly summary: string;
  /** More, where one line is not enough. */
  readonly description?: string;
  /** The scopes that may use it, in addition to `admin`; null if no token is needed. */
  readonly scopes: readonly Scope[] | null;
  /** The description of each parameter of the path. */
  readonly pathParameters?: Readonly<Record<string, string>>;
  /** The schema of the query. */
  readonly query?: z.ZodObject;
  readonly body?: RequestBody;
  /** Responses by status. */
  readonly responses: Readonly<Partial<Record<200 | 201 | 204 | 422, EndpointResponse>>>;
  /** Formats of a response with a body, the default first. */
  readonly formats: readonly Format[];
  /** Errors in addition to those that follow from the rest, such as `unauthorized` if a token is needed. */
  readonly errors?: readonly ErrorCode[];
  readonly cache: CacheClass;
}

/** Every error of an endpoint, in the order of `ERROR_STATUS`: its own and those that follow from its shape. */
export function endpointErrors({ scopes, query, body, path, formats, errors = [] }: Endpoint): readonly ErrorCode[] {
  const may = new Set<ErrorCode>(["internal", ...errors]);
  if (query !== undefined) may.add("bad_parameter");
  if (body !== undefined) for (const code of ["bad_body", "too_large", "unsupported_encoding"] as const) may.add(code);
  if (scopes !== null) for (const code of ["unauthorized", "forbidden"] as const) may.add(code);
  // A suffix of a format that is not offered is an unknown path.
  if (path.includes("{") || (path.startsWith("/v1/") && formats.length > 0)) may.add("not_found");
  // Everything but the documents uses the store.
  if (scopes !== null || path === "/healthz") for (const code of ["slow_down", "unavailable"] as const) may.add(code);
  // Sound: these are the keys of ERROR_STATUS, which ErrorCode is made of.
  return (Object.keys(ERROR_STATUS) as ErrorCode[]).filter((code) => may.has(code));
}
