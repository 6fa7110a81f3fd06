// Errors of the store, translated to the errors of the service, and retries. Errors are recognized by their names: message
// texts differ between engines.

import { TransactionCanceledException } from "@aws-sdk/client-dynamodb";
import { AppError } from "../../../shared/errors.ts";
import type { Item } from "./item.ts";

/**
 * A transaction that changed nothing. `reasons` has a code for each of its writes, `None` for one that could be written;
 * `items` has the stored item of each write whose condition was not met, if the write asks for it.
 */
export class TransactionCancelled extends Error {
  override readonly name = "TransactionCancelled";
  readonly reasons: readonly string[];
  readonly items: readonly (Item | undefined)[];

  constructor(reasons: readonly string[], cause: unknown, items: readonly (Item | undefined)[] = []) {
    super(`transaction cancelled: ${[...new Set(reasons)].join(", ")}`, { cause });
    this.reasons = reasons;
    this.items = items;
  }

  /** Whether retrying the same transaction can help: another writer was in the way, or the table is busy. */
  get transient(): boolean {
    return this.reasons.every((reason) => reason === "None" || TRANSIENT_REASONS.has(reason));
  }

  /** Whether the table was busy for some of the writes, and no other writer was in the way of any. */
  get isThrottled(): boolean {
    return (
      this.reasons.some((reason) => THROTTLING_REASONS.has(reason)) &&
      this.reasons.every((reason) => reason === "None" || THROTTLING_REASONS.has(reason))
    );
  }

  /** Whether reading again and starting over can help: other writers were or are in the way, or the table is busy. */
  get isLostRace(): boolean {
    return this.reasons.every(
      (reason) => reason === "None" || reason === "ConditionalCheckFailed" || TRANSIENT_REASONS.has(reason),
    );
  }
}

/** Reasons of a table that is busy: it takes fewer writes than are sent, from however few writers. */
const THROTTLING_REASONS: ReadonlySet<string> = new Set([
  "ThrottlingError",
  "ProvisionedThroughputExceeded",
  "RequestLimitExceeded",
]);

const TRANSIENT_REASONS: ReadonlySet<string> = new Set(["TransactionConflict", ...THROTTLING_REASONS]);

const BUSY = new Set([
  "ThrottlingException",
  "ProvisionedThroughputExceededException",
  "RequestLimitExceeded",
  "TransactionInProgressException",
]);

const UNREACHABLE = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ENOTFOUND",
  "EAI_RETRY_HINT",
  "ETIMEDOUT",
  "TimeoutError",
  "InternalServerError",
  "ServiceUnavailable",
  "ResourceNotFoundException",
  "AbortError",
]);

// Not "nothing was stored": a large upload takes several transactions, and the first ones may have succeeded.
/** Advice for the client, for the end of an error message. */
export const RETRY_HINT = "retry later; retrying is safe";

/** The error while the store is overloaded; `cause` is the error of the store, if there was one. */
export function storeBusy(cause?: unknown): AppError {
  return new AppError("slow_down", `the store is busy; ${RETRY_HINT}`, { cause });
}

/**
 * The messages of SQLite, unchanged for twenty years, for a file that cannot be written or read. The embedded engine passes
 * them on in an InternalServerError.
 */
const BROKEN = [
  { is: "full", text: /database or disk is full/, message: `the disk of the store is full; ${RETRY_HINT}` },
  {
    is: "damaged",
    text: /database disk image is malformed|file is not a database/,
    message: "the store is damaged: its file must be restored from the backup; retry after that",
  },
  { is: "failing", text: /disk I\/O error/, message: `the disk of the store reports errors; ${RETRY_HINT}` },
] as const;

/** What is wrong with the file of the embedded engine, if a request failed for that reason; null for any other error. */
export function brokenStore(error: unknown): (typeof BROKEN)[number] | null {
  const cause = error instanceof AppError ? error.cause : error;
  if (!(cause instanceof Error) || cause.name !== "InternalServerError") return null;
  return BROKEN.find(({ text }) => text.test(cause.message)) ?? null;
}

/** Translates an error of the SDK: TransactionCancelled, an AppError `slow_down` or `unavailable`, or the same error for a bug. */
export function translateError(error: unknown): unknown {
  if (error instanceof TransactionCanceledException) {
    const reasons = error.CancellationReasons ?? [];
    return new TransactionCancelled(
      reasons.map(({ Code: code }) => code ?? "None"),
      error,
      reasons.map(({ Item: item }) => item),
    );
  }
  if (!(error instanceof Error)) return error;
  if (BUSY.has(error.name)) return storeBusy(error);
  const broken = brokenStore(error);
  if (broken !== null) return new AppError("unavailable", broken.message, { cause: error });
  const code = "code" in error && typeof error.code === "string" ? error.code : error.name;
  if (UNREACHABLE.has(error.name) || UNREACHABLE.has(code)) {
    return new AppError("unavailable", `the store cannot be reached; ${RETRY_HINT}`, { cause: error });
  }
  return error;
}

// Retries: exponential backoff with full jitter, so that writers that conflicted once do not conflict again.

const TRIES = 8;
const FIRST_WAIT_MS = 20;
const MAX_WAIT_MS = 1_000;

/** Waits for a random time up to the backoff of the given attempt (0, 1, 2 ...). */
export async function backOff(attempt: number): Promise<void> {
  const ceiling = Math.min(MAX_WAIT_MS, FIRST_WAIT_MS * 2 ** attempt);
  await new Promise((resolve) => setTimeout(resolve, Math.random() * ceiling));
}

/** Retries `write` while it conflicts with other writers; throws `slow_down` after 8 attempts. */
export async function retryingTransient(write: () => Promise<void>): Promise<void> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await write();
    } catch (error) {
      if (!(error instanceof TransactionCancelled && error.transient)) throw error;
      if (attempt + 1 === TRIES) throw storeBusy(error);
      await backOff(attempt);
    }
  }
}
