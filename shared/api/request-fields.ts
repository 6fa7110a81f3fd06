import * as z from "zod";

/** A parameter that may be given once. */
export const once = <T extends z.ZodType>(schema: T) =>
  z.preprocess((values, context) => {
    if (!Array.isArray(values)) return values;
    if (values.length > 1) context.addIssue(`given ${values.length} times; expected once`);
    return values[0];
  }, schema);
