// The file format of a backup: gzip of lines of JSON. The first line is the head; then one item a line; the last line has the number of
// items and the SHA-256 of all lines before it. A truncated or changed file is detected before anything in it is used.

import { createHash } from "node:crypto";
import * as z from "zod";
import { FORMAT } from "../../functions/store/format.ts";
import { type Item, itemFromJson, itemToJson, textOf } from "../../functions/store/item.ts";
import { VERSION } from "../../shared/deployment.ts";
import { StartError } from "../server/start-error.ts";
import { readLines } from "./lines.ts";

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
      const kind = kindOf(item);
      items[kind] = (items[kind] ?? 0) + 1;
    }
    count += page.length;
    if (page.length > 0) yield counted(page.map((item) => `${itemToJson(item)}\n`).join(""));
    onItems(count);
  }
  const end: Foot = { end: "vbdstat", items, sha256: digest.digest("hex") };
  yield `${JSON.stringify(end)}\n`;
}

const kindOf = (item: Item): string => textOf(item, "pk").replace(/#.*/s, "");

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
