import * as z from "zod";
import type { DatedMatrix } from "../compare/dated.ts";
import { about, flag, known, limits, metricName } from "./summary-answers.ts";
import { REASONS, VERDICTS } from "../report/glossary.ts";
import { backendSlug, count } from "./schemas.ts";
import { wordsOf } from "./words-of.ts";

const entry = z
  .strictObject({
    hosts: count,
    n_eff: count,
    ratio: known,
    ci: limits.nullable().meta({ description: "Null below 6 hosts." }),
    p_holm: z
      .number()
      .min(0)
      .max(1)
      .nullable()
      .meta({ description: "After Holm's correction over the metrics of the pair." }),
    verdict: z.enum(wordsOf(VERDICTS)),
    reason: z.enum(wordsOf(REASONS)),
    flags: z.array(flag).meta({
      description:
        "Those of the comparison of the pair but strata_disagree, simpson and paired_and_between_disagree, which take its strata.",
    }),
  })
  .meta({ id: "MatrixEntry" });

/** GET /v1/matrix */
export const matrix = z
  .strictObject({
    ...about,
    margin: z.number(),
    backends: z.array(backendSlug).meta({ description: "Those that share a host with another one." }),
    pairs: z.array(
      z.strictObject({
        baseline: backendSlug.meta({ description: "The earlier one in the alphabet." }),
        candidate: backendSlug,
        runs: count,
        metrics: z.partialRecord(metricName, entry),
      }),
    ),
  })
  .meta({
    id: "Matrix",
    description:
      "Every pair of backends that share hosts, each judged by itself. Ratios are candidate / baseline; they need not multiply up from pair to pair, for different hosts stand behind them.",
  }) satisfies z.ZodType<DatedMatrix>;
