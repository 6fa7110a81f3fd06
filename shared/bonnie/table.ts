// Table: one text table as a result, or as the first fault in it (bonnie-formats.md, section 4).

import { lowerBound, upperLimit } from "../run/bound.ts";
import type { Issue } from "../model/issue.ts";
import type { BonnieSetup, Measurement, Measurements } from "../model/measurement.ts";
import { type PerMetric, perMetric } from "../run/metrics.ts";
import { quoted } from "../model/quoted.ts";
import { contradiction } from "./validity.ts";
import type { BonnieResult } from "./types.ts";
import { controlText, isControl } from "./fields.ts";
import { isPluses, scanInteger, scanLatency } from "./scan.ts";
import type { TableLines } from "./table-lines.ts";
import { tableRate } from "./table-rate.ts";
import { type PrintedTest, readFilesRow, readIoRow, wordIssue } from "./table-row.ts";
import { type Release, readTableSetup, releaseOf } from "./table-setup.ts";
import { warnOfSetup, warnOfTest } from "./warnings.ts";

/** A table that could be read. */
export interface Table {
  readonly result: BonnieResult;
  /** How coarse each rate was printed, in the metric's unit: the true rate is less than that away. */
  readonly resolution: PerMetric<number>;
}

/** Reads a table. The raw text of an issue is the whole table. */
export function readTable(lines: TableLines): Table | Issue {
  const raw = lines.lines.map((line) => line.text).join("\n");
  const table = controlIssue(lines) ?? readHalves(lines, raw);
  return "code" in table ? { ...table, raw } : table;
}

function controlIssue({ lines }: TableLines): Issue | null {
  for (const line of lines) {
    const at = line.text.split("").findIndex((character) => isControl(character.charCodeAt(0)));
    if (at < 0) continue;
    const word = { line, at, text: "" };
    return wordIssue(word, null, "control_character", controlText(line.text.charCodeAt(at)));
  }
  return null;
}

function readHalves({ first, io, files }: TableLines, raw: string): Table | Issue {
  const release = releaseOf(first.version ?? "");
  if (release === null) {
    const text = `expected the table of 1.00 to 1.04 or 1.92b to 2.00a, found version ${quoted(first.version ?? "")}`;
    return wordIssue({ line: first.head, at: 0, text: "" }, "bonnie_version", "unsupported_format", text);
  }
  const ioRow = io === null ? null : readIoRow(io);
  if (ioRow !== null && "code" in ioRow) return ioRow;
  const filesRow = files === null ? null : readFilesRow(files);
  if (filesRow !== null && "code" in filesRow) return filesRow;
  const setup = readTableSetup(first, release, ioRow, filesRow);
  if ("code" in setup) return setup;

  const metrics: Measurements = perMetric(() => null);
  const resolution = perMetric(() => 0);
  const warnings: string[] = [];
  warnOfSetup(warnings, setup);
  for (const test of [ioRow, filesRow].flatMap((row) => row?.tests ?? [])) {
    const value = readTest(test, setup, release);
    if ("code" in value) return value;
    metrics[test.metric.name] = value.measurement;
    resolution[test.metric.name] = value.resolution;
    warnOfTest(warnings, test.metric.name, setup, value.measurement, false);
  }
  if (release === "2.00") {
    if (ioRow !== null) warnings.push("rounded_rates: this table prints two or three digits of a rate.");
    if (filesRow !== null) warnings.push("unknown_file_rates: this version prints wrong file rates.");
  }
  return { result: { line: first.head.number, raw, setup, metrics, warnings }, resolution };
}

interface TableValue {
  readonly measurement: Measurement;
  readonly resolution: number;
}

function readTest(
  { metric, rate, cpu, latency }: PrintedTest,
  setup: BonnieSetup,
  release: Release,
): TableValue | Issue {
  const { name } = metric;
  const scanned = tableRate(rate.text, metric, release);
  if (scanned === null) return wordIssue(rate, name, "bad_number", `expected a rate, found ${quoted(rate.text)}`);
  const isCensored = scanned === "censored";
  const percent = isCensored ? null : scanInteger(cpu.text, 0, cpu.text.length);
  if (percent === null ? !isPluses(cpu.text, 0, cpu.text.length, 3) : percent < 0) {
    const expected = isCensored ? "+++ beside +++++" : "a %CP in whole numbers";
    return wordIssue(cpu, `${name}_cpu`, "bad_pair", `expected ${expected}, found ${quoted(cpu.text)}`);
  }
  const microseconds = latency === null ? null : scanLatency(latency.text, 0, latency.text.length);
  if (latency !== null && microseconds !== null && microseconds < 0) {
    const text = `expected a latency such as 981us, 131ms or 132s, found ${quoted(latency.text)}`;
    return wordIssue(latency, `${name}_latency`, "bad_number", text);
  }
  const measurement: Measurement = isCensored
    ? { rate: null, cpu: null, latency_us: microseconds, censored: true, lower_bound: lowerBound(name, setup) ?? 0 }
    : { rate: scanned.value, cpu: percent, latency_us: microseconds, censored: false };
  const slack = isCensored || !scanned.isRounded ? 0 : scanned.resolution;
  const fault = contradiction(name, setup, measurement, slack);
  if (fault === null) {
    return {
      measurement: withinLimit(measurement, upperLimit(name, setup)),
      resolution: isCensored ? 0 : scanned.resolution,
    };
  }
  const word = { rate, latency: latency ?? rate }[fault.part];
  return wordIssue(word, fault.part === "rate" ? name : `${name}_${fault.part}`, fault.code, fault.text);
}

/** Takes back what rounding put on top of the largest possible rate. */
function withinLimit(measurement: Measurement, limit: number | null): Measurement {
  const { rate } = measurement;
  return rate !== null && limit !== null && rate > limit ? { ...measurement, rate: limit } : measurement;
}
