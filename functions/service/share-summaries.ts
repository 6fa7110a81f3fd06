import { backendsQuery, compareQuery, matrixQuery, trendQuery } from "../../shared/api/parameters.ts";
import { allBackends, comparison, matrix, trend } from "../../shared/api/summary-answers.ts";
import type { Summary } from "../../shared/report/model.ts";
import type { Share } from "../../shared/run/share.ts";
import type { QueryDeps } from "../web/routes/read.ts";
import { type Admission, COST, charged, withTicket } from "./admission.ts";
import { backendsResult, compareResult, matrixResult, trendResult } from "./queries.ts";
import { checked } from "./validation.ts";

/** A kept answer as the summary it was; null when this version of the service has other answers than the one that kept it. */
export function storedSummary({ kind }: Pick<Share, "kind">, json: string): Summary | null {
  const kept: unknown = JSON.parse(json);
  switch (kind) {
    case "compare":
      return ofKind(kind, comparison.safeParse(kept));
    case "matrix":
      return ofKind(kind, matrix.safeParse(kept));
    case "trend":
      return ofKind(kind, trend.safeParse(kept));
    case "backends":
      return ofKind(kind, allBackends.safeParse(kept));
  }
}

function ofKind<K, T>(kind: K, { data }: { data?: T }): { kind: K; answer: T } | null {
  return data === undefined ? null : { kind, answer: data };
}

/** A question that can be shared. */
type Question = Pick<Share, "kind" | "query" | "fleet">;

/**
 * What a share shows now, of its own fleet; worked out once for all that are asked for it at once, in whatever look. Throws
 * `bad_parameter` for a query that its kind does not take, `slow_down` when too much is under way.
 */
export function summaryOf(deps: QueryDeps & { readonly admission: Admission }, question: Question): Promise<Summary> {
  const { kind, query, fleet } = question;
  return deps.admission.once(JSON.stringify([fleet, kind, query]), () =>
    withTicket(deps.admission, COST.answer, (ticket) => present(charged(deps, ticket), question)),
  );
}

async function present(deps: QueryDeps, { kind, query, fleet }: Question): Promise<Summary> {
  switch (kind) {
    case "compare":
      return { kind, answer: await compareResult(deps, fleet, checked(compareQuery, query, "bad_parameter")) };
    case "matrix":
      return { kind, answer: await matrixResult(deps, fleet, checked(matrixQuery, query, "bad_parameter")) };
    case "trend":
      return { kind, answer: await trendResult(deps, fleet, checked(trendQuery, query, "bad_parameter")) };
    case "backends":
      return { kind, answer: await backendsResult(deps, fleet, checked(backendsQuery, query, "bad_parameter")) };
  }
}
