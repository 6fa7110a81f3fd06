// The log as the apps see it; where its lines go is each deployment's matter.

/** What one request did. Never holds a token's secret or a body. */
export interface RequestEntry {
  readonly at: string;
  readonly requestId: string;
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly milliseconds: number;
  readonly tokenId: string | null;
  readonly fleet: string | null;
  /** What the handler wants to say, e.g. `stored 2, duplicate 0, rejected 1`. */
  readonly note: string | null;
}

export interface Log {
  request(entry: RequestEntry): void;
  /** An error nobody expected, or the cause of an `unavailable`. */
  fault(requestId: string, error: unknown): void;
}
