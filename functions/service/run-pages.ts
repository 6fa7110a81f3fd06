import type { RunPage, RunQuery } from "../../shared/run/listing.ts";

/** Lists runs. */
export interface RunLister {
  /** One page, newest first; it may be short, or empty, without being the last. */
  list(fleet: string, query: RunQuery): Promise<RunPage>;
}

/** Runs that are read at a time: half a MB, put into records in some milliseconds. */
const RUNS_AT_ONCE = 200;

/** Which runs to read. */
export type AllRunsQuery = Omit<RunQuery, "limit" | "cursor">;

/**
 * All runs that match, newest first, some hundred at a time; the next are read when the caller is done with these.
 * At least one page, which may be empty. Throws what the store throws.
 */
export async function* runPages(runs: RunLister, fleet: string, query: AllRunsQuery): AsyncGenerator<RunPage, void> {
  let cursor: string | undefined;
  do {
    const page = await runs.list(fleet, { ...query, limit: RUNS_AT_ONCE, cursor });
    yield page;
    cursor = page.cursor ?? undefined;
  } while (cursor !== undefined);
}
