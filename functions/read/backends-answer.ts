import type * as z from "zod";
import type { backendsQuery } from "../../shared/api/requests.ts";
import { type AllBackends, allBackends } from "../../shared/compare/backends.ts";
import type { AnswerDeps } from "./deps.ts";
import { filtersOf } from "./filters-of.ts";
import { newest, noticesOf } from "./freshness.ts";

/**
 * What each backend of a fleet does by itself. It reads one range of cells for each backend there is, at most 12 of them
 * for each period and matching cohort, and as many small reads to find out which there are.
 */
export async function backendsAnswer(
  deps: AnswerDeps,
  fleet: string,
  query: z.output<typeof backendsQuery>,
): Promise<AllBackends> {
  const { period: periods, view, metric: metrics = [], ...cohort } = query;
  const filters = filtersOf(cohort);
  const cells = deps.cells.open({ fleet, periods, filters, metrics });
  const [readings, pendingHosts] = await Promise.all([
    cells.then(({ readAll }) => readAll("backend")),
    cells.then(() => deps.status.pendingHosts(fleet)),
  ]);
  return allBackends({
    question: { periods, view, filters, metrics },
    asOf: newest(readings.values()),
    pendingHosts,
    notices: noticesOf(readings.values()),
    values: new Map([...readings].map(([name, { views }]) => [name, views[view]])),
  });
}
