// Runs as they were read: one by its id, or a page of them, newest first.

import type { Context } from "hono";
import { LIST_FORMATS } from "../../../shared/api/formats.ts";
import { csvRecord } from "../../../shared/render/csv.ts";
import { runRecords, unreadableRecords } from "../../../shared/report/records.ts";
import type { UnreadableRun } from "../../../shared/run/listing.ts";
import type { Run } from "../../../shared/run/run.ts";
import { COST } from "../../service/admission.ts";
import { backendOf, hostNamed, runPageResult, runResult } from "../../service/queries.ts";
import { type AllRunsQuery, type RunLister, runPages } from "../../service/run-pages.ts";
import { admitted } from "../http/admission.ts";
import type { HttpApp, HttpEnv } from "../http/app.ts";
import { allow, tokenOf } from "../http/auth.ts";
import { formatOf } from "../http/formats.ts";
import { idOf, queryBy } from "../http/parameters.ts";
import { CONTENT_TYPES, summaryResponse } from "../http/summary-response.ts";
import { type ReadDeps, requests } from "./read.ts";

// The export of runs: all that match, newest first, as one stream. A page of them is in memory at a time, and the next is
// read only when the client has taken this one.

/** Exports under way at once: each holds a page of runs, and lasts as long as its reader takes. */
export const MAX_EXPORTS = 8;

/**
 * The text of an export in pieces, one for each page, the head with the first. A run that cannot be read has a row that says
 * so, at the end of its page, and `onUnreadable` hears of it. Throws what the store throws, before the piece that it could
 * not read.
 */
export async function* exportedRuns(
  runs: RunLister,
  fleet: string,
  query: AllRunsQuery,
  onUnreadable: (run: UnreadableRun) => void,
): AsyncGenerator<string, void> {
  let head = csvRecord(runRecords([]).columns);
  for await (const { items, unreadable } of runPages(runs, fleet, query)) {
    for (const run of unreadable) onUnreadable(run);
    const rows = [...runRecords(items).rows, ...unreadableRecords(fleet, unreadable).rows];
    const piece = head + rows.map(csvRecord).join("");
    // A page without a match has nothing to send.
    if (piece !== "") yield piece;
    head = "";
  }
}

/** What becomes of an export: it fails, and it ends in any way, which it does once. */
interface Hearing {
  readonly onError: (error: unknown) => void;
  readonly onEnd: () => void;
}

/** A reader who takes nothing for so long is not waited for any more. */
const PATIENCE_MS = 60_000;

/**
 * Pieces of text as the body of an answer. The first piece is waited for, so that a store that cannot be reached is
 * refused with its status. An error after it breaks the connection off before the end of the body: whoever reads it must
 * not take a part for the whole. So does a reader who takes nothing for a minute.
 */
export async function streamed(
  pieces: AsyncGenerator<string, void>,
  { onError, onEnd }: Hearing,
  patienceMs = PATIENCE_MS,
): Promise<ReadableStream<Uint8Array>> {
  const encoder = new TextEncoder();
  let first: IteratorResult<string, void> | null;
  try {
    first = await pieces.next();
  } catch (error) {
    onEnd();
    throw error;
  }
  let patience: NodeJS.Timeout | undefined;
  return new ReadableStream<Uint8Array>(
    {
      start: waitForReader,
      async pull(controller) {
        clearTimeout(patience);
        try {
          const next = first ?? (await pieces.next());
          first = null;
          if (next.done) {
            controller.close();
            onEnd();
          } else {
            controller.enqueue(encoder.encode(next.value));
            waitForReader(controller);
          }
        } catch (error) {
          onEnd();
          onError(error);
          throw error;
        }
      },
      async cancel() {
        clearTimeout(patience);
        onEnd();
        await pieces.return();
      },
    },
    { highWaterMark: 0 },
  );

  function waitForReader(controller: ReadableStreamDefaultController<Uint8Array>): void {
    patience = setTimeout(() => {
      controller.error(new Error("the reader of an export took nothing for a minute"));
      onEnd();
      void pieces.return();
    }, patienceMs);
    patience.unref();
  }
}

export function addRunRoutes(app: HttpApp, deps: ReadDeps): void {
  app.get("/v1/runs/:id", allow(deps, "read", "ingest"), admitted(deps, COST.small), async (c) => {
    const format = formatOf(c, LIST_FORMATS);
    const look = queryBy(c, (await requests()).shownQuery);
    const run = await runResult(deps, tokenOf(c), idOf(c, "run"));
    return format === "txt" ? rawAnswer(c, run) : summaryResponse(c, format, { kind: "run", answer: run }, look);
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
    for (const run of page.unreadable) c.get("logError")(run);
    return summaryResponse(c, format, { kind: "runs", answer: runPageResult(page) }, { width, theme });
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
  const pieces = exportedRuns(runs, fleet, which, c.get("logError"));
  const ticket = exports.enter(1);
  c.set("isStream", true);
  return c.body(await streamed(pieces, { onError: c.get("logError"), onEnd: ticket.leave }), 200, {
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
