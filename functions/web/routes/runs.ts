// Runs as they were read: one by its id, or a page of them, newest first.

import type { Context } from "hono";
import { LIST_FORMATS } from "../../../shared/api/formats.ts";
import type { Run } from "../../../shared/run/run.ts";
import { admitted, COST } from "../http/admission.ts";
import { allow, tokenOf } from "../http/auth.ts";
import { formatOf } from "../http/formats.ts";
import type { HttpApp, HttpEnv } from "../../http/http-env.ts";
import { idOf, queryBy } from "../http/parameters.ts";
import { CONTENT_TYPES, summaryAnswer } from "../http/summary-response.ts";
import { backendOf } from "../../read/backend-of.ts";
import type { ReadDeps } from "../../read/deps.ts";
import { hostNamed } from "../../read/host-named.ts";
import { requests } from "../../read/requests.ts";
import { runAnswer, runPageAnswer } from "../../read/run-answer.ts";
import { exportedRuns, streamed } from "../../read/run-export.ts";

export function addRunRoutes(app: HttpApp, deps: ReadDeps): void {
  app.get("/v1/runs/:id", allow(deps, "read", "ingest"), admitted(deps, COST.small), async (c) => {
    const format = formatOf(c, LIST_FORMATS);
    const look = queryBy(c, (await requests()).shownQuery);
    const run = await runAnswer(deps, tokenOf(c), idOf(c, "run"));
    return format === "txt" ? rawAnswer(c, run) : summaryAnswer(c, format, { kind: "run", answer: run }, look);
  });

  app.get("/v1/runs", allow(deps, "read"), admitted(deps, COST.list), async (c) => {
    const format = formatOf(c, LIST_FORMATS);
    if (format === "csv") return exportAnswer(c, deps);
    const { backend, host, width, theme, ...query } = queryBy(c, (await requests()).runsQuery);
    const { fleet } = tokenOf(c);
    const page = await deps.runs.list(fleet, {
      ...query,
      host: host && (await hostNamed(deps.hosts, fleet, host)),
      backend: backend && backendOf("backend", backend),
    });
    for (const run of page.unreadable) c.get("fault")(run);
    return summaryAnswer(c, format, { kind: "runs", answer: runPageAnswer(page) }, { width, theme });
  });
}

/** All runs that match, as a file for a spreadsheet or for an import. */
async function exportAnswer(c: Context<HttpEnv>, { runs, hosts, exports }: ReadDeps): Promise<Response> {
  const { backend, host, ...query } = queryBy(c, (await requests()).runExportQuery);
  const { fleet } = tokenOf(c);
  const which = {
    ...query,
    host: host && (await hostNamed(hosts, fleet, host)),
    backend: backend && backendOf("backend", backend),
  };
  const pieces = exportedRuns(runs, fleet, which, c.get("fault"));
  const ticket = exports.enter(1);
  c.set("isStream", true);
  return c.body(await streamed(pieces, { onError: c.get("fault"), onEnd: ticket.leave }), 200, {
    "Content-Type": CONTENT_TYPES.csv,
    "Content-Disposition": 'attachment; filename="runs.csv"',
  });
}

/** The line as it was received: the same bytes, in the encoding they came in. */
function rawAnswer(c: Context, { raw, raw_encoding: encoding }: Run): Response {
  if (encoding === "utf-8") return c.text(`${raw}\n`);
  const bytes = new Uint8Array(Buffer.from(`${raw}\n`, "latin1"));
  return c.body(bytes, 200, { "Content-Type": "text/plain; charset=ISO-8859-1" });
}
