// The errors that the service expects. They carry data: a code, what is wrong, and where; `errorText` and `issueText` put
// them into words at the edge (HTTP, pages, command line), which says what its own users can do. A defect in an uploaded line
// is an Issue (shared/run/run.ts). Every other error is a bug: it is logged in full, and returned as `internal`.

import type { Issue } from "./run/run.ts";
import { printable } from "./run/text.ts";

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

interface ErrorDetails {
  readonly issues?: readonly Issue[];
  readonly cause?: unknown;
  /** Seconds after which the caller may retry, where that is known. */
  readonly retryAfterS?: number;
  /** The parameter or key that is wrong, where the message is only about its value. */
  readonly field?: string;
  /** The line of the upload that is wrong, counted from 1. */
  readonly line?: number;
  /** Whether an upload failed as a whole. Not set where a part of it may be stored, and for everything but uploads. */
  readonly nothingStored?: boolean;
}

/** An expected error. The message is written for the caller and never contains internals. */
export class AppError extends Error {
  override readonly name = "AppError";
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details);
    this.code = code;
    this.details = details;
  }

  get issues(): readonly Issue[] {
    return this.details.issues ?? [];
  }

  get status(): (typeof ERROR_STATUS)[ErrorCode] {
    return ERROR_STATUS[this.code];
  }
}

/** What a user can do about an error, by its code. */
export type Advice = Readonly<Partial<Record<ErrorCode, string>>>;

/** What depends on where an error is shown. */
export interface ErrorWords {
  readonly advice?: Advice | undefined;
  /** The name of a field, e.g. that of a command line option; the same unless given. */
  readonly nameOf?: (field: string) => string;
  /** The lines of a file before the uploaded part, which was stored; 0 unless given. */
  readonly linesBefore?: number;
}

/** The error as one line of text, e.g. `line 2: unknown key "sight"; nothing was stored`. */
export function errorText(
  { code, message, details: { field, line, nothingStored } }: AppError,
  { advice, nameOf, linesBefore = 0 }: ErrorWords = {},
): string {
  const what = [
    line === undefined ? undefined : `line ${line + linesBefore}`,
    field === undefined ? undefined : (nameOf?.(field) ?? field),
    message,
    advice?.[code],
  ];
  const text = what.filter((part) => part !== undefined).join(": ");
  if (nothingStored !== true) return text;
  return `${text}; nothing ${linesBefore === 0 ? "" : `after line ${linesBefore} `}was stored`;
}

/** An issue as one line of text, e.g. `line 2, column 4, put_block: expected a rate, found "12x" [bad_number]`. */
export function issueText({ line, column, field, code, text }: Omit<Issue, "raw">): string {
  const place = line === 0 ? "parameters" : `line ${line}, column ${column}`;
  return printable(`${place}${field === null ? "" : `, ${field}`}: ${text} [${code}]`);
}
