// The parser compared with the minimum of any parser: split each line at commas and convert numbers.

import { generateFleet } from "../../local/demo/generated-fleet.ts";
import { readBonnie } from "../../shared/bonnie/reader.ts";
import { FLEET, parseRuns } from "./fleets.ts";
import { type BenchOptions, median, type Row } from "./section.ts";

/** Processes a text once; returns something that depends on all of it. */
type Reader = (text: string) => number;

const bareLoop: Reader = (text) => {
  let sum = 0;
  for (const line of text.split("\n")) {
    for (const field of line.split(",")) {
      const number = Number(field);
      if (number > 0) sum += number;
    }
  }
  return sum;
};

/** Lines of one release, without directives. */
function generateLines(release: "1.03" | "2.00a", count: number): string {
  const uploads = generateFleet({ ...FLEET, hosts: count / 100, runs: 50, releases: [release] });
  return [...uploads].flatMap(({ body }) => body.split("\n").filter((line) => /^[^#]/.test(line))).join("\n");
}

export async function parser({ quick }: BenchOptions): Promise<readonly Row[]> {
  const lines = quick ? 1_000 : 10_000;
  const batches = quick ? 5 : 60;
  const rows = (["1.03", "2.00a"] as const).flatMap((release) => {
    const text = generateLines(release, lines);
    const fields = release === "1.03" ? 27 : 50;
    const target = release === "1.03" ? { target: 400_000 } : {};
    return [
      makeRow(`Parse/fields=${fields}`, lines, batches, target, () => readBonnie(text).entries.length),
      makeRow(`ParseBare/fields=${fields}`, lines, batches, {}, () => bareLoop(text)),
    ];
  });
  const [upload] = generateFleet({ ...FLEET, hosts: 1, runs: 50 });
  const parseUpload = () => parseRuns(upload?.body ?? "").length;
  return [...rows, makeRow("ParseJudgeSample/fields=50/results=100", 100, batches * 20, {}, parseUpload)];
}

function makeRow(name: string, lines: number, batches: number, target: { target?: number }, work: () => number): Row {
  const seconds = Array.from({ length: batches }, () => {
    const started = performance.now();
    if (work() <= 0) throw new Error(`${name}: nothing was read`);
    return (performance.now() - started) / 1000;
  });
  return {
    name,
    iterations: batches,
    figures: [
      { value: lines / median(seconds), unit: "lines/s", ...target },
      { value: lines / Math.min(...seconds), unit: "best-lines/s" },
    ],
  };
}
