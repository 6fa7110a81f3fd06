// The output of the benchmark: rows in the Go benchmark text format (`Benchmark<name>-<cores> <iterations> <value> <unit> ...`), which benchstat
// reads, and a short table for people, with the targets.

import { availableParallelism } from "node:os";

/** A figure. With a unit that ends in `/s` more is better; with `ns`, `B` and `units` less is better. */
export interface Figure {
  readonly value: number;
  readonly unit: string;
  /** The minimum (`/s`) or the maximum (all other units). */
  readonly target?: number;
  /** What the figure is about, such as a partition key; shown in the table only. */
  readonly about?: string;
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
  figures: figures.map(({ target: _, ...figure }) => figure),
});

/** One line for each figure, with what it is about, and `MISSED` where it has a target and does not reach it. */
export function tableOf(rows: readonly Row[]): string {
  const cells = rows.flatMap(({ name, figures }) => figures.map((figure) => [name, ...columnsOf(figure)]));
  const widths = [0, 1, 2].map((column) => Math.max(0, ...cells.map((line) => line[column]?.length ?? 0)));
  return cells
    .map(([name = "", value = "", unit = "", target = ""]) =>
      `${name.padEnd(widths[0] ?? 0)}  ${value.padStart(widths[1] ?? 0)} ${unit.padEnd(widths[2] ?? 0)}  ${target}`.trimEnd(),
    )
    .join("\n");
}

function columnsOf({ value, unit, target, about = "" }: Figure): string[] {
  const [shown, shownUnit] = inWords(value, unit);
  if (target === undefined) return [shown, shownUnit, about];
  const reached = unit.endsWith("/s") ? value >= target : value <= target;
  const wanted = `${unit.endsWith("/s") ? "at least" : "at most"} ${inWords(target, unit)[0]}`;
  return [shown, shownUnit, `${about} ${wanted}${reached ? "" : ": MISSED"}`.trimStart()];
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
