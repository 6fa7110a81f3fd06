// The three CSV layouts as data: which field of a line is what. Everything that reads or prints a line takes its positions
// from here. Source: bonnie-formats.md, sections 2 and 3.1. The headers that Bonnie++ prints are not used: they name columns
// wrongly.

import { METRICS, type MetricName } from "../run/metrics.ts";

/** The positions of the fields of one test; `latency` is -1 in v1, which prints none. %CP follows its rate. */
export interface TestColumns {
  readonly metric: MetricName;
  /** True for the six file tests, false for the six of the big file. */
  readonly ofFiles: boolean;
  readonly rate: number;
  readonly cpu: number;
  readonly latency: number;
}

/** One layout: its column names, used in issues, and their positions; -1 for a column that it lacks. */
export interface Layout {
  readonly format: "v1" | "v2";
  readonly columns: readonly string[];
  readonly formatVersion: number;
  readonly bonnieVersion: number;
  readonly machine: number;
  readonly concurrency: number;
  readonly seed: number;
  readonly fileSize: number;
  readonly chunkSize: number;
  readonly seekCount: number;
  readonly seekProcs: number;
  readonly numFiles: number;
  readonly maxSize: number;
  readonly minSize: number;
  /** Always empty, in every version. */
  readonly fileChunkSize: number;
  readonly numDirs: number;
  /** The positions of all fields that describe the setup, except the seed, which differs in every run. */
  readonly setup: readonly number[];
  readonly tests: readonly TestColumns[];
}

const isFileTest = (unit: string) => unit === "files/s";
const pairs = (ofFiles: boolean) =>
  METRICS.filter((metric) => isFileTest(metric.unit) === ofFiles).flatMap(({ name }) => [name, `${name}_cpu`]);

const IO = pairs(false);
const FILES = pairs(true);
const LATENCIES = METRICS.map(({ name }) => `${name}_latency`);
const TEST_COLUMNS: ReadonlySet<string> = new Set([...IO, ...FILES, ...LATENCIES]);
const V2_HEAD = ["format_version", "bonnie_version", "name", "concurrency", "seed", "file_size", "io_chunk_size"];
const V2_FILES = ["num_files", "max_size", "min_size", "file_chunk_size", "num_dirs"];

/** Derives all positions of a layout from its columns. */
function buildLayout(format: "v1" | "v2", columns: readonly string[]): Layout {
  const at = (name: string) => columns.indexOf(name);
  return {
    format,
    columns,
    formatVersion: at("format_version"),
    bonnieVersion: at("bonnie_version"),
    machine: at("name"),
    concurrency: at("concurrency"),
    seed: at("seed"),
    fileSize: at("file_size"),
    chunkSize: at("io_chunk_size"),
    seekCount: at("seek_count"),
    seekProcs: at("seek_procs"),
    numFiles: at("num_files"),
    maxSize: at("max_size"),
    minSize: at("min_size"),
    fileChunkSize: at("file_chunk_size"),
    numDirs: at("num_dirs"),
    setup: [...columns.keys()].filter((index) => index !== at("seed") && !TEST_COLUMNS.has(columns[index] ?? "")),
    tests: METRICS.map(({ name, unit }) => ({
      metric: name,
      ofFiles: isFileTest(unit),
      rate: at(name),
      cpu: at(`${name}_cpu`),
      latency: at(`${name}_latency`),
    })),
  };
}

/** 1.00 to 1.04: 27 fields. */
export const V1 = buildLayout("v1", ["name", "file_size", ...IO, "num_files", ...FILES]);

/** Formats 1.92b to 1.97: 48 fields. */
export const V2_48 = buildLayout("v2", [...V2_HEAD, ...IO, ...V2_FILES, ...FILES, ...LATENCIES]);

/** Format 1.98, written by 1.98, 2.00 and 2.00a: 50 fields. */
export const V2_50 = buildLayout("v2", [
  ...V2_HEAD,
  "seek_count",
  "seek_procs",
  ...IO,
  ...V2_FILES,
  ...FILES,
  ...LATENCIES,
]);
