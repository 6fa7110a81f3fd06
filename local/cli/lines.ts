// Reads a file of any size line by line: `-` is standard input, gzip is recognized by its first bytes. Each character of a line is one byte
// (latin1), so that no byte is lost; the caller decodes a line, or several, as a whole.

import { createReadStream } from "node:fs";
import type { Readable } from "node:stream";
import { createGunzip } from "node:zlib";

/** The maximum length of a line in bytes, and a callback for a longer one with its number and length. */
export interface LineLimit {
  readonly maxBytes: number;
  readonly onOverlong: (line: number, bytes: number) => void;
}

/**
 * The lines of a file without their line feeds; an empty line in place of one that is too long. Throws the error of the file system or of
 * gzip.
 */
export async function* readLines(file: string, { maxBytes, onOverlong }: LineLimit): AsyncGenerator<string, void> {
  let number = 0;
  let line = "";
  /** The length of a line that is too long and was dropped; 0 for any other. */
  let dropped = 0;

  function extend(part: string): void {
    if (dropped > 0 || line.length + part.length > maxBytes) {
      dropped += line.length + part.length;
      line = "";
    } else line += part;
  }

  function finish(): string {
    const whole = line;
    number += 1;
    if (dropped > 0) onOverlong(number, dropped);
    line = "";
    dropped = 0;
    return whole;
  }

  for await (const chunk of await openUnpacked(file === "-" ? process.stdin : createReadStream(file))) {
    const [rest = "", ...others] = chunk.toString("latin1").split("\n");
    extend(rest);
    for (const next of others) {
      yield finish();
      extend(next);
    }
  }
  if (line !== "" || dropped > 0) yield finish();
}

async function openUnpacked(stream: Readable): Promise<AsyncIterable<Buffer>> {
  const chunks: AsyncIterator<Buffer> = stream[Symbol.asyncIterator]();
  let first = Buffer.alloc(0);
  let isOver = false;
  while (first.length < 2 && !isOver) {
    const next = await chunks.next();
    isOver = next.done === true;
    if (!isOver) first = Buffer.concat([first, next.value]);
  }
  const all = concat(first, chunks);
  if (first[0] !== 0x1f || first[1] !== 0x8b) return all;
  return unpack(all);
}

async function* concat(first: Buffer, others: AsyncIterator<Buffer>): AsyncGenerator<Buffer, void> {
  yield first;
  for (let next = await others.next(); next.done !== true; next = await others.next()) yield next.value;
}

async function* unpack(packed: AsyncGenerator<Buffer, void>): AsyncGenerator<Buffer, void> {
  const gunzip = createGunzip();
  const feeding = (async () => {
    for await (const chunk of packed) {
      if (!gunzip.write(chunk)) await new Promise((resolve) => gunzip.once("drain", resolve));
    }
    gunzip.end();
  })();
  feeding.catch((error) => gunzip.destroy(error));
  yield* gunzip;
}
