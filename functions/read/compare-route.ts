// GET /v1/compare: two backends over the fleet. It reads a fixed number of cells, never runs.

import { compareQuery } from "../../shared/api/requests.ts";
import { pairName } from "../../shared/cells/contribution.ts";
import { compare } from "../../shared/compare/compare.ts";
import type { Comparison } from "../../shared/compare/comparison.ts";
import type { Question } from "../../shared/compare/question.ts";
import { AppError } from "../../shared/errors.ts";
import { comparisonText } from "../../shared/render/comparison-text.ts";
import { allow, tokenOf } from "../http/auth.ts";
import { formatOf } from "../http/format.ts";
import type { HttpApp } from "../http/http-env.ts";
import { queryBy } from "../http/parameters.ts";
import { backendOf } from "./backend-of.ts";
import type { ReadDeps } from "./deps.ts";
import { filtersOf } from "./filters-of.ts";
import { newest, noticesOf } from "./freshness.ts";

export function addCompareRoute(app: HttpApp, deps: ReadDeps): void {
  app.get("/v1/compare", allow(deps, "read"), async (c) => {
    const format = formatOf(c, ["json", "txt"]);
    const query = queryBy(c, compareQuery);
    const baseline = backendOf(query.baseline);
    const candidate = backendOf(query.candidate);
    if (baseline === candidate) {
      throw new AppError("bad_parameter", `baseline and candidate are both ${baseline}; expected two backends`);
    }
    const { period: periods, view, margin, metric: metrics = [] } = query;
    const question = { baseline, candidate, periods, view, filters: filtersOf(query), margin, metrics };
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
  const about = { fleet, periods: question.periods, filters: question.filters, metrics: question.metrics };
  const cells = deps.cells.open(about);
  const [pair, ofBaseline, ofCandidate, pendingHosts] = await Promise.all([
    cells.then(({ read }) => read("pair", pairName(baseline, candidate))),
    cells.then(({ read }) => read("backend", baseline)),
    cells.then(({ read }) => read("backend", candidate)),
    deps.status.pendingHosts(fleet),
  ]);
  return compare({
    question,
    asOf: newest([pair, ofBaseline, ofCandidate]),
    pendingHosts,
    notices: noticesOf([pair, ofBaseline, ofCandidate]),
    pair: pair.views[view],
    baselineValues: ofBaseline.views[view],
    candidateValues: ofCandidate.views[view],
    pairAsReported: view === "trusted" ? pair.views.all : null,
  });
}
