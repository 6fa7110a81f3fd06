// What an endpoint is, as data. The list of them is `contract.ts`; `openapi.ts` turns it into OpenAPI.

import type * as z from "zod";
import type { ErrorCode } from "../errors.ts";
import type { Scope } from "../run/token.ts";
import type { Format } from "../summaries/formats.ts";

/** One answer that is not an error. */
interface Answer {
  readonly description: string;
  /** The JSON form; it has a name (`meta({ id })`). Null: a body without JSON, or none at all. */
  readonly schema: z.ZodType | null;
}

/** The body of a request: JSON by a schema, or Bonnie++ output of any content type. */
type RequestBody =
  | { readonly kind: "json"; readonly schema: z.ZodType }
  | { readonly kind: "bonnie"; readonly description: string; readonly example: string };

/**
 * How long an answer may be kept: `no-store` not at all (numbers behind a token), `documents` five minutes by anybody
 * (what is the same for everybody and changes with a new version only), `live` five minutes by anybody (shares whose
 * numbers move), `frozen` for ever by anybody.
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
  readonly method: "get" | "post" | "delete";
  /** The path, parameters of it in braces: `/v1/runs/{id}`. */
  readonly path: string;
  /** One line. */
  readonly summary: string;
  /** More, where one line is not enough. */
  readonly description?: string;
  /** Which scopes may ask, besides `admin`, which may ask everything; null when no token is needed. */
  readonly scopes: readonly Scope[] | null;
  /** What each parameter of the path is. */
  readonly pathParameters?: Readonly<Record<string, string>>;
  /** An object schema of the query, as `requests.ts` and `run-parameters.ts` make them. */
  readonly query?: z.ZodObject;
  readonly body?: RequestBody;
  /** Answers by status. */
  readonly answers: Readonly<Partial<Record<200 | 201 | 204 | 422, Answer>>>;
  /** Formats of an answer with a body, the default first. */
  readonly formats: readonly Format[];
  /** Refusals beside those that follow from the rest, such as `unauthorized` where a token is needed. */
  readonly errors?: readonly ErrorCode[];
  readonly cache: CacheClass;
}
