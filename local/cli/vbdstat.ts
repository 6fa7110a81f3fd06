#!/usr/bin/env node
// `vbdstat COMMAND`: what an operator does with the store itself, beside the server or without one.

import { parseArgs } from "node:util";
import { localSettings, SettingsError } from "../../functions/env.ts";
import { VERSION } from "../../shared/deployment.ts";
import { AppError } from "../../shared/errors.ts";
import { faultText } from "../server/log.ts";
import { asStartError, StartError } from "../server/start-error.ts";
import { audit } from "./audit.ts";
import { backup } from "./backup.ts";
import { type Command, openStore, type Terminal, UsageError } from "./command.ts";
import { exportRuns } from "./export.ts";
import { importFiles } from "./import.ts";
import { rebuild } from "./rebuild.ts";
import { restore } from "./restore.ts";
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

vbdstat COMMAND --help says more. The store is that of DYNAMODB_ENDPOINT and TABLE_NAME; without an
endpoint the data folder DATA_DIR (.data), whether a server runs on it or not.

Exit codes: 0 done; 1 not done, or something found wrong; 2 wrong arguments.
`;

const terminal: Terminal = {
  out: (text) =>
    new Promise((resolve, reject) => {
      process.stdout.write(text, (error) => (error ? reject(unwritten(error)) : resolve()));
    }),
  error: (text) => process.stderr.write(text),
  isInteractive: process.stderr.isTTY === true,
};

/** A reader such as `head` that has enough is no fault of ours; anything else, such as a full disk, is to be said. */
const unwritten = (error: NodeJS.ErrnoException): Error =>
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
  const { values, positionals } = parsed(command, others);
  if (values["help"] === true) {
    await terminal.out(`${command.help}\n`);
    return 0;
  }
  const work = command.prepare({ values, positionals });
  const settings = localSettings();
  const opening = openStore(settings, command, (line) => terminal.error(`${line}\n`));
  // The engine that is started for this command must not outlive it, not even while it starts.
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

function parsed({ options }: Command, args: readonly string[]) {
  const help = { type: "boolean", short: "h" } as const;
  try {
    return parseArgs({ args: [...args], options: { ...options, help }, allowPositionals: true });
  } catch (error) {
    // Its second sentence is about how to name a file that begins with a dash.
    if (error instanceof TypeError) throw new UsageError(error.message.replace(/\. .*/s, ""));
    throw error;
  }
}

// What is written here, by an engine as well, is for this user only.
process.umask(0o077);

// Whoever writes hears of it.
process.stdout.on("error", () => undefined);

try {
  process.exitCode = await run(process.argv.slice(2));
} catch (error) {
  if (error instanceof Error && "code" in error && error.code === "EPIPE") process.exit(1);
  const isUsage = error instanceof UsageError;
  const isSettings = error instanceof SettingsError;
  const isExpected = isUsage || isSettings || error instanceof StartError || error instanceof AppError;
  terminal.error(`vbdstat: ${isExpected ? error.message : faultText(error)}\n`);
  const [name = ""] = process.argv.slice(2);
  if (isUsage) terminal.error(`vbdstat ${COMMANDS.has(name) ? `${name} ` : ""}--help says what is expected\n`);
  process.exitCode = isUsage || isSettings ? 2 : 1;
}
