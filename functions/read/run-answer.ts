import { AppError } from "../../shared/errors.ts";
import type { Run } from "../../shared/model/run.ts";
import { hostMatches, type Token } from "../../shared/model/token.ts";
import type { ReadDeps } from "./deps.ts";

/**
 * The run with an id. An ingest token reads its own receipts: runs of the hosts it may post for. Others are not there for
 * it. Throws `not_found`.
 */
export async function runAnswer({ runs }: Pick<ReadDeps, "runs">, token: Token, id: string): Promise<Run> {
  const run = await runs.get(token.fleet, id);
  if (run === null || (token.scope === "ingest" && !hostMatches(token.hosts, run.host))) {
    throw new AppError("not_found", "this fleet has no run with that id");
  }
  return run;
}
