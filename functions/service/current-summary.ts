// What a share shows now: its summary, computed from the statistics of its fleet. It is loaded when it is first needed, since
// most requests are for stored documents.

import type { Share } from "../../shared/run/share.ts";
import type { Summary } from "../../shared/summaries/kind.ts";
import type { SummaryRegistry } from "../../shared/summaries/registry.ts";
import { type Admission, COST, charged, withTicket } from "./admission.ts";
import { sharedKind } from "./shares.ts";
import { type CellStores, cellSource } from "./summary-source.ts";
import { checked } from "./validation.ts";

export interface CurrentSummaryDeps extends CellStores {
  readonly admission: Admission;
  readonly summaries: SummaryRegistry;
}

/**
 * What a share shows now, of its own fleet; computed once for all who ask for it at the same time, in whatever rendering.
 * Throws `bad_parameter` for a query that its kind does not take, `slow_down` if too much is being computed.
 */
export function currentSummary(
  deps: CurrentSummaryDeps,
  { kind: name, query, fleet }: Pick<Share, "kind" | "query" | "fleet">,
): Promise<Summary> {
  const entry = sharedKind(deps.summaries, { kind: name });
  return deps.admission.once(JSON.stringify([fleet, name, query]), () =>
    withTicket(deps.admission, COST[entry.cost], async (ticket) => {
      const kind = await entry.load();
      const parameters = checked(kind.query, query, "bad_parameter");
      return { kind: name, result: await kind.compute(cellSource(charged(deps, ticket), fleet), parameters) };
    }),
  );
}
