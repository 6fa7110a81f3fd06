// GET /v1/compare: two backends over the fleet. It reads a fixed number of cells, never runs.

import * as z from "zod";
import { pairName } from "../../shared/cells/contribution.ts";
import { compare } from "../../shared/compare/compare.ts";
import type { Comparison } from "../../shared/compare/comparison.ts";
import type { Question } from "../../shared/compare/question.ts";
import { AppError } from "../../shared/errors.ts";
import { COHORT_KEYS } from "../../shared/model/cohort.ts";
import { METRIC_NAMES } from "../../shared/model/metrics.ts";
import { isPeriod, PERIOD_ALL } from "../../shared/model/period.ts";
import { VIEWS } from "../../shared/model/view.ts";
import { comparisonText } from "../../shared/render/comparison-text.ts";
import type { HttpApp } from "../http/app.ts";
import { allow, tokenOf } from "../http/auth.ts";
import { formatOf } from "../http/format.ts";
import { once, queryBy } from "../http/parameters.ts";
import type { ReadDeps } from "./app.ts";
import { backendOf } from "./run-routes.ts";

const word = z.string("expected a backend").min(1, "expected a backend").max(100);
const values = z.array(z.string().min(1).max(200)).min(1).max(100).optional();

/** Periods of one question; a century of months would be 1 200 reads. */
const MOST_PERIODS = 60;

const compareQuery = z.strictObject({
  baseline: once(word),
  candidate: once(word),
  period: once(
    z
      .string()
      .transform((text) => [...new Set(text.split(","))])
      .refine((periods) => periods.every(isPeriod), "expected all, 2026, 2026-Q4, 2026-11, or several with commas")
      .refine((periods) => periods.length <= MOST_PERIODS, `expected at most ${MOST_PERIODS} periods`),
  ).default([PERIOD_ALL]),
  view: once(z.enum(VIEWS)).default("trusted"),
  margin: once(z.coerce.number().gt(0).max(1)).default(0.03),
  metric: z.array(z.enum(METRIC_NAMES)).optional(),
  site: values,
  hardware: values,
  storage: values,
  xen_version: values,
});

export function addCompareRoute(app: HttpApp, deps: ReadDeps): void {
  app.get("/v1/compare", allow(deps, "read"), async (c) => {
    const format = formatOf(c, ["json", "txt"]);
    const query = queryBy(c, compareQuery);
    const baseline = backendOf(query.baseline);
    const candidate = backendOf(query.candidate);
    if (baseline === candidate) {
      throw new AppError("bad_parameter", `baseline and candidate are both ${baseline}; expected two backends`);
    }
    const filters = Object.fromEntries(
      COHORT_KEYS.flatMap((key) => (query[key] === undefined ? [] : [[key, query[key]]])),
    );
    const { period: periods, view, margin, metric: metrics = [] } = query;
    const question = { baseline, candidate, periods, view, filters, margin, metrics };
    const comparison = await answer(deps, tokenOf(c).fleet, question);
    return format === "json" ? c.json(comparison) : c.text(comparisonText(comparison));
  });
}

/** The comparison that answers a question about a fleet. */
export async function answer(
  deps: Pick<ReadDeps, "cells" | "status">,
  fleet: string,
  question: Question,
): Promise<Comparison> {
  const { baseline, candidate, view } = question;
  const about = { fleet, periods: question.periods, filters: question.filters };
  const [pair, ofBaseline, ofCandidate, marks] = await Promise.all([
    deps.cells.read(about, "pair", pairName(baseline, candidate)),
    deps.cells.read(about, "backend", baseline),
    deps.cells.read(about, "backend", candidate),
    deps.status.openMarks(fleet),
  ]);
  const written = [pair, ofBaseline, ofCandidate].flatMap(({ writtenAt }) => writtenAt ?? []).sort();
  return compare({
    question,
    asOf: written.at(-1) ?? null,
    pendingHosts: marks.count,
    pair: pair.views[view],
    baselineValues: ofBaseline.views[view],
    candidateValues: ofCandidate.views[view],
    pairAsReported: view === "trusted" ? pair.views.all : null,
  });
}
