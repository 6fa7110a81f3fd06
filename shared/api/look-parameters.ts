// How a summary is shown, as query parameters: they never change a number. Queries come as lists of texts.

import * as z from "zod";
import { METRIC_NAMES } from "../run/metrics.ts";
import { DEFAULT_LOOK, SHARE_WIDTHS, THEMES, WIDTH } from "../report/summary.ts";
import { once } from "./request-fields.ts";

/** Widths differ by so many px at least: a picture a little wider shows nothing more. */
const WIDTH_STEP = 20;

const width = once(
  z.coerce
    .number()
    .min(WIDTH.least)
    .max(WIDTH.most)
    .transform((px) => Math.round(px / WIDTH_STEP) * WIDTH_STEP)
    .meta({
      description: `Width of a picture in px, to the next ${WIDTH_STEP}; a PNG has two pixels for each.`,
      examples: [480],
    }),
).prefault(WIDTH.default);

const theme = once(
  z.enum(THEMES).meta({ description: "Colours; `auto` are those of the reader's system, and light in a PNG." }),
).prefault(DEFAULT_LOOK.theme);

/** Names with commas or repeated, as METRIC_NAMES has them in order, each once. */
const metrics = z
  .array(z.string())
  .transform((values) => values.flatMap((value) => value.split(",")))
  .pipe(z.array(z.enum(METRIC_NAMES)))
  .transform((names) => METRIC_NAMES.filter((name) => names.includes(name)))
  .prefault([])
  .meta({ description: "Show these metrics only, comma-separated or repeated; without it all there are." });

/** The parameters of a look that a question has beside its own. */
export const look = { width, theme };

/** GET /s/{id}: a share holds its question; nothing else can be said about it. */
export const lookQuery = z.strictObject({
  width: width.meta({
    description: `Width of a picture in px: the nearest of ${SHARE_WIDTHS.join(", ")} is shown. A PNG has two pixels for each.`,
    examples: [480],
  }),
  theme,
  metrics,
});
