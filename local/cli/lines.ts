// A file as lines, however large: `-` is standard input, gzip is recognised by its first bytes. Each character of a line is
// one byte, so that no byte is lost whatever the encoding; what the bytes mean is decided when all of a piece are there.

import { createReadStream } from "node:fs";
import type { Readable } from "node:stream";
import { createGunzip } from "node:zlib";

/** The lines of a file without their line feeds. Throws what the file system or gzip says. */
export async function* linesOf(file: string): AsyncGenerator<string, void> {
  let rest = "";
  for await (const chunk of await unpacked(file === "-" ? process.stdin : createReadStream(file))) {
    const lines = (rest + chunk.toString("latin1")).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
  if (rest !== "") yield rest;
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
