// A line of a gigabyte in an import, packed to a megabyte: it is dropped as it comes, said, and counted as rejected.

import { createWriteStream, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { afterAll, expect, test } from "vitest";
import { bonniePieces } from "../../local/cli/import.ts";
import { readLines } from "../../local/cli/lines.ts";
import { fixture } from "../support/fixtures.ts";

const folder = mkdtempSync(join(tmpdir(), "vbdstat-lines-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const LINE = fixture("seed-loop.csv").trim();
const MEGABYTE = Buffer.alloc(2 ** 20, "x");

/** A packed file of some lines; a number stands for one of so many megabytes. */
async function packed(...lines: readonly (string | number)[]): Promise<string> {
  const file = join(folder, `lines-${lines.length}.gz`);
  function* bytes() {
    for (const line of lines) {
      if (typeof line === "string") yield Buffer.from(line);
      else for (let megabyte = 0; megabyte < line; megabyte += 1) yield MEGABYTE;
      yield Buffer.from("\n");
    }
  }
  await pipeline(Readable.from(bytes()), createGzip({ level: 1 }), createWriteStream(file));
  return file;
}

test("a line that is too long is dropped and told of, and those around it are read with their numbers", async () => {
  const file = await packed("one", 200, "three", 2, "five");
  const overlong: [number, number][] = [];
  const found: string[] = [];
  const before = process.memoryUsage().arrayBuffers + process.memoryUsage().heapUsed;
  let most = 0;
  const limit = { maxBytes: 2 ** 20, onOverlong: (line: number, bytes: number) => overlong.push([line, bytes]) };
  for await (const line of readLines(file, limit)) {
    found.push(line);
    const { arrayBuffers, heapUsed } = process.memoryUsage();
    most = Math.max(most, arrayBuffers + heapUsed - before);
  }
  expect(found).toEqual(["one", "", "three", "", "five"]);
  expect(overlong).toEqual([
    [2, 200 * 2 ** 20],
    [4, 2 * 2 ** 20],
  ]);
  // A fraction of the line, whatever garbage is not collected yet.
  expect(most).toBeLessThan(100 * 2 ** 20);
});

test("a piece of many long lines ends before it is large", async () => {
  const noise = "y".repeat(500_000);
  async function* lines(): AsyncGenerator<string, void> {
    for (let number = 0; number < 40; number += 1) yield noise;
    yield LINE;
  }
  const about = { fleet: "default", receivedAt: "2026-11-22T10:00:00.000Z", parameters: { backend: "loop" } };
  const before: number[] = [];
  for await (const { linesBefore, upload } of bonniePieces(lines(), about)) {
    before.push(linesBefore);
    expect(upload.runs).toHaveLength(1);
  }
  // 4 MiB are 9 of these lines; pieces of noise alone are not handed on.
  expect(before).toEqual([36]);
});
