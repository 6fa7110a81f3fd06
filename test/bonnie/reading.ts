// What the tests of the reader share: real lines, and helpers that read a text.

import { readFileSync } from "node:fs";
import { readBonnie } from "../../shared/bonnie/reader.ts";
import type { BonnieResult } from "../../shared/bonnie/types.ts";
import type { Issue } from "../../shared/run/run.ts";

/** The text of a file in test/fixtures/bonnie. */
export function fixture(name: string): string {
  return readFileSync(new URL(`../fixtures/bonnie/${name}`, import.meta.url), "utf8");
}

/** The line of a fixture with a single line. */
function fixtureLine(name: string): string {
  return fixture(name).trimEnd();
}

export const LOOP = fixtureLine("seed-loop.csv");
export const BLKTAP = fixtureLine("seed-blktap.csv");
export const [V196 = "", V197 = ""] = fixture("public-19x.csv").split("\n");
export const V200 = fixtureLine("run-200a-concurrency4.csv");
export const [NO_FILES_200 = "", NO_IO_200 = ""] = fixture("run-200a-partial.csv").split("\n");
export const [HEADER_200 = "", FAST_200 = ""] = fixture("run-200a-x2-fast.csv").split("\n");

/** Complete real lines of every format. */
export const REAL_LINES = [LOOP, BLKTAP, V196, V197, V200, NO_FILES_200, NO_IO_200, FAST_200];

export function resultsOf(text: string): BonnieResult[] {
  return readBonnie(text).entries.flatMap((entry) => (entry.kind === "result" ? [entry.result] : []));
}

export function issuesOf(text: string): Issue[] {
  return readBonnie(text).entries.flatMap((entry) => (entry.kind === "issue" ? [entry.issue] : []));
}

/** The result of a text that must give exactly one result. */
export function resultOf(text: string): BonnieResult {
  const { entries } = readBonnie(text);
  const [entry] = entries;
  if (entries.length !== 1 || entry?.kind !== "result") throw new Error(`no single result: ${JSON.stringify(entries)}`);
  return entry.result;
}

/** The issue of a text that must give exactly one issue. */
export function issueOf(text: string): Issue {
  const { entries } = readBonnie(text);
  const [entry] = entries;
  if (entries.length !== 1 || entry?.kind !== "issue") throw new Error(`no single issue: ${JSON.stringify(entries)}`);
  return entry.issue;
}

/** A line with some of its fields replaced, by 0-based position. */
export function withFields(line: string, changes: Readonly<Record<number, string>>): string {
  const fields = line.split(",");
  for (const [index, value] of Object.entries(changes)) fields[Number(index)] = value;
  return fields.join(",");
}
