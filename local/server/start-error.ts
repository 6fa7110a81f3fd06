import type { LocalSettings } from "../../functions/env.ts";
import { RestoreError } from "../../functions/store/backup.ts";
import { FormatError, upgradeTable } from "../../functions/store/format.ts";
import type { Table } from "../../functions/store/table.ts";
import { AppError } from "../../shared/errors.ts";

/** Brings a table to the format of this version and tells what was done, if there was anything. Throws FormatError. */
export async function toldUpgrade(table: Table, print: (line: string) => void): Promise<void> {
  const { from, to, tokens, leftBehind } = await upgradeTable(table);
  if (from !== to) print(`upgraded table ${table.name} from format ${from} to ${to}: ${tokens} tokens taken over`);
  for (const id of leftBehind) print(`token ${id} was not taken over: its two items did not say the same`);
}

/** Why the server does not start, in words for the person at the terminal; shown without a stack. */
export class StartError extends Error {
  override readonly name = "StartError";
}

/**
 * What an operator is told of a store that cannot be reached, that refuses the table, the region or the credentials, or that
 * holds a part of a backup: which one it is, and its reason. Any other error is given back as it is.
 */
export function asStartError(error: unknown, { endpoint, dataDir, tableName }: LocalSettings): unknown {
  if (error instanceof RestoreError) return new StartError(error.message, { cause: error });
  const isRefusal = error instanceof AppError && (error.code === "unavailable" || error.code === "slow_down");
  const reason = isRefusal ? error.cause : error;
  if (reason instanceof FormatError) return new StartError(reason.message, { cause: error });
  if (!(reason instanceof Error) || !(isRefusal || isOfStore(reason))) return error;
  const where = endpoint === null ? `in the engine of ${dataDir}` : `at ${endpoint}`;
  // A name with several addresses that all refuse gives an error without a message.
  const code = "code" in reason ? String(reason.code) : reason.name;
  const said = [reason.name === "Error" ? "" : reason.name, reason.message || code].filter(Boolean).join(": ");
  return new StartError(`table ${tableName} ${where} cannot be used: ${said}`, { cause: error });
}

/** Whether an error is an answer of DynamoDB (the SDK marks them so), or says that there are no credentials to ask it with. */
const isOfStore = (error: Error): boolean => "$fault" in error || error.name === "CredentialsProviderError";
