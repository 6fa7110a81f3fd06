#!/usr/bin/env node
// `vbdstat COMMAND`: operations on the store itself, while a server runs or without one.

import { localSettings, SettingsError } from "../../functions/env.ts";
import { VERSION } from "../../shared/deployment.ts";
import { AppError } from "../../shared/errors.ts";
import { formatError } from "../server/log.ts";
import { asStartError, StartError } from "../server/start-error.ts";
import { parseArguments, UsageError } from "./arguments.ts";
import { audit } from "./audit.ts";
import { backup, restore } from "./backup.ts";
import { type Command, openStore, type Terminal } from "./command.ts";
import { exportRuns } from "./export.ts";
import { importFiles } from "./import.ts";
import { rebuild } from "./rebuild.ts";
import { token } from "./token.ts";
import { upgrade } from "./upgrade.ts";

const COMMANDS: ReadonlyMap<string, Command> = new Map(
  Object.entries({
    rebuild,
    audit,
    backup,
    restore,
    import: importFiles,
    export: exportRuns,
    token,
    upgrade,
  }),
);

const HELP = `vbdstat ${VERSION}: COMMAND [OPTIONS]

${[...COMMANDS].map(([name, { help }]) => `  ${name.padEnd(8)} ${help.split("\n")[1]}`).join("\n")}

Run \`vbdstat COMMAND --help\` for details. The store is DYNAMODB_ENDPOINT with TABLE_NAME; without an
endpoint it is the data folder DATA_DIR (.data), whether a server runs on it or not.

Exit codes: 0 success; 1 failure, or differences found; 2 usage error.
`;

const terminal: Terminal = {
  out: (text) =>
    new Promise((resolve, reject) => {
      process.stdout.write(text, (error) => (error ? reject(toOutputError(error)) : resolve()));
    }),
  error: (text) => process.stderr.write(text),
  isInteractive: process.stderr.isTTY === true,
};

/** A reader such as `head` may close the pipe, which is not an error; anything else, such as a full disk, is reported. */
const toOutputError = (error: NodeJS.ErrnoException): Error =>
  error.code === "EPIPE" ? error : new StartError(`the output is not complete: ${error.message}`, { cause: error });

async function run([name, ...others]: readonly string[]): Promise<0 | 1 | 2> {
  if (name === undefined || name === "--help" || name === "-h" || name === "help") {
    await terminal.out(HELP);
    return name === undefined ? 2 : 0;
  }
  const command = COMMANDS.get(name);
  if (command === undefined) {
    throw new UsageError(`expected ${[...COMMANDS.keys()].join(", ")} or --help, found ${JSON.stringify(name)}`);
  }
  const { values, positionals } = parseArguments(others, {
    ...command.options,
    help: { type: "boolean", short: "h" },
  });
  if (values["help"] === true) {
    await terminal.out(`${command.help}\n`);
    return 0;
  }
  const work = command.prepare({ values, positionals });
  const settings = localSettings();
  const opening = openStore(settings, command, (line) => terminal.error(`${line}\n`));
  // An engine that was started for this command must not outlive it, even if it is still starting.
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => void opening.then((store) => store.close()).finally(() => process.exit(1)));
  }
  const store = await opening.catch((error) => {
    throw asStartError(error, settings);
  });
  try {
    return await work(store.table, terminal, store);
  } catch (error) {
    throw asStartError(error, settings);
  } finally {
    await store.close();
  }
}

// Files that the command or an engine creates are readable by this user only.
process.umask(0o077);

// The write callbacks report errors.
process.stdout.on("error", () => undefined);

try {
  process.exitCode = await run(process.argv.slice(2));
} catch (error) {
  if (error instanceof Error && "code" in error && error.code === "EPIPE") process.exit(1);
  const isUsage = error instanceof UsageError;
  const isSettings = error instanceof SettingsError;
  const isExpected = isUsage || isSettings || error instanceof StartError || error instanceof AppError;
  terminal.error(`vbdstat: ${isExpected ? error.message : formatError(error)}\n`);
  const [name = ""] = process.argv.slice(2);
  if (isUsage) terminal.error(`Run vbdstat ${COMMANDS.has(name) ? `${name} ` : ""}--help for details\n`);
  process.exitCode = isUsage || isSettings ? 2 : 1;
}
