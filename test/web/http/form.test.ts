// Forms and queries that are checked by a schema. When one of these fails, one request can keep the service from all others.

import { describe, expect, test } from "vitest";
import * as z from "zod";
import { checked } from "../../../functions/service/validation.ts";
import { valuesOf } from "../../../functions/web/http/form.ts";
import { AppError } from "../../../shared/errors.ts";

describe("the values of a form", () => {
  test("are listed by name, in order, without the empty ones; a name is never one of an object's own", () => {
    const values = valuesOf(new URLSearchParams("a=1&b=&a=2&__proto__=x&constructor=y"));
    expect(Object.entries(values)).toEqual([
      ["a", ["1", "2"]],
      ["__proto__", ["x"]],
      ["constructor", ["y"]],
    ]);
    expect(Object.getPrototypeOf(values)).toBe(Object.prototype);
  });

  // Copying the list for each further value, as a form of 8 MiB could make it do to anybody who may sign in, takes minutes.
  test("take time in proportion to the form, whoever sent it", () => {
    const values = valuesOf(new URLSearchParams("a=1&".repeat(400_000)));
    expect(values["a"]).toHaveLength(400_000);
  });
});

test("a list with a fault in each of its entries is refused by the first hundred", () => {
  const schema = z.strictObject({ sites: z.array(z.string()) });
  let refused: unknown;
  try {
    checked(schema, { sites: Array.from({ length: 5_000 }, (_, index) => index) }, "bad_body");
  } catch (error) {
    refused = error;
  }
  expect(refused).toBeInstanceOf(AppError);
  expect(refused).toMatchObject({ code: "bad_body", issues: { length: 100 } });
});
