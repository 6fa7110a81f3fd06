import { AppError } from "../../shared/errors.ts";
import type { Run } from "../../shared/run/run.ts";
import { hostMatches, type Token } from "../../shared/run/token.ts";
import type { RunPage } from "../../shared/ports.ts";
import type { RunPage as RunPageAnswer } from "../../shared/report/summary.ts";
import type { ReadDeps } from "./deps.ts";

/**
 * The run with an id. An ingest token reads its own receipts: runs of the hosts it may post for. Throws `forbidden` for
 * others, and `not_found`, as for runs of other fleets, of which nothing is known here.
 */
export async function runAnswer({ runs }: Pick<ReadDeps, "runs">, token: Token, id: string): Promise<Run> {
  const run = await runs.get(token.fleet, id);
  if (run === null) throw new AppError("not_found", "this fleet has no run with that id");
  if (token.scope === "ingest" && !hostMatches(token.hosts, run.host)) {
    throw new AppError("forbidden", `this token reads receipts of hosts ${token.hosts}, not of "${run.host}"`);
  }
  return run;
}

/** A page of runs as it is answered. */
export function runPageAnswer({ items, unreadable, cursor, lookedAt }: RunPage): RunPageAnswer {
  return {
    runs: items,
    ...(unreadable.length > 0 && { unreadable: unreadable.map(({ id, host }) => ({ id, host })) }),
    cursor,
    ...(lookedAt !== undefined && { looked_at: lookedAt }),
  };
}
