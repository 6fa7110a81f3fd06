import * as z from "zod";

/** Text of at most so many characters, none of them a control character. */
export const oneLine = (most: number) =>
  z
    .string()
    .regex(/^\P{Cc}+$/u, "expected text without control characters, and some of it")
    .max(most, `expected at most ${most} characters`);
