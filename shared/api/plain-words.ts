// What a schema says about a value that does not fit, in words for people; zod's own are for programmers ("Invalid input: expected
// record, received undefined"). Texts that a schema has of its own win over these.

import type * as z from "zod";

/** The error map of every parse of text from outside: `schema.safeParse(value, { error: plainWords })`. */
export const plainWords: z.core.$ZodErrorMap = (issue) => {
  switch (issue.code) {
    case "invalid_type":
      return `expected ${TYPES[issue.expected] ?? "another value"}`;
    case "invalid_value":
      return `expected ${choice(issue.values.map(String))}`;
    case "too_big":
      return `expected ${issue.inclusive === false ? "less than" : "at most"} ${issue.maximum}${unitOf(issue.origin)}`;
    case "too_small":
      return `expected ${issue.inclusive === false ? "more than" : "at least"} ${issue.minimum}${unitOf(issue.origin)}`;
    case "invalid_union":
      return `expected ${alternatives(issue.errors)}`;
    default:
      return "expected a value as the documentation describes it";
  }
};

const TYPES: Readonly<Record<string, string>> = {
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "an object",
  record: "an object",
};

/** What is counted, for a limit of a size. */
function unitOf(origin: string): string {
  if (origin === "string") return " characters";
  return origin === "array" ? " values" : "";
}

const choice = (words: readonly string[]): string =>
  words.length === 1 ? `${words[0]}` : `one of ${words.join(", ")}`;

/** What the members of a union expect. */
function alternatives(errors: readonly (readonly { readonly message: string }[])[]): string {
  const texts = errors.flatMap(([first]) => first?.message.replace(/^expected /, "") ?? []);
  return [...new Set(texts)].join(" or ");
}
