import type * as z from "zod";
import type { compareQuery } from "../../shared/api/requests.ts";
import { pairName } from "../../shared/cells/contribution.ts";
import { compare } from "../../shared/compare/compare.ts";
import type { Comparison } from "../../shared/compare/comparison.ts";
import type { Question } from "../../shared/compare/question.ts";
import { AppError } from "../../shared/errors.ts";
import { backendOf } from "../read/backend-of.ts";
import type { AnswerDeps } from "../read/deps.ts";
import { filtersOf } from "../read/filters-of.ts";
import { newest, noticesOf } from "../read/freshness.ts";

/** The comparison that a query asks for, of a fleet: a fixed number of cells, never runs. Throws `bad_parameter`. */
export async function compareAnswer(
  deps: AnswerDeps,
  fleet: string,
  query: z.output<typeof compareQuery>,
): Promise<Comparison> {
  const baseline = backendOf("baseline", query.baseline);
  const candidate = backendOf("candidate", query.candidate);
  if (baseline === candidate) {
    throw new AppError("bad_parameter", `baseline and candidate are both ${baseline}; expected two backends`);
  }
  const { period: periods, view, margin, metric: metrics = [] } = query;
  const question: Question = { baseline, candidate, periods, view, filters: filtersOf(query), margin, metrics };
  const about = { fleet, periods, filters: question.filters, metrics };
  const cells = deps.cells.open(about);
  const [pair, ofBaseline, ofCandidate, pendingHosts] = await Promise.all([
    cells.then(({ read }) => read("pair", pairName(baseline, candidate))),
    cells.then(({ read }) => read("backend", baseline)),
    cells.then(({ read }) => read("backend", candidate)),
    cells.then(() => deps.status.pendingHosts(fleet)),
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
