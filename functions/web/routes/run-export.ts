// GET /v1/runs.csv: all runs that match, newest first, as one stream. A page of them is in memory at a time, and the next is
// read only when the client has taken this one.

import type { Context } from "hono";
import { csvRecord } from "../../../shared/render/csv.ts";
import { runRecords, unreadableRecords } from "../../../shared/report/records.ts";
import { type RunFilter, type RunLister, runPages, type UnreadableRun } from "../../../shared/run/listing.ts";
import { fleetSource } from "../../service/summary-source.ts";
import type { HttpEnv } from "../http/app.ts";
import { currentToken } from "../http/auth.ts";
import { parseQuery } from "../http/parameters.ts";
import { CONTENT_TYPES } from "../http/summary-response.ts";
import type { ReadDeps } from "./read.ts";

/** Exports under way at once: each holds a page of runs, and lasts as long as its reader takes. */
export const MAX_EXPORTS = 8;

/** All runs that match, as a file for a spreadsheet or for an import. */
export async function runExportResponse(c: Context<HttpEnv>, deps: ReadDeps): Promise<Response> {
  const { runExportQuery, storedRunFilter } = await import("../../../shared/summaries/runs.ts");
  const token = currentToken(c);
  const onError = c.get("logError");
  const filter = await storedRunFilter(fleetSource(deps, token, onError), parseQuery(c, runExportQuery));
  const pieces = exportedRuns(deps.runs, token.fleet, filter, onError);
  const ticket = deps.exports.enter(1);
  c.set("isStream", true);
  return c.body(await streamed(pieces, { onError, onEnd: ticket.leave }), 200, {
    "Content-Type": CONTENT_TYPES.csv,
    "Content-Disposition": 'attachment; filename="runs.csv"',
  });
}

/**
 * The text of an export in pieces, one for each page, the header with the first. A run that cannot be read has a row that says
 * so, at the end of its page, and is given to `onUnreadable`. Throws what the store throws, before the piece that it could
 * not read.
 */
export async function* exportedRuns(
  runs: RunLister,
  fleet: string,
  query: RunFilter,
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

interface StreamListener {
  /** Gets an error after the first piece. */
  readonly onError: (error: unknown) => void;
  /** Called once, however the stream ends. */
  readonly onEnd: () => void;
}

/** How long a stream waits for a reader that takes nothing. */
const READER_TIMEOUT_MS = 60_000;

/**
 * Pieces of text as the body of a response. It waits for the first piece, so that an unreachable store is reported with its
 * status. An error after that closes the connection before the end of the body: the reader must not take a part for the
 * whole. So does a reader that takes nothing for a minute.
 */
export async function streamed(
  pieces: AsyncGenerator<string, void>,
  { onError, onEnd }: StreamListener,
  timeoutMs = READER_TIMEOUT_MS,
): Promise<ReadableStream<Uint8Array>> {
  const encoder = new TextEncoder();
  let first: IteratorResult<string, void> | null;
  try {
    first = await pieces.next();
  } catch (error) {
    onEnd();
    throw error;
  }
  let timeout: NodeJS.Timeout | undefined;
  return new ReadableStream<Uint8Array>(
    {
      start: waitForReader,
      async pull(controller) {
        clearTimeout(timeout);
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
        clearTimeout(timeout);
        onEnd();
        await pieces.return();
      },
    },
    { highWaterMark: 0 },
  );

  function waitForReader(controller: ReadableStreamDefaultController<Uint8Array>): void {
    timeout = setTimeout(() => {
      controller.error(new Error("the reader of an export took nothing for a minute"));
      onEnd();
      void pieces.return();
    }, timeoutMs);
    timeout.unref();
  }
}
