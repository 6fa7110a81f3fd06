// Goldens: what the product makes of known data, kept in test/golden for people to open and compare.

import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { expect } from "vitest";

/**
 * Holds text against test/golden/NAME. Where they differ, what came out stands beside it as NAME with `.got`, and
 * `GOLDEN=accept` makes it the golden.
 */
export function expectGolden(name: string, text: string): void {
  const golden = new URL(`../golden/${name}`, import.meta.url);
  const got = new URL(`../golden/${name.replace(/(?=\.\w+$)/, ".got")}`, import.meta.url);
  if (process.env["GOLDEN"] === "accept") writeFileSync(golden, text);
  const kept = existsSync(golden) ? readFileSync(golden, "utf8") : null;
  if (kept === text) rmSync(got, { force: true });
  else writeFileSync(got, text);
  const place = kept === null ? 0 : firstDifference(text, kept);
  expect(kept === text, `test/golden/${name} differs from line ${place} on; GOLDEN=accept takes what came`).toBe(true);
}

/** The number of the first line in which two texts differ. */
function firstDifference(a: string, b: string): number {
  const lines = b.split("\n");
  return a.split("\n").findIndex((line, index) => line !== lines[index]) + 1;
}
