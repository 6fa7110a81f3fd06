// Command lines: options as node:util parses them, and the error for one that is invalid.

import { type ParseArgsConfig, parseArgs } from "node:util";

/** An invalid command line; the message is for the person at the terminal. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** Parses options and positional arguments. Throws UsageError for an unknown option, or one without its value. */
export function parseArguments<const Options extends NonNullable<ParseArgsConfig["options"]>>(
  args: readonly string[],
  options: Options,
) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    // The second sentence is about file names that begin with a dash.
    if (error instanceof TypeError) throw new UsageError(error.message.replace(/\. .*/s, ""));
    throw error;
  }
}

/** Parsed arguments of any command. */
export interface Arguments {
  readonly values: Readonly<Record<string, string | boolean | undefined>>;
  readonly positionals: readonly string[];
}

/** The text of an option; undefined when it was not given. */
export function textOption({ values }: Arguments, name: string): string | undefined {
  const value = values[name];
  return typeof value === "string" ? value : undefined;
}

/** Throws UsageError for positional arguments, which most commands do not take. */
export function rejectPositionals({ positionals }: Arguments): void {
  const [first] = positionals;
  if (first !== undefined) throw new UsageError(`expected options only, found ${JSON.stringify(first)}`);
}
