import * as z from "zod";
import { describeInvisible, VISIBLE_EXPECTED } from "../run/text.ts";

/** Text of 1 to so many characters, none of them invisible or a control character; given in NFC. */
export const oneLine = (most: number) =>
  z
    .string()
    .normalize("NFC")
    .min(1, "expected some text")
    .max(most, `expected at most ${most} characters`)
    .refine((text) => describeInvisible(text) === "", {
      error: ({ input }) => `expected characters, ${VISIBLE_EXPECTED}${describeInvisible(String(input))}`,
    });

/** A parameter that may be given once. */
export const once = <T extends z.ZodType>(schema: T) =>
  z.preprocess((values, context) => {
    if (!Array.isArray(values)) return values;
    if (values.length > 1) context.addIssue(`given ${values.length} times; expected once`);
    return values[0];
  }, schema);
