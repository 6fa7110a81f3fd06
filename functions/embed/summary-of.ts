import { backendsQuery, compareQuery, matrixQuery, trendQuery } from "../../shared/api/requests.ts";
import type { Share } from "../../shared/model/share.ts";
import type { Summary } from "../../shared/report/summary.ts";
import { checked } from "../http/parameters.ts";
import { backendsAnswer } from "../read/backends-answer.ts";
import { compareAnswer } from "../read/compare-answer.ts";
import type { AnswerDeps } from "../read/deps.ts";
import { matrixAnswer } from "../read/matrix-answer.ts";
import { trendAnswer } from "../read/trend-answer.ts";

/** What a share shows now, of its own fleet. Throws `bad_parameter` for a query that its kind does not take. */
export async function summaryOf(
  deps: AnswerDeps,
  { kind, query, fleet }: Pick<Share, "kind" | "query" | "fleet">,
): Promise<Summary> {
  switch (kind) {
    case "compare":
      return { kind, answer: await compareAnswer(deps, fleet, checked(compareQuery, query, "bad_parameter")) };
    case "matrix":
      return { kind, answer: await matrixAnswer(deps, fleet, checked(matrixQuery, query, "bad_parameter")) };
    case "trend":
      return { kind, answer: await trendAnswer(deps, fleet, checked(trendQuery, query, "bad_parameter")) };
    case "backends":
      return { kind, answer: await backendsAnswer(deps, fleet, checked(backendsQuery, query, "bad_parameter")) };
  }
}
