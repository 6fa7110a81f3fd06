// `vbdstat backup`: the store into one file.

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
import { UsageError } from "./arguments.ts";
import { backupText, buildHead } from "./backup-file.ts";
import type { Command } from "./command.ts";
import { showProgress } from "./progress.ts";

export const backup: Command = {
  help: `vbdstat backup FILE [--force]
Writes everything that cannot be recomputed into one file, while the server runs.

Runs (also withdrawn ones), tokens, shares with their snapshots, and quarantined lines, of all
fleets; \`vbdstat restore\` restores them. It contains everything that was acknowledged before it
began. The file is gzip, readable by its owner only, and appears when it is complete; - writes to
standard output. It contains the key of the tokens: keep it as secret as the data folder.

  --force    replace FILE if it exists

Exit codes: 0 success; 1 failure; 2 usage error.`,
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
        buildHead(table.name, await readFormat(table), files, begunAt),
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
      const summary = `backed up ${count} items of table ${table.name} as of ${begunAt}\n`;
      if (file === "-") terminal.error(summary);
      else await terminal.out(summary);
      return 0;
    };
  },
};

/** Throws StartError when the file must not be created: something with that name exists. */
function rejectExisting(file: string, mayReplace: boolean): void {
  const there = lstatSync(file, { throwIfNoEntry: false });
  if (there === undefined) return;
  if (!there.isFile()) throw new StartError(`${file} exists and is not a file`);
  if (!mayReplace) throw new StartError(`${file} exists; choose another name, or use --force`);
}

/**
 * Writes a file atomically, readable by its owner only: under a temporary name next to it, and renamed when every byte is on the disk. It
 * follows no link, and replaces nothing without `mayReplace`. An unfinished file is removed.
 */
export async function writeNewFile(
  file: string,
  chunks: AsyncIterable<Uint8Array>,
  mayReplace: boolean,
): Promise<void> {
  rejectExisting(file, mayReplace);
  const part = `${file}.part-${randomUUID()}`;
  // Also if a signal ends the process.
  const removePart = () => rmSync(part, { force: true });
  process.once("exit", removePart);
  try {
    await writeAndSync(part, chunks);
    if (mayReplace) {
      rejectExisting(file, true);
      renameSync(part, file);
    } else {
      // link() fails if something with that name was created in the meantime.
      linkSync(part, file);
    }
    await syncFolder(dirname(file));
  } catch (error) {
    if (error instanceof StartError || !(error instanceof Error && "syscall" in error)) throw error;
    throw new StartError(`${file} cannot be written: ${error.message}`, { cause: error });
  } finally {
    removePart();
    process.removeListener("exit", removePart);
  }
}

async function writeAndSync(file: string, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  const handle: FileHandle = await open(file, "wx", 0o600);
  try {
    for await (const chunk of chunks) await handle.appendFile(chunk);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Flushes a folder, and with it the names of its files. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
