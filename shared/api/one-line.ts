import * as z from "zod";
import { invisibleIn, VISIBLE_EXPECTED } from "../model/written-text.ts";

/** Text of 1 to so many characters, none of them invisible or a control character; given in NFC. */
export const oneLine = (most: number) =>
  z
    .string()
    .normalize("NFC")
    .min(1, "expected some text")
    .max(most, `expected at most ${most} characters`)
    .refine((text) => invisibleIn(text) === "", {
      error: ({ input }) => `expected characters, ${VISIBLE_EXPECTED}${invisibleIn(String(input))}`,
    });
