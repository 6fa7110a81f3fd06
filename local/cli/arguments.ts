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
  for (const token of parseArgs({ args: [...args], options, allowPositionals: true, strict: false, tokens: true })
    .tokens) {
    if (token.kind === "option") rejectInvalid(token, options[token.name]?.type);
  }
  return parseArgs({ args: [...args], options, allowPositionals: true });
}

/** An option as it was given: `value` is undefined without one, and `inlineValue` says whether it follows a `=`. */
interface GivenOption {
  readonly rawName: string;
  readonly value: string | undefined;
  readonly inlineValue: boolean | undefined;
}

/** Throws UsageError for an option that `parseArgs` would reject, whose own messages explain its programming interface. */
function rejectInvalid({ rawName, value, inlineValue }: GivenOption, type: "string" | "boolean" | undefined): void {
  if (type === undefined) throw new UsageError(`unknown option ${rawName}`);
  if (type === "boolean" && value !== undefined) throw new UsageError(`option ${rawName} takes no value`);
  // A value that looks like an option is more likely a forgotten value and the next option.
  const isMissing = value === undefined || (inlineValue === false && value.length > 1 && value.startsWith("-"));
  if (type === "string" && isMissing) throw new UsageError(`option ${rawName} needs a value`);
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
