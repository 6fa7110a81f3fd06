import { ERROR_STATUS, type ErrorCode } from "../errors.ts";
import type { Endpoint } from "./endpoint.ts";

/** Every refusal an endpoint may answer with, in the order of `ERROR_STATUS`: its own and those that follow from its shape. */
export function errorsOf({ scopes, query, body, path, formats, errors = [] }: Endpoint): readonly ErrorCode[] {
  const may = new Set<ErrorCode>(["internal", ...errors]);
  if (query !== undefined) may.add("bad_parameter");
  if (body !== undefined) for (const code of ["bad_body", "too_large", "unsupported_encoding"] as const) may.add(code);
  if (scopes !== null) for (const code of ["unauthorized", "forbidden"] as const) may.add(code);
  // A suffix for a format that is not offered is an address where nothing is.
  if (path.includes("{") || (path.startsWith("/v1/") && formats.length > 0)) may.add("not_found");
  // Everything but the documents asks the store.
  if (scopes !== null || path === "/healthz") for (const code of ["slow_down", "unavailable"] as const) may.add(code);
  return wordsInOrder(may);
}

function wordsInOrder(may: ReadonlySet<ErrorCode>): readonly ErrorCode[] {
  // Sound: these are the keys of ERROR_STATUS, which ErrorCode is made of.
  return (Object.keys(ERROR_STATUS) as ErrorCode[]).filter((code) => may.has(code));
}
