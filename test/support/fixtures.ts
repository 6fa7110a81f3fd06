// Fixtures by name: Bonnie++ output as it was printed.

import { readFileSync } from "node:fs";

/** The text of a file of test/fixtures/bonnie. */
export const fixture = (name: string): string =>
  readFileSync(new URL(`../fixtures/bonnie/${name}`, import.meta.url), "utf8");

/** The two lines the project grew out of, without their terminators. */
export const LOOP = fixture("seed-loop.csv").trimEnd();
export const BLKTAP = fixture("seed-blktap.csv").trimEnd();
