// The export of runs: all that match, newest first, as one stream. A page of them is in memory at a time, and the next is
// read only when the client has taken this one.

import type { RunStore, UnreadableRun } from "../../shared/ports.ts";
import { csvRecord } from "../../shared/render/csv.ts";
import { runRecords, unreadableRecords } from "../../shared/report/run-records.ts";
import { type AllRunsQuery, runPages } from "./run-pages.ts";

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
    const { rows } = unreadableRecords(fleet, unreadable);
    yield head + [...runRecords(items).rows, ...rows].map(csvRecord).join("");
    head = "";
  }
}

/**
 * Pieces of text as the body of an answer. The first piece is waited for, so that a store that cannot be reached is
 * refused with its status. An error after it breaks the connection off before the end of the body: whoever reads it must
 * not take a part for the whole. `onError` hears of it.
 */
export async function streamed(
  pieces: AsyncGenerator<string, void>,
  onError: (error: unknown) => void,
): Promise<ReadableStream<Uint8Array>> {
  const encoder = new TextEncoder();
  let first: IteratorResult<string, void> | null = await pieces.next();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const next = first ?? (await pieces.next());
          first = null;
          if (next.done) controller.close();
          else controller.enqueue(encoder.encode(next.value));
        } catch (error) {
          onError(error);
          throw error;
        }
      },
      async cancel() {
        await pieces.return();
      },
    },
    { highWaterMark: 0 },
  );
}
