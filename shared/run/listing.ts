// Listings: what a client may ask of a list of runs, the pages that it gets, and reading all of them page by page.

import type { CohortKey } from "./cohort.ts";
import type { Run } from "./run.ts";

/** Which runs to list, newest first. Times are ISO 8601 UTC; `from` is inclusive, `to` exclusive. */
export interface RunQuery {
  readonly host?: string | undefined;
  readonly backend?: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/** What hosts are listed by: their names, when their newest runs finished (oldest first), or their runs (most first). */
export const HOST_ORDERS = ["name", "last_at", "runs"] as const;

export type HostOrder = (typeof HOST_ORDERS)[number];

/** Which hosts to list. */
export interface HostQuery {
  readonly order: HostOrder;
  /** Only hosts with this in their name, in upper or lower case. */
  readonly part?: string | undefined;
  /** Only hosts whose newest run finished before this time, ISO 8601 UTC. */
  readonly before?: string | undefined;
  /** Only hosts that have one of the values of each of these attributes. */
  readonly filters: Readonly<Partial<Record<CohortKey, readonly string[]>>>;
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/** One page of a listing; `cursor` is null on the last page. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly cursor: string | null;
}

/** A stored run that cannot be read: its bytes were damaged, or a version that this one does not know wrote them. */
export interface UnreadableRun {
  readonly id: string;
  /** Null where the name of the host cannot be read either. */
  readonly host: string | null;
  /** What was expected and what was found. */
  readonly reason: string;
}

/** One page of runs. `unreadable` names the runs of the page that cannot be read. */
export interface RunPage extends Page<Run> {
  readonly unreadable: readonly UnreadableRun[];
  /** How many runs were examined, when the page ended before it was full: the cursor may lead to further ones. */
  readonly examined?: number;
}

/** Lists runs. */
export interface RunLister {
  /** One page, newest first; it may be short, or empty, without being the last. */
  list(fleet: string, query: RunQuery): Promise<RunPage>;
}

/** Runs that are read at a time: half a MB, put into records in some milliseconds. */
const RUNS_AT_ONCE = 200;

/** Which runs to read, on however many pages. */
export type RunFilter = Omit<RunQuery, "limit" | "cursor">;

/**
 * All runs that match, newest first, some hundred at a time; the next are read when the caller is done with these.
 * At least one page, which may be empty. Throws what the store throws.
 */
export async function* runPages(runs: RunLister, fleet: string, query: RunFilter): AsyncGenerator<RunPage, void> {
  let cursor: string | undefined;
  do {
    const page = await runs.list(fleet, { ...query, limit: RUNS_AT_ONCE, cursor });
    yield page;
    cursor = page.cursor ?? undefined;
  } while (cursor !== undefined);
}
