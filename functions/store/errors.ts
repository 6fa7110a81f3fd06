// What goes wrong in the store, in the words of the product. Match on error names: message texts differ between engines.

import { TransactionCanceledException } from "@aws-sdk/client-dynamodb";
import { AppError } from "../../shared/errors.ts";

/** A transaction that changed nothing. `reasons` has a code for each of its writes, `None` where that one was fine. */
export class TransactionCancelled extends Error {
  override readonly name = "TransactionCancelled";
  readonly reasons: readonly string[];

  constructor(reasons: readonly string[], cause: unknown) {
    super(`transaction cancelled: ${[...new Set(reasons)].join(", ")}`, { cause });
    this.reasons = reasons;
  }

  /** Whether trying the same transaction again can help: somebody else was writing, or the table is busy. */
  get transient(): boolean {
    return this.reasons.every((reason) => reason === "None" || TRANSIENT_REASONS.has(reason));
  }

  /** Whether reading again and starting afresh can help: others were writing, or have written. */
  get isLostRace(): boolean {
    return this.reasons.every(
      (reason) => reason === "None" || reason === "ConditionalCheckFailed" || TRANSIENT_REASONS.has(reason),
    );
  }
}

const TRANSIENT_REASONS = new Set([
  "TransactionConflict",
  "ThrottlingError",
  "ProvisionedThroughputExceeded",
  "RequestLimitExceeded",
]);

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
  "EAI_AGAIN",
  "ETIMEDOUT",
  "TimeoutError",
  "InternalServerError",
  "ServiceUnavailable",
  "ResourceNotFoundException",
  "AbortError",
]);

// Not "nothing was stored": a large upload takes several transactions, of which a later one may be the one that failed.
const AGAIN = "send the same again later, nothing is lost and nothing counts twice";

/** The refusal while the store has more to do than it can, with what it said, if it did. */
export function storeBusy(cause?: unknown): AppError {
  return new AppError("slow_down", `the store is busy; ${AGAIN}`, { cause });
}

/**
 * What SQLite says, in words that have not changed in twenty years, of a file that cannot be written or read. The embedded
 * engine passes them on in an InternalServerError.
 */
const BROKEN = [
  { is: "full", said: /database or disk is full/, message: `the disk of the store is full; ${AGAIN}` },
  {
    is: "damaged",
    said: /database disk image is malformed|file is not a database/,
    message: "the store is damaged: its file must be restored from the backup; send the same again after that",
  },
  { is: "failing", said: /disk I\/O error/, message: `the disk of the store reports errors; ${AGAIN}` },
] as const;

/** What is wrong with the file of the embedded engine, if that is why a request failed; null for every other error. */
export function brokenStore(error: unknown): (typeof BROKEN)[number] | null {
  const said = error instanceof AppError ? error.cause : error;
  if (!(said instanceof Error) || said.name !== "InternalServerError") return null;
  return BROKEN.find(({ said: words }) => words.test(said.message)) ?? null;
}

/** The error as the rest of the product knows it: cancelled, slow down, unavailable, or itself when it is a bug. */
export function translated(error: unknown): unknown {
  if (error instanceof TransactionCanceledException) {
    return new TransactionCancelled(
      (error.CancellationReasons ?? []).map((reason) => reason.Code ?? "None"),
      error,
    );
  }
  if (!(error instanceof Error)) return error;
  if (BUSY.has(error.name)) return storeBusy(error);
  const broken = brokenStore(error);
  if (broken !== null) return new AppError("unavailable", broken.message, { cause: error });
  const code = "code" in error && typeof error.code === "string" ? error.code : error.name;
  if (UNREACHABLE.has(error.name) || UNREACHABLE.has(code)) {
    return new AppError("unavailable", `the store cannot be reached; ${AGAIN}`, { cause: error });
  }
  return error;
}

// Trying again when others were in the way: exponential back-off with full jitter, so that writers that met once do not
// meet again.

const TRIES = 8;
const FIRST_WAIT_MS = 20;
const MAX_WAIT_MS = 1_000;

/** Waits a random time below the back-off of the given try (0, 1, 2 ...). */
export async function backOff(attempt: number): Promise<void> {
  const ceiling = Math.min(MAX_WAIT_MS, FIRST_WAIT_MS * 2 ** attempt);
  await new Promise((resolve) => setTimeout(resolve, Math.random() * ceiling));
}

/** Runs `write` until it is no longer in conflict with others; after 8 tries the caller is told to slow down. */
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
