// `vbdstat backup` and `vbdstat restore`: the store into one file, and back into an empty store.

import { createHash, randomUUID } from "node:crypto";
import { linkSync, lstatSync, renameSync, rmSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { dirname } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout as wait } from "node:timers/promises";
import { createGzip } from "node:zlib";
import * as z from "zod";
import { backupItems, beginRestore, endRestore, isFormat, restoreItems } from "../../functions/store/backup.ts";
import { listFleets } from "../../functions/store/fleet/tokens.ts";
import { FORMAT, readFormat } from "../../functions/store/table/format.ts";
import { type Item, itemFromJson, itemSize, itemText, itemToJson } from "../../functions/store/table/item.ts";
import type { Table } from "../../functions/store/table/table.ts";
import { VERSION } from "../../shared/deployment.ts";
import { printable } from "../../shared/run/text.ts";
import { StartError } from "../server/start-error.ts";
import { readTableFiles, writeTableFiles } from "../server/table-files.ts";
import { UsageError } from "./arguments.ts";
import type { Command, Terminal } from "./command.ts";
import { readLines } from "./lines.ts";
import { countFleet, showProgress } from "./progress.ts";

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

// The file format of a backup: gzip of lines of JSON. The first line is the head; then one item a line; the last line has the number of
// items and the SHA-256 of all lines before it. A truncated or changed file is detected before anything in it is used.

/** The version of the file format; increased by a change that this version could not read. */
const FORM = 1;

/** An item has at most 400 KB, and JSON may need six times as many bytes. */
const MAX_LINE_BYTES = 2 ** 22;

const head = z.strictObject({
  backup: z.literal("vbdstat"),
  form: z.int(),
  version: z.string(),
  begun_at: z.string(),
  table: z.string(),
  /** The format number of the table; null for one that held nothing. */
  format: z.int().nullable(),
  /** Files of the data folder that belong to the table, by name, in base64. */
  files: z.record(z.string(), z.base64()),
});

const foot = z.strictObject({
  end: z.literal("vbdstat"),
  /** Items by the kind of their partition, such as `RUN`. */
  items: z.record(z.string(), z.int().min(0)),
  sha256: z.string(),
});

export type Head = z.infer<typeof head>;
type Foot = z.infer<typeof foot>;

/** Builds the head of a backup. */
export function buildHead(
  table: string,
  format: number | null,
  files: Readonly<Record<string, Buffer>>,
  begunAt: string,
): Head {
  const inBase64 = Object.entries(files).map(([name, bytes]) => [name, bytes.toString("base64")]);
  return {
    backup: "vbdstat",
    form: FORM,
    version: VERSION,
    begun_at: begunAt,
    table,
    format,
    files: Object.fromEntries(inBase64),
  };
}

/** The text of a backup in chunks. Calls `onItems` with the number of items so far. */
export async function* backupText(
  begin: Head,
  pages: AsyncIterable<readonly Item[]>,
  onItems: (items: number) => void,
): AsyncGenerator<string, void> {
  const digest = createHash("sha256");
  const items: Record<string, number> = {};
  let count = 0;
  const counted = (text: string): string => {
    digest.update(text);
    return text;
  };
  yield counted(`${JSON.stringify(begin)}\n`);
  for await (const page of pages) {
    for (const item of page) {
      const kind = itemKind(item);
      items[kind] = (items[kind] ?? 0) + 1;
    }
    count += page.length;
    if (page.length > 0) yield counted(page.map((item) => `${itemToJson(item)}\n`).join(""));
    onItems(count);
  }
  const end: Foot = { end: "vbdstat", items, sha256: digest.digest("hex") };
  yield `${JSON.stringify(end)}\n`;
}

const itemKind = (item: Item): string => itemText(item, "pk").replace(/#.*/s, "");

/** A backup that was read to its end and is complete. */
export interface WholeBackup {
  readonly head: Head;
  readonly items: number;
  /** SHA-256, which identifies the backup. */
  readonly digest: string;
}

/** Reads a backup to its end. Throws StartError for a file that is not a backup, was cut, or has changed. */
export async function verifyBackup(file: string): Promise<WholeBackup> {
  const digest = createHash("sha256");
  let begin: Head | null = null;
  let last: string | null = null;
  let lines = 0;
  for await (const line of readBackupLines(file)) {
    if (begin === null) begin = parseHead(file, line);
    else lines += 1;
    // The last line has the hash of all lines before it.
    if (last !== null) digest.update(`${last}\n`, "latin1");
    last = line;
  }
  if (begin === null || last === null) throw new StartError(`${file} is not a backup: it is empty`);
  const end = foot.safeParse(parseJson(last));
  if (!end.success) throw new StartError(`${file} was truncated: its last line is missing`);
  const items = lines - 1;
  const counted = Object.values(end.data.items).reduce((sum, count) => sum + count, 0);
  const sha256 = digest.digest("hex");
  if (end.data.sha256 !== sha256 || counted !== items) {
    throw new StartError(`${file} has changed since it was written: its SHA-256 does not match its last line`);
  }
  return { head: begin, items, digest: sha256 };
}

/** The items of a verified backup. */
export async function* itemsOfBackup(file: string, { items }: WholeBackup): AsyncGenerator<Item, void> {
  let number = 0;
  for await (const line of readBackupLines(file)) {
    number += 1;
    if (number > 1 && number <= items + 1) yield itemFromJson(Buffer.from(line, "latin1").toString("utf8"));
  }
}

function parseHead(file: string, line: string): Head {
  const begin = head.safeParse(parseJson(line));
  if (!begin.success) throw new StartError(`${file} is not a backup of vbdstat: its first line is not a head`);
  if (begin.data.form !== FORM) {
    throw new StartError(
      `${file} is a backup of form ${begin.data.form}, written by vbdstat ${begin.data.version}; this version reads form ${FORM}`,
    );
  }
  if (begin.data.format !== null && begin.data.format > FORMAT) {
    throw new StartError(
      `${file} is a backup of a table of format ${begin.data.format}, written by vbdstat ${begin.data.version}; this version reads format ${FORMAT}`,
    );
  }
  return begin.data;
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(Buffer.from(line, "latin1").toString("utf8"));
  } catch {
    return null;
  }
}

async function* readBackupLines(file: string): AsyncGenerator<string, void> {
  const onOverlong = (line: number) => {
    throw new StartError(`${file} is not a backup of vbdstat: line ${line} is longer than an item can be`);
  };
  try {
    yield* readLines(file, { maxBytes: MAX_LINE_BYTES, onOverlong });
  } catch (error) {
    if (!(error instanceof Error) || error instanceof StartError) throw error;
    throw new StartError(`${file} cannot be read to its end: ${error.message}`, { cause: error });
  }
}

// Restore.

export const restore: Command = {
  help: `vbdstat restore FILE [--no-aggregate]
Restores a backup into an empty data folder or table, and counts all results.

The file is verified first: a truncated or changed one is rejected before anything is written.
During a restore, and after an interrupted one, no server starts on the table; run the same command
again to continue. Tokens, shares and quarantined lines are restored unchanged.

  --no-aggregate    let the server count the results

Exit codes: 0 success; 1 failure, or some hosts cannot be counted, which are listed; 2 usage error.`,
  options: { "no-aggregate": { type: "boolean" } },
  mayCreate: true,
  restores: true,
  prepare({ positionals, values }) {
    const [file, ...others] = positionals;
    if (file === undefined || file === "-" || others.length > 0) {
      throw new UsageError(`expected one file, which is read twice, found ${JSON.stringify(positionals.join(" "))}`);
    }
    return async (table, terminal, { dataFolder }) => {
      const whole = await verifyBackup(file);
      await beginRestore(table, whole.digest);
      const format = await restoreAll(table, terminal, file, whole);
      const files = Object.entries(whole.head.files).map(
        ([name, text]) => [name, Buffer.from(text, "base64")] as const,
      );
      if (dataFolder !== null) writeTableFiles(dataFolder, Object.fromEntries(files));
      await endRestore(table, format);
      const { items, head } = whole;
      await terminal.out(`restored ${items} items as of ${printable(head.begun_at)}\n`);
      return values["no-aggregate"] === true ? 0 : countAll(table, terminal);
    };
  },
};

/** Items, and bytes, that are buffered before they are written: enough for several transactions. */
const MAX_BUFFERED_ITEMS = 400;
const MAX_BUFFERED_BYTES = 8_000_000;

/** Writes all items except the format item, which it returns. */
async function restoreAll(table: Table, terminal: Terminal, file: string, whole: WholeBackup): Promise<Item | null> {
  const progress = showProgress(terminal, "restored items");
  let format: Item | null = null;
  let waiting: Item[] = [];
  let bytes = 0;
  let done = 0;
  const send = async () => {
    await restoreItems(table, waiting);
    done += waiting.length;
    waiting = [];
    bytes = 0;
    progress.at(done, whole.items);
  };
  for await (const item of itemsOfBackup(file, whole)) {
    if (isFormat(item)) {
      format = item;
      continue;
    }
    waiting.push(item);
    bytes += itemSize(item);
    if (waiting.length >= MAX_BUFFERED_ITEMS || bytes >= MAX_BUFFERED_BYTES) await send();
  }
  await send();
  progress.end();
  return format;
}

/** Counts all hosts of all fleets; 1 if some cannot be counted. */
export async function countAll(table: Table, terminal: Terminal): Promise<0 | 1> {
  let failed = 0;
  for (const fleet of await listFleets(table)) failed += await countFleet(table, terminal, fleet);
  return failed === 0 ? 0 : 1;
}
