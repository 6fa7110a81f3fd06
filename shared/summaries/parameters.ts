// Query parameters that several kinds of summaries share, and those that say how any summary is rendered, which never change
// a number. Queries come as lists of texts, one list for each parameter. The schemas are made when this file is loaded, with
// the first request for a summary.

import * as z from "zod";
import type { ComparisonQuery } from "../compare/comparison.ts";
import { AppError } from "../errors.ts";
import { DEFAULT_RENDER_OPTIONS, SHARE_WIDTHS, THEMES, WIDTH } from "../report/model.ts";
import { unknownBackendText } from "../run/aliases.ts";
import type { Backend } from "../run/backends.ts";
import { COHORT_KEYS, type CohortKey } from "../run/cohort.ts";
import { METRIC_NAMES } from "../run/metrics.ts";
import { isPeriod, MAX_PERIODS, PERIOD_ALL, withoutNested } from "../run/periods.ts";
import { resolveBackend } from "../run/resolution.ts";
import { VIEWS } from "../run/run.ts";
import { single } from "./fields.ts";

/** Widths are rounded to this many px: a picture that is a little wider shows nothing more. */
const WIDTH_STEP = 20;

const width = single(
  z.coerce
    .number()
    .min(WIDTH.least)
    .max(WIDTH.most)
    .transform((px) => Math.round(px / WIDTH_STEP) * WIDTH_STEP)
    .meta({
      description: `Width of a picture in px, rounded to ${WIDTH_STEP}; a PNG has two pixels for each.`,
      examples: [480],
    }),
).prefault(WIDTH.default);

const theme = single(
  z.enum(THEMES).meta({ description: "Colors; `auto` follows the reader's system, and is light in a PNG." }),
).prefault(DEFAULT_RENDER_OPTIONS.theme);

/** Names, comma-separated or repeated; each once, in the order of METRIC_NAMES. */
const shownMetrics = z
  .array(z.string())
  .transform((values) => values.flatMap((value) => value.split(",")))
  .pipe(z.array(z.enum(METRIC_NAMES)))
  .transform((names) => METRIC_NAMES.filter((name) => names.includes(name)))
  .prefault([])
  .meta({ description: "Show these metrics only, comma-separated or repeated; all metrics if absent." });

/** Rendering parameters of a request with a token. */
export const renderFields = { width, theme };

/** GET /s/{id}: the query of the summary is stored with the share. */
export const shareRenderQuery = z.strictObject({
  width: width.meta({
    description: `Width of a picture in px; the nearest of ${SHARE_WIDTHS.join(", ")} is shown. A PNG has two pixels for each.`,
    examples: [480],
  }),
  theme,
  metrics: shownMetrics,
});

const withRendering = new WeakMap<z.ZodObject, z.ZodObject>();

/** The query of a kind's endpoint: its own parameters and those of rendering. Made once for each kind. */
export function endpointQuery(query: z.ZodObject): z.ZodObject {
  const known = withRendering.get(query);
  if (known !== undefined) return known;
  const made = query.safeExtend(renderFields);
  withRendering.set(query, made);
  return made;
}

/** A backend by any of its names. */
export const backend = (description: string, example: string) =>
  single(
    z
      .string("expected a backend")
      .min(1, "expected a backend")
      .max(100)
      .meta({ description, examples: [example] }),
  );

/** A filter by a cohort attribute. */
const values = (description: string) =>
  z.array(z.string().normalize("NFC").min(1).max(200)).min(1).max(100).optional().meta({ description });

/** The periods of a query. */
export const period = single(
  z
    .string()
    .meta({
      description:
        "`all`, a year, a quarter or a month (UTC), or several, comma-separated; when periods overlap, the longer one counts.",
      examples: ["2026-Q4", "2026-10,2026-11"],
    })
    .transform((text) => [...new Set(text.split(","))])
    .refine((periods) => periods.every(isPeriod), "expected all, 2026, 2026-Q4, 2026-11, or several with commas")
    .refine((periods) => periods.length <= MAX_PERIODS, `expected at most ${MAX_PERIODS} periods`)
    .transform(withoutNested),
).prefault(PERIOD_ALL);

export const view = single(
  z.enum(VIEWS).meta({
    description:
      "`trusted` leaves out reads that a page cache probably answered; `all` takes every number as reported.",
  }),
).prefault("trusted");

export const margin = single(
  z.coerce.number().gt(0).max(1).meta({ description: "The relative difference that is too small to matter." }),
).prefault(0.03);

export const metrics = z
  .array(z.enum(METRIC_NAMES))
  .optional()
  .meta({ description: "Report these metrics only; all twelve if absent." });

/** The filters by cohort attribute, each repeatable. */
export const cohortFilters = {
  site: values("Only hosts at one of these sites."),
  hardware: values("Only hosts of one of these hardware classes."),
  storage: values("Only hosts with one of these kinds of storage."),
  xen_version: values("Only hosts with one of these Xen versions."),
};

/** The cohort filters among the parameters of a query. */
export function filtersIn(
  query: Readonly<Partial<Record<CohortKey, readonly string[] | undefined>>>,
): ComparisonQuery["filters"] {
  return Object.fromEntries(COHORT_KEYS.flatMap((key) => (query[key] === undefined ? [] : [[key, query[key]]])));
}

/** The backend that a parameter names by its slug or an alias. Throws `bad_parameter`, which names the parameter. */
export function resolvedBackend(parameter: "backend" | "baseline" | "candidate", word: string): Backend {
  const resolution = resolveBackend(word);
  if (resolution !== null) return resolution.backend;
  const text = unknownBackendText(parameter, word);
  throw new AppError("bad_parameter", text, {
    issues: [{ line: 0, column: 0, field: parameter, code: "bad_parameter", text, raw: "" }],
  });
}
