// Fields of requests that many schemas use: text on one line, a parameter that may be given once, and the pages of a list.
// The file is small on purpose: what asks for a page of a list loads no schema of a summary.

import * as z from "zod";
import { describeInvisible, VISIBLE_EXPECTED } from "../run/text.ts";

/** Text of 1 to `max` characters, in NFC, without invisible and control characters. */
export const oneLine = (max: number) =>
  z
    .string()
    .normalize("NFC")
    .min(1, "expected some text")
    .max(max, `expected at most ${max} characters`)
    .refine((text) => describeInvisible(text) === "", {
      error: ({ input }) => `expected characters, ${VISIBLE_EXPECTED}${describeInvisible(String(input))}`,
    });

/** A parameter that may be given once: queries come as lists of texts, one list for each parameter. */
export const single = <T extends z.ZodType>(schema: T) =>
  z.preprocess((values, context) => {
    if (!Array.isArray(values)) return values;
    if (values.length > 1) context.addIssue(`given ${values.length} times; expected once`);
    return values[0];
  }, schema);

/** Entries on a page of a list. */
export const limit = single(
  z.coerce.number().int().min(1).max(100).meta({ description: "Maximum entries per page." }),
).prefault(50);

/** Where the next page of a list begins. */
export const cursorParameter = (maxLength: number) =>
  single(
    z.string().max(maxLength).meta({ description: "The `cursor` of the previous page; omit it for the first page." }),
  ).optional();

export const cursor = cursorParameter(200);

/** A page of a list. */
export const pageQuery = z.strictObject({ limit, cursor });
