// Putting stored runs right (docs/api.md#put-results-right): an admin withdraws runs, which takes them out of all statistics and
// keeps them readable, restores them, and relabels them.

import type { Context } from "hono";
import { AppError } from "../../../shared/errors.ts";
import { unknownBackendText } from "../../../shared/run/aliases.ts";
import { resolveBackend } from "../../../shared/run/resolution.ts";
import { type RunSelection, relabelRun, restoreRun, withdrawRun, withdrawRuns } from "../../service/run-changes.ts";
import { logActivity } from "../http/activity.ts";
import type { HttpApp, HttpEnv } from "../http/app.ts";
import { allow, currentToken } from "../http/auth.ts";
import { chooseFormat } from "../http/formats.ts";
import { parseId, parseQuery, readJson, readOptionalJson } from "../http/parameters.ts";
import type { IngestDeps } from "./ingest.ts";

/** Loaded on the first request: no host needs these schemas, and building them would take milliseconds of every start. */
const schemas = () => import("../../../shared/api/run-changes.ts");

/** Adds the routes of changes. */
export function addRunChangeRoutes(app: HttpApp, deps: IngestDeps): void {
  app.delete("/v1/runs/:id", allow(deps, "admin"), async (c) => {
    chooseFormat(c, ["json"]);
    const id = parseId(c, "run");
    const reason = await readReason(c);
    const { isChanged, withdrawn_at, withdrawn_reason } = await withdrawRun(deps, currentToken(c).fleet, id, reason);
    if (isChanged) await logActivity(c, deps, { action: "run_withdrawn", subject: id, details: reason ?? null });
    c.set("note", `withdrew ${id}`);
    return c.json({ id, withdrawn_at, withdrawn_reason });
  });

  app.post("/v1/runs/:id/restore", allow(deps, "admin"), async (c) => {
    chooseFormat(c, ["json"]);
    const id = parseId(c, "run");
    const { isChanged } = await restoreRun(deps, currentToken(c).fleet, id);
    if (isChanged) await logActivity(c, deps, { action: "run_restored", subject: id });
    c.set("note", `restored ${id}`);
    return c.json({ id, restored: isChanged });
  });

  app.post("/v1/runs/:id/relabel", allow(deps, "admin"), async (c) => {
    chooseFormat(c, ["json"]);
    const id = parseId(c, "run");
    const label = await readJson(c, (await schemas()).relabelBody);
    const { run, status, withdrawn_at, isChanged } = await relabelRun(deps, currentToken(c).fleet, id, label);
    const { backend, host } = run;
    const details = [`backend ${backend}, host ${host}: run ${run.id}`, label.reason].filter(Boolean).join("; ");
    if (isChanged) await logActivity(c, deps, { action: "run_relabeled", subject: id, details });
    c.set("note", `relabeled ${id} as ${run.id}`);
    return c.json({ id: run.id, url: `/v1/runs/${run.id}`, status, host, backend, relabeled_from: id, withdrawn_at });
  });

  app.post("/v1/runs/withdraw", allow(deps, "admin"), async (c) => {
    chooseFormat(c, ["json"]);
    const { reason, dry_run, cursor, ...given } = await readJson(c, (await schemas()).withdrawManyBody);
    const selection = storedSelection(given);
    const options = { reason, isDryRun: dry_run, cursor };
    const outcome = await withdrawRuns(deps, currentToken(c).fleet, selection, options);
    const text = selectionText(selection);
    if (!dry_run && outcome.withdrawn > 0) {
      const details = [`${outcome.withdrawn} runs of ${text}`, reason].filter(Boolean).join("; ");
      await logActivity(c, deps, { action: "runs_withdrawn", subject: null, details });
    }
    c.set("note", `${dry_run ? "would withdraw" : "withdrew"} ${outcome.withdrawn} runs`);
    return c.json({ dry_run, ...outcome });
  });
}

/** The reason in the query, or in a JSON body. Throws `bad_parameter`, and `bad_body` for a reason in both. */
async function readReason(c: Context<HttpEnv>): Promise<string | undefined> {
  const { withdrawalBody, withdrawalQuery } = await schemas();
  const { reason } = parseQuery(c, withdrawalQuery);
  const body = await readOptionalJson(c, withdrawalBody);
  if (reason !== undefined && body?.reason !== undefined) {
    throw new AppError("bad_body", "reason: given in the query and in the body; expected once");
  }
  return reason ?? body?.reason;
}

/** The selection with host and backend as they are stored. Throws `bad_body` for a backend that nobody knows. */
function storedSelection({ backend: word, host, ...others }: RunSelection): RunSelection {
  const backend = word === undefined ? undefined : resolveBackend(word)?.backend;
  if (word !== undefined && backend === undefined) {
    throw new AppError("bad_body", unknownBackendText("backend", word), { field: "backend" });
  }
  return { ...others, host: host?.normalize("NFC"), backend };
}

const selectionText = (selection: RunSelection): string =>
  Object.entries(selection)
    .flatMap(([name, value]) => (value === undefined ? [] : [`${name} ${value}`]))
    .join(", ");
