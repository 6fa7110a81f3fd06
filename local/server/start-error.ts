import type { LocalSettings } from "../../functions/env.ts";
import { RestoreError } from "../../functions/store/backup.ts";
import { FormatError } from "../../functions/store/table/format.ts";
import { AppError } from "../../shared/errors.ts";

/** Why the server does not start, as a message for the person at the terminal; shown without a stack trace. */
export class StartError extends Error {
  override readonly name = "StartError";
}

/**
 * The error for an operator when a store cannot be reached, rejects the table, the region or the credentials, or has only a part of a
 * backup: it names the store and its reason. Returns any other error unchanged.
 */
export function asStartError(error: unknown, { endpoint, region, dataDir, tableName }: LocalSettings): unknown {
  if (error instanceof RestoreError) return new StartError(error.message, { cause: error });
  const isUnavailable = error instanceof AppError && (error.code === "unavailable" || error.code === "slow_down");
  const reason = isUnavailable ? error.cause : error;
  if (reason instanceof FormatError) return new StartError(reason.message, { cause: error });
  if (!(reason instanceof Error) || !(isUnavailable || isStoreError(reason))) return error;
  const elsewhere = endpoint === null ? region : endpoint;
  const where = elsewhere === undefined ? `in the engine of ${dataDir}` : `at ${elsewhere}`;
  // If all addresses of a host name refuse the connection, the error has no message.
  const code = "code" in reason ? String(reason.code) : reason.name;
  const message = [reason.name === "Error" ? "" : reason.name, reason.message || code].filter(Boolean).join(": ");
  return new StartError(`table ${tableName} ${where} cannot be used: ${message}`, { cause: error });
}

/** Whether an error is a response of DynamoDB, which the SDK marks with `$fault`, or about missing credentials. */
const isStoreError = (error: Error): boolean => "$fault" in error || error.name === "CredentialsProviderError";

/** The message of an error; any other thrown value as text. */
export const errorMessage = (error: unknown): string => (error instanceof Error ? error.message : String(error));
