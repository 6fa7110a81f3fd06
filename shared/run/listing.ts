// Listings: what a client may ask of a list of runs, and the pages that it gets.

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
  readonly lookedAt?: number;
}
