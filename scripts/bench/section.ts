// A section of the benchmark: its options, its rows, and the timing of operations.

import { availableParallelism } from "node:os";
import type { BenchServer } from "./server.ts";

export interface BenchOptions {
  /** An empty folder for data; removed at the end. */
  readonly folder: string;
  /** Tiny sizes, which only check that everything works. */
  readonly quick: boolean;
  /** Fleet sizes of the comparison. */
  readonly hosts: readonly number[];
  /** The file name of a CPU profile; null without --profile. */
  profile(name: string): string | null;
}

export type Section = (options: BenchOptions) => Promise<readonly Row[]>;

/** Waits until no host is pending; returns the duration in seconds. */
export async function untilAggregated(server: BenchServer): Promise<number> {
  const started = performance.now();
  let waits = 0;
  while (!(await server.ask("/v1/status")).includes('"pending_hosts":0,')) {
    // Not too often: counting pending hosts costs the server time as well.
    await new Promise((resolve) => setTimeout(resolve, Math.min(500, 20 * 2 ** waits)));
    waits += 1;
  }
  return (performance.now() - started) / 1000;
}

// The output of the benchmark: rows in the Go benchmark text format (`Benchmark<name>-<cores> <iterations> <value> <unit> ...`), which benchstat
// reads, and a short table for people, with the targets.

/** A figure. With a unit that ends in `/s` more is better; with `ns`, `B` and `units` less is better. */
export interface Figure {
  readonly value: number;
  readonly unit: string;
  /** The minimum (`/s`) or the maximum (all other units). */
  readonly target?: number;
}

export interface Row {
  /** e.g. `Compare/hosts=10000/cohorts=50`; no blanks. */
  readonly name: string;
  /** How many operations stand behind the figures. */
  readonly iterations: number;
  readonly figures: readonly Figure[];
}

export function goBenchmarkLine({ name, iterations, figures }: Row): string {
  const values = figures.map(({ value, unit }) => `${plain(value)} ${unit}`);
  return [`Benchmark${name}-${availableParallelism()}`, iterations, ...values].join("\t");
}

/** Four significant digits at least, never an exponent. */
function plain(value: number): string {
  return value >= 1000 ? value.toFixed(0) : String(Number(value.toPrecision(4)));
}

/** The same figures, held against nothing. */
export const withoutTargets = ({ figures, ...row }: Row): Row => ({
  ...row,
  figures: figures.map(({ value, unit }) => ({ value, unit })),
});

/** One line for each figure; `MISSED` where it has a target and does not reach it. */
export function formatTable(rows: readonly Row[]): string {
  const cells = rows.flatMap(({ name, figures }) => figures.map((figure) => [name, ...formatFigure(figure)]));
  const widths = [0, 1, 2].map((column) => Math.max(0, ...cells.map((line) => line[column]?.length ?? 0)));
  return cells
    .map(([name = "", value = "", unit = "", target = ""]) =>
      `${name.padEnd(widths[0] ?? 0)}  ${value.padStart(widths[1] ?? 0)} ${unit.padEnd(widths[2] ?? 0)}  ${target}`.trimEnd(),
    )
    .join("\n");
}

function formatFigure({ value, unit, target }: Figure): string[] {
  const [shown, shownUnit] = inWords(value, unit);
  if (target === undefined) return [shown, shownUnit, ""];
  const reached = unit.endsWith("/s") ? value >= target : value <= target;
  const wanted = `${unit.endsWith("/s") ? "at least" : "at most"} ${inWords(target, unit)[0]}`;
  return [shown, shownUnit, reached ? wanted : `${wanted}: MISSED`];
}

/** Nanoseconds as milliseconds, bytes as KB or MB, the rest as it is. */
function inWords(value: number, unit: string): [string, string] {
  if (/(^|-)ns\b/.test(unit)) return [grouped(value / 1e6), unit.replace("ns", "ms")];
  if (/(^|-)B\b/.test(unit)) {
    return value < 1e6
      ? [grouped(value / 1e3), unit.replace(/B\b/, "KB")]
      : [grouped(value / 1e6), unit.replace(/B\b/, "MB")];
  }
  return [grouped(value), unit];
}

const grouped = (value: number): string =>
  Math.abs(value) >= 1000
    ? Math.round(value).toLocaleString("en-US").replaceAll(",", " ")
    : String(Number(value.toPrecision(3)));

// Timing of many operations with a bounded number in flight, and percentiles of their latencies.

/** Milliseconds of each operation, and seconds from the first start to the last end. */
export interface Timing {
  readonly latencies: readonly number[];
  readonly seconds: number;
}

/** Runs `operate` over the inputs with `inFlight` clients, each of which starts its next operation when its last has ended. */
export async function timed<T>(
  inputs: Iterable<T>,
  inFlight: number,
  operate: (input: T) => Promise<void>,
): Promise<Timing> {
  const latencies: number[] = [];
  const iterator = inputs[Symbol.iterator]();
  const client = async (): Promise<void> => {
    for (let next = iterator.next(); !next.done; next = iterator.next()) {
      const started = performance.now();
      await operate(next.value);
      latencies.push(performance.now() - started);
    }
  };
  const started = performance.now();
  await Promise.all(Array.from({ length: inFlight }, client));
  return { latencies, seconds: (performance.now() - started) / 1000 };
}

/** The smallest latency that at least the share `p` of all does not exceed, in nanoseconds. */
export function percentile({ latencies }: Timing, p: number): number {
  const sorted = latencies.toSorted((a, b) => a - b);
  return (sorted[Math.max(0, Math.ceil(p * sorted.length) - 1)] ?? 0) * 1e6;
}

/** The middle one of some numbers; the upper one of two; 0 without numbers. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

/** Reports progress on stderr: twice a second on a terminal, otherwise every ten seconds. */
export function progress(what: string, total: number): (done: number) => void {
  const { isTTY } = process.stderr;
  let last = performance.now();
  return (done) => {
    if (done < total && performance.now() - last < (isTTY ? 500 : 10_000)) return;
    last = performance.now();
    process.stderr.write(`  ${what}: ${done} of ${total}${isTTY && done < total ? "\r" : "\n"}`);
  };
}
