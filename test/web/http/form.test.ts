// Forms and queries that are parsed by a schema. When one of these fails, one request can block the service for all others.

import { describe, expect, test } from "vitest";
import * as z from "zod";
import { validate } from "../../../functions/service/validation.ts";
import { groupByName } from "../../../functions/web/http/form.ts";
import { AppError } from "../../../shared/errors.ts";

describe("the values of a form", () => {
  test("are listed by name, in order, without empty ones; a name such as __proto__ is only a name", () => {
    const values = groupByName(new URLSearchParams("a=1&b=&a=2&__proto__=x&constructor=y"));
    expect(Object.entries(values)).toEqual([
      ["a", ["1", "2"]],
      ["__proto__", ["x"]],
      ["constructor", ["y"]],
    ]);
    expect(Object.getPrototypeOf(values)).toBe(Object.prototype);
  });

  // Copying the list for each further value would take minutes for a form of 8 MiB, which anybody may send who may sign in.
  test("take time in proportion to the form", () => {
    const values = groupByName(new URLSearchParams("a=1&".repeat(400_000)));
    expect(values["a"]).toHaveLength(400_000);
  });
});

test("a list with an error in each entry is rejected with the first hundred errors", () => {
  const schema = z.strictObject({ sites: z.array(z.string()) });
  let refused: unknown;
  try {
    validate(schema, { sites: Array.from({ length: 5_000 }, (_, index) => index) }, "bad_body");
  } catch (error) {
    refused = error;
  }
  expect(refused).toBeInstanceOf(AppError);
  expect(refused).toMatchObject({ code: "bad_body", issues: { length: 100 } });
});
