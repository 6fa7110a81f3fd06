// One CSV line as a result, or as the first fault in it, from left to right. Nothing is guessed: a line that is not
// exactly what Bonnie++ prints is an issue (bonnie-formats.md, sections 5, 6 and 8).

import { lowerBound } from "../run/bound.ts";
import type { Issue } from "../model/issue.ts";
import type { BonnieSetup, Measurement, Measurements } from "../model/measurement.ts";
import { perMetric } from "../run/metrics.ts";
import { quoted } from "../model/quoted.ts";
import type { Layout, TestColumns } from "./layouts.ts";
import { contradiction } from "./validity.ts";
import { readV1Setup, readV2Setup } from "./csv-setup.ts";
import type { BonnieResult } from "./types.ts";
import { layoutOf } from "./family.ts";
import { controlText, endOf, type Fields, fieldAt, fieldIssue, lineIssue, startOf, textOf } from "./fields.ts";
import { type Repeats, rememberSetup, repeatedSetup } from "./repeats.ts";
import { CENSORED, EMPTY, isNegative, isPluses, MALFORMED, scanInteger, scanLatency, scanSeeks } from "./scan.ts";
import { warnOfSetup, warnOfTest } from "./warnings.ts";

const NOTHING_RUN: Measurements = perMetric(() => null);
const NO_WARNINGS: readonly string[] = [];

/** What is wrong with a line out of a quoted mail. */
export const QUOTED_LINE = "expected the line as Bonnie++ printed it, found the > of a quoted mail";

/** Reads the line in `fields`, which the caller has found to be an attempt at a CSV line. `repeats` learns from it. */
export function readCsv(fields: Fields, repeats: Repeats): BonnieResult | Issue {
  if (fields.control >= 0) return controlIssue(fields);
  if (fields.text[fields.start] === ">") {
    return lineIssue(fields, "quoted_line", QUOTED_LINE);
  }
  const layout = layoutOf(fields);
  if ("code" in layout) return layout;
  const setup = readSetup(fields, layout, repeats);
  if ("code" in setup) return setup;
  const metrics = { ...NOTHING_RUN };
  const warnings: string[] = [];
  warnOfSetup(warnings, setup);
  const fault = readTests(fields, layout, setup, repeats, metrics, warnings);
  if (fault !== null) return fault;
  const raw = fields.text.slice(fields.start, fields.end);
  return { line: fields.line, raw, setup, metrics, warnings: warnings.length === 0 ? NO_WARNINGS : warnings };
}

function controlIssue(fields: Fields): Issue {
  const text = controlText(fields.text.charCodeAt(fields.control));
  const layout = layoutOf(fields);
  if ("code" in layout) return lineIssue(fields, "control_character", text, fields.control);
  const index = fieldAt(fields, fields.control);
  return fieldIssue(fields, index, layout.columns[index] ?? "", "control_character", text);
}

function readSetup(fields: Fields, layout: Layout, repeats: Repeats): BonnieSetup | Issue {
  const repeated = repeatedSetup(repeats, fields, layout);
  if (repeated !== null) return layout.seed < 0 ? repeated : { ...repeated, seed: textOf(fields, layout.seed) };
  const setup = layout.format === "v1" ? readV1Setup(fields, layout) : readV2Setup(fields, layout);
  if (!("code" in setup)) rememberSetup(repeats, fields, layout, setup);
  return setup;
}

/** Reads all tests into `metrics` and `warnings`; null, or the first fault in them. */
function readTests(
  fields: Fields,
  layout: Layout,
  setup: BonnieSetup,
  repeats: Repeats,
  metrics: Measurements,
  warnings: string[],
): Issue | null {
  let ranIo = false;
  let ranFiles = false;
  for (const test of layout.tests) {
    const measurement = readTest(fields, setup, test, repeats);
    if (measurement === null) continue;
    if ("code" in measurement) return measurement;
    metrics[test.metric] = measurement;
    warnOfTest(warnings, test.metric, setup, measurement, test.latency >= 0);
    if (measurement.censored) repeats.censored = measurement;
    if (test.ofFiles) ranFiles = true;
    else ranIo = true;
  }
  if (setup.file_size_kib !== null && !ranIo) return untested(fields, layout, layout.fileSize);
  if (setup.files !== null && !ranFiles) return untested(fields, layout, layout.numFiles);
  if (ranIo || ranFiles) return null;
  return lineIssue(fields, "no_test", "expected a result of at least one test, found none");
}

function untested(fields: Fields, layout: Layout, index: number): Issue {
  const text = `expected nothing, since none of its tests has a result, found ${quoted(textOf(fields, index))}`;
  return fieldIssue(fields, index, layout.columns[index] ?? "", "inconsistent_setup", text);
}

/** One test: its measurement, null if it was not run, or the fault in it. */
function readTest(
  fields: Fields,
  setup: BonnieSetup,
  test: TestColumns,
  { censored: alike }: Repeats,
): Measurement | null | Issue {
  const { text } = fields;
  const rate = scanRate(text, startOf(fields, test.rate), endOf(fields, test.rate), setup, test);
  if (rate === MALFORMED) return badNumber(fields, test.metric, test.rate, expectedRate(setup, test));
  const cpu = scanCpu(text, startOf(fields, test.cpu), endOf(fields, test.cpu));
  if (cpu === MALFORMED) return badNumber(fields, `${test.metric}_cpu`, test.cpu, "a %CP or +++");
  if (Math.min(rate, 0) !== Math.min(cpu, 0)) return badPair(fields, test);
  let latency: number | null = null;
  if (test.latency >= 0) {
    const scanned = scanLatency(text, startOf(fields, test.latency), endOf(fields, test.latency));
    if (scanned === MALFORMED) {
      return badNumber(fields, `${test.metric}_latency`, test.latency, "a latency such as 981us, 131ms or 132s");
    }
    if (scanned !== EMPTY) latency = scanned;
  }
  if (rate === EMPTY) return latency === null ? null : latencyOfNothing(fields, test);
  if ((test.ofFiles ? setup.files : setup.file_size_kib) === null) {
    const size = test.ofFiles ? "number of files" : "file size";
    const issueText = `expected nothing where there is no ${size}, found ${quoted(textOf(fields, test.rate))}`;
    return fieldIssue(fields, test.rate, test.metric, "inconsistent_setup", issueText);
  }
  const measurement =
    rate === CENSORED ? tooFast(test, setup, latency, alike) : { rate, cpu, latency_us: latency, censored: false };
  if (measurement === alike) return alike;
  const fault = contradiction(test.metric, setup, measurement);
  if (fault === null) return measurement;
  const field = fault.part === "rate" ? test.metric : `${test.metric}_${fault.part}`;
  return fieldIssue(fields, test[fault.part], field, fault.code, fault.text);
}

/** A test too fast to measure: the last such measurement where it is the same. */
function tooFast({ metric }: TestColumns, setup: BonnieSetup, latency: number | null, alike: Measurement): Measurement {
  const bound = lowerBound(metric, setup) ?? 0;
  if (alike.lower_bound === bound && alike.latency_us === latency) return alike;
  return { rate: null, cpu: null, latency_us: latency, censored: true, lower_bound: bound };
}

function scanRate(text: string, start: number, end: number, setup: BonnieSetup, test: TestColumns): number {
  if (start === end) return EMPTY;
  if (isPluses(text, start, end, 5)) return CENSORED;
  return test.metric === "seeks" ? scanSeeks(text, start, end, setup.format === "v1") : scanInteger(text, start, end);
}

function scanCpu(text: string, start: number, end: number): number {
  if (start === end) return EMPTY;
  return isPluses(text, start, end, 3) ? CENSORED : scanInteger(text, start, end);
}

function expectedRate(setup: BonnieSetup, test: TestColumns): string {
  if (test.metric !== "seeks") return "a rate in whole numbers or +++++";
  if (setup.format === "v1") return "a rate with one decimal or +++++";
  return "a rate with one decimal below 1000 and none from 1000 on, or +++++";
}

function badNumber(fields: Fields, field: string, index: number, expected: string): Issue {
  const found = quoted(textOf(fields, index));
  if (isNegative(fields.text, startOf(fields, index), endOf(fields, index))) {
    const text = `expected ${expected}, found ${found}: Bonnie++ counts wrongly where a file has 2 TiB or more`;
    return fieldIssue(fields, index, field, "negative_number", text);
  }
  return fieldIssue(fields, index, field, "bad_number", `expected ${expected}, found ${found}`);
}

function badPair(fields: Fields, test: TestColumns): Issue {
  const found = `${quoted(textOf(fields, test.rate))} and ${quoted(textOf(fields, test.cpu))}`;
  const text = `expected a rate and a %CP that are both numbers, both plus signs or both empty, found ${found}`;
  return fieldIssue(fields, test.rate, test.metric, "bad_pair", text);
}

function latencyOfNothing(fields: Fields, test: TestColumns): Issue {
  const text = `expected no latency of a test without a rate, found ${quoted(textOf(fields, test.latency))}`;
  return fieldIssue(fields, test.latency, `${test.metric}_latency`, "inconsistent_setup", text);
}
