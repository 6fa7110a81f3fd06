// A file as lines, however large: `-` is standard input, gzip is recognised by its first bytes. Each character of a line is
// one byte, so that no byte is lost whatever the encoding; what the bytes mean is decided when all of a piece are there.

import { createReadStream } from "node:fs";
import type { Readable } from "node:stream";
import { createGunzip } from "node:zlib";

/** The longest line that is held, and who is told of a longer one: its number, and its bytes. */
export interface LineLimit {
  readonly longest: number;
  readonly onOverlong: (line: number, bytes: number) => void;
}

/**
 * The lines of a file without their line feeds; in place of one that is too long stands an empty one. Throws what the file
 * system or gzip says.
 */
export async function* readLines(file: string, { longest, onOverlong }: LineLimit): AsyncGenerator<string, void> {
  let number = 0;
  let line = "";
  /** Bytes of a line that is too long, of which nothing is held; 0 for any other. */
  let dropped = 0;

  function extend(part: string): void {
    if (dropped > 0 || line.length + part.length > longest) {
      dropped += line.length + part.length;
      line = "";
    } else line += part;
  }

  function ended(): string {
    const whole = line;
    number += 1;
    if (dropped > 0) onOverlong(number, dropped);
    line = "";
    dropped = 0;
    return whole;
  }

  for await (const chunk of await unpacked(file === "-" ? process.stdin : createReadStream(file))) {
    const [rest = "", ...others] = chunk.toString("latin1").split("\n");
    extend(rest);
    for (const next of others) {
      yield ended();
      extend(next);
    }
  }
  if (line !== "" || dropped > 0) yield ended();
}

async function unpacked(stream: Readable): Promise<AsyncIterable<Buffer>> {
  const chunks: AsyncIterator<Buffer> = stream[Symbol.asyncIterator]();
  let first = Buffer.alloc(0);
  let isOver = false;
  while (first.length < 2 && !isOver) {
    const next = await chunks.next();
    isOver = next.done === true;
    if (!isOver) first = Buffer.concat([first, next.value]);
  }
  const all = joined(first, chunks);
  if (first[0] !== 0x1f || first[1] !== 0x8b) return all;
  return gunzipped(all);
}

async function* joined(first: Buffer, others: AsyncIterator<Buffer>): AsyncGenerator<Buffer, void> {
  yield first;
  for (let next = await others.next(); next.done !== true; next = await others.next()) yield next.value;
}

async function* gunzipped(packed: AsyncGenerator<Buffer, void>): AsyncGenerator<Buffer, void> {
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
