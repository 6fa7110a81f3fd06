// The matrix as text for a terminal of 100 columns: for each pair of backends a table of its metrics.

import type { Matrix, MatrixEntry } from "../compare/matrix.ts";
import type { Notice } from "../compare/notice.ts";
import { METRIC_NAMES } from "../model/metrics.ts";
import { aboutLines } from "./about-lines.ts";
import { columns } from "./columns.ts";
import { intervalText, knownText } from "./known-text.ts";
import { significant } from "./significant.ts";

/** The matrix with how fresh it is. */
export interface DatedMatrix extends Matrix {
  readonly as_of: string | null;
  readonly pending_hosts: number;
  readonly notices: readonly Notice[];
}

const HEAD = ["metric", "hosts", "ratio", "95 % interval", "verdict", "because"];

/** The matrix as lines of at most 100 columns, ending in a line feed. */
export function matrixText(matrix: DatedMatrix): string {
  return `${[
    "Every pair of backends that share hosts. Each pair is judged by itself, on its own hosts.",
    ...aboutLines(matrix, [`margin ${significant(matrix.margin * 100, 3)} %`]),
    ...matrix.pairs.flatMap(({ baseline, candidate, runs, metrics }) => [
      "",
      `${candidate} AGAINST ${baseline}, ${runs} runs: above 1, ${candidate} is faster`,
      ...columns("<>><<<", [
        HEAD,
        ...METRIC_NAMES.flatMap((name) => (metrics[name] === undefined ? [] : [[name, ...cells(metrics[name])]])),
      ]),
    ]),
  ].join("\n")}\n`;
}

function cells({ hosts, ratio, ci, verdict, reason }: MatrixEntry): string[] {
  return [String(hosts), hosts === 0 ? "-" : knownText(ratio), ci === null ? "-" : intervalText(ci), verdict, reason];
}
