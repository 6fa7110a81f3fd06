// DELETE /v1/runs/{id}: takes a run out of all statistics and keeps it readable as withdrawn.

import { AppError } from "../../shared/errors.ts";
import { allow, tokenOf } from "../web/http/auth.ts";
import { formatOf } from "../web/http/formats.ts";
import type { HttpApp } from "../http/http-env.ts";
import { idOf } from "../web/http/parameters.ts";
import type { IngestDeps } from "./deps.ts";

export function addWithdrawRoute(app: HttpApp, deps: IngestDeps): void {
  app.delete("/v1/runs/:id", allow(deps, "admin"), async (c) => {
    formatOf(c, ["json"]);
    const { fleet } = tokenOf(c);
    const id = idOf(c, "run");
    const run = await deps.runs.withdraw(fleet, id, new Date(deps.clock()).toISOString());
    if (run === null) throw new AppError("not_found", "this fleet has no run with that id");
    deps.wake(fleet, [run.host]);
    c.set("note", `withdrew ${id}`);
    return c.json({ id, withdrawn_at: run.withdrawn_at });
  });
}
