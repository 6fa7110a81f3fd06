// The export of runs: all that match, newest first, as one stream. A page of them is in memory at a time, and the next is
// read only when the client has taken this one.

import type { RunStore, UnreadableRun } from "../../shared/ports.ts";
import { csvRecord } from "../../shared/render/csv.ts";
import { runRecords, unreadableRecords } from "../../shared/report/run-records.ts";
import { type AllRunsQuery, runPages } from "../service/run-pages.ts";

/** Exports under way at once: each holds a page of runs, and lasts as long as its reader takes. */
export const MOST_EXPORTS = 8;

/**
 * The text of an export in pieces, one for each page, the head with the first. A run that cannot be read has a row that says
 * so, at the end of its page, and `onUnreadable` hears of it. Throws what the store throws, before the piece that it could
 * not read.
 */
export async function* exportedRuns(
  runs: Pick<RunStore, "list">,
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
