import { randomUUID } from "node:crypto";
import { linkSync, lstatSync, renameSync, rmSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { dirname } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout as wait } from "node:timers/promises";
import { createGzip } from "node:zlib";
import { backupItems } from "../../functions/store/backup.ts";
import { readFormat } from "../../functions/store/format.ts";
import { StartError } from "../server/start-error.ts";
import { readTableFiles } from "../server/table-files.ts";
import { backupText, headOf } from "./backup-file.ts";
import { type Command, UsageError } from "./command.ts";
import { showProgress } from "./progress.ts";

// A file that is there whole or not at all, for its owner only: written under another name beside it, and given its own when
// every byte is on the disk.

/** Throws StartError where the file may not be made: something of that name is there. */
function rejectExisting(file: string, mayReplace: boolean): void {
  const there = lstatSync(file, { throwIfNoEntry: false });
  if (there === undefined) return;
  if (!there.isFile()) throw new StartError(`${file} is there already, and is not a file`);
  if (!mayReplace) throw new StartError(`${file} is there already; name another, or say --force`);
}

/**
 * Writes a new file. No link is followed in its place, and without `mayReplace` nothing is written over. What is left of one
 * that could not be finished is removed.
 */
export async function writeNewFile(
  file: string,
  chunks: AsyncIterable<Uint8Array>,
  mayReplace: boolean,
): Promise<void> {
  rejectExisting(file, mayReplace);
  const part = `${file}.part-${randomUUID()}`;
  // Also when a signal ends the process.
  const removePart = () => rmSync(part, { force: true });
  process.once("exit", removePart);
  try {
    await written(part, chunks);
    if (mayReplace) {
      rejectExisting(file, true);
      renameSync(part, file);
    } else {
      // A link is refused where something of that name has come meanwhile.
      linkSync(part, file);
    }
    await synced(dirname(file));
  } catch (error) {
    if (error instanceof StartError || !(error instanceof Error && "syscall" in error)) throw error;
    throw new StartError(`${file} cannot be written: ${error.message}`, { cause: error });
  } finally {
    removePart();
    process.removeListener("exit", removePart);
  }
}

async function written(file: string, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  const handle: FileHandle = await open(file, "wx", 0o600);
  try {
    for await (const chunk of chunks) await handle.appendFile(chunk);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The name of a file is on the disk when its folder is. */
async function synced(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

export const backup: Command = {
  help: `vbdstat backup FILE [--force]
Writes everything that cannot be derived into one file, while the server goes on.

Runs, withdrawn ones too, tokens, shares with what they keep, quarantined lines: of all fleets, as
\`vbdstat restore\` puts them back. All that was acknowledged before it began is in it. The file is
gzip, for its owner only, and is there when it is whole; - writes to standard output. It holds the
key that guards the tokens: keep it as secret as the data folder.

  --force    write over FILE if it is there

Exit codes: 0 all written; 1 not done; 2 wrong arguments.`,
  options: { force: { type: "boolean" } },
  mayCreate: false,
  anyFormat: true,
  prepare({ positionals, values }) {
    const [file, ...others] = positionals;
    if (file === undefined) throw new UsageError("expected a file, or - for standard output, found none");
    if (others.length > 0) throw new UsageError(`expected one file, found ${JSON.stringify(positionals.join(" "))}`);
    if (file === "-" && process.stdout.isTTY) throw new UsageError("expected standard output to be a file or a pipe");
    const mayReplace = values["force"] === true;
    return async (table, terminal, { dataFolder }) => {
      if (file !== "-") rejectExisting(file, mayReplace);
      const progress = showProgress(terminal, "backed up items");
      const begunAt = new Date().toISOString();
      const files = dataFolder === null ? {} : readTableFiles(dataFolder);
      let count = 0;
      const text = backupText(
        headOf(table.name, await readFormat(table), files, begunAt),
        backupItems(table, wait),
        (items) => {
          count = items;
          progress.at(items);
        },
      );
      await pipeline(Readable.from(text), createGzip(), async (packed: AsyncIterable<Buffer>) => {
        if (file !== "-") return writeNewFile(file, packed, mayReplace);
        for await (const chunk of packed) await terminal.out(chunk);
      });
      progress.end();
      const said = `backed up ${count} items of table ${table.name} as of ${begunAt}\n`;
      if (file === "-") terminal.error(said);
      else await terminal.out(said);
      return 0;
    };
  },
};
