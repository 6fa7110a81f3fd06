import type * as z from "zod";
import type { matrixQuery } from "../../shared/api/requests.ts";
import { SCOPE_ALL } from "../../shared/cells/cell.ts";
import type { DatedMatrix } from "../../shared/compare/dated.ts";
import { type MatrixPair, matrix } from "../../shared/compare/matrix.ts";
import type { Merged } from "../../shared/compare/question.ts";
import { type Backend, isBackend } from "../../shared/run/backends.ts";
import type { AnswerDeps } from "./deps.ts";
import { filtersOf } from "./filters-of.ts";
import { newest, noticesOf } from "./freshness.ts";

/**
 * The matrix that a query asks for, of a fleet. It reads the cells of scope ALL alone: one range for each pair and each
 * backend there is, at most 66 and 12 of them for each period and matching cohort.
 */
export async function matrixAnswer(
  deps: AnswerDeps,
  fleet: string,
  query: z.output<typeof matrixQuery>,
): Promise<DatedMatrix> {
  const { period: periods, view, margin, metric: metrics = [], ...cohort } = query;
  const filters = filtersOf(cohort);
  const about = { fleet, periods, filters, scope: SCOPE_ALL, metrics };
  const cells = deps.cells.open(about);
  const [ofPairs, ofBackends, pendingHosts] = await Promise.all([
    cells.then(({ readAll }) => readAll("pair")),
    cells.then(({ readAll }) => readAll("backend")),
    cells.then(() => deps.status.pendingHosts(fleet)),
  ]);
  const pairs = [...ofPairs].flatMap(([name, { views }]): MatrixPair[] => {
    const cell = views[view].get(SCOPE_ALL);
    const [baseline = "", candidate = ""] = name.split(":");
    return cell !== undefined && isBackend(baseline) && isBackend(candidate) ? [{ baseline, candidate, cell }] : [];
  });
  const values = [...ofBackends].flatMap(([name, { views }]): [Backend, Merged][] => {
    const cell = views[view].get(SCOPE_ALL);
    return cell !== undefined && isBackend(name) ? [[name, cell]] : [];
  });
  const readings = [...ofPairs.values(), ...ofBackends.values()];
  return {
    ...matrix({ periods, view, filters, margin, metrics }, pairs, new Map(values)),
    as_of: newest(readings),
    pending_hosts: pendingHosts,
    notices: noticesOf(readings),
  };
}
