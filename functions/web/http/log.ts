// The log as the apps see it; where its lines go is each deployment's matter.

/** What became of the results of an upload. */
export interface ResultCounts {
  readonly stored: number;
  readonly duplicate: number;
  readonly rejected: number;
}

/** What one request did. Never holds a token's secret or a body. */
export interface RequestEntry {
  readonly at: string;
  readonly requestId: string;
  readonly method: string;
  /** With the ids of shares cut short: whoever has one sees the share, so the log must not hold it. */
  readonly path: string;
  readonly status: number;
  readonly milliseconds: number;
  readonly tokenId: string | null;
  readonly fleet: string | null;
  /** What the handler wants to say, e.g. `stored 2, duplicate 0, rejected 1`. */
  readonly note: string | null;
  /** What became of an upload's results; null for other requests. */
  readonly results: ResultCounts | null;
}

export interface Log {
  request(entry: RequestEntry): void;
  /** An error nobody expected, or the cause of an `unavailable`. */
  fault(requestId: string, error: unknown): void;
}
