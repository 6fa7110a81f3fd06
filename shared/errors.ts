// The refusals of the service. An expected refusal is an AppError with one of the codes below; a fault in a posted line
// is an Issue (model/issue.ts); everything else is a bug, logged in full and answered as `internal` without its message.

import type { Issue } from "./run/run.ts";

/** Every error code with its HTTP status. Each has a section of the same name in docs/api.md. */
export const ERROR_STATUS = {
  bad_parameter: 400,
  bad_body: 400,
  no_backend: 400,
  no_result: 400,
  unauthorized: 401,
  forbidden: 403,
  not_found: 404,
  method_not_allowed: 405,
  snapshot_unavailable: 409,
  gone: 410,
  too_large: 413,
  unsupported_encoding: 415,
  slow_down: 429,
  unreadable: 500,
  internal: 500,
  not_implemented: 501,
  unavailable: 503,
} as const;

export type ErrorCode = keyof typeof ERROR_STATUS;

interface RefusalOptions {
  readonly issues?: readonly Issue[];
  readonly cause?: unknown;
  readonly retryAfterS?: number;
}

/** An expected refusal. `message` is written for the caller and never holds internals. */
export class AppError extends Error {
  override readonly name = "AppError";
  readonly code: ErrorCode;
  readonly issues: readonly Issue[];
  /** Seconds after which it may be tried again, where that is known. */
  readonly retryAfterS: number | null;

  constructor(code: ErrorCode, message: string, options: RefusalOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.issues = options.issues ?? [];
    this.retryAfterS = options.retryAfterS ?? null;
  }

  get status(): (typeof ERROR_STATUS)[ErrorCode] {
    return ERROR_STATUS[this.code];
  }
}
