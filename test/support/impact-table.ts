// The table of `npm run check:slow`: what everybody else noticed of each attack, in the order in which they were measured.

import type { Reporter, TestModule } from "vitest/node";
import type { Measured } from "./builds.ts";
import type { Times } from "./impact.ts";

const HEAD = [
  ...["attack", "build", "held", "uploads", "p50", "p99", "max", "healthz", "p50", "p99", "max"],
  ...["server", "engine", "connector", "the attack's own answers"],
];

/** Columns of words, which begin at the left; numbers end at the right. */
const WORDS = new Set([0, 1, 2, HEAD.length - 1]);

/** Prints the table when all tests have run. Milliseconds and MB at the most. */
export class ImpactTable implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const rows = modules
      .flatMap((module) => [...module.children.allTests()])
      .flatMap((test) => {
        const { measured } = test.meta();
        return measured === undefined ? [] : [rowOf(measured, test.ok())];
      });
    if (rows.length > 0) console.log(`\n${tableOf([HEAD, ...rows])}\n`);
  }
}

function rowOf({ attack, build, impact, note }: Measured, isHeld: boolean): string[] {
  const { uploads, health, memory } = impact;
  const own = [...(impact.attack.count > 0 ? [ownAnswers(impact.attack)] : []), ...(note === undefined ? [] : [note])];
  return [
    attack,
    build,
    build === "other" ? "" : isHeld ? "yes" : "NO",
    ...[answered(uploads, "201"), ...milliseconds(uploads)],
    ...[answered(health, "200"), ...milliseconds(health)],
    ...[memory.server, memory.engine, memory.connector].map((mb) => mb.toFixed(0)),
    own.join("; "),
  ];
}

/** How many of all were answered as they should. */
const answered = ({ count, outcomes }: Times, good: string) => `${outcomes[good] ?? 0}/${count}`;

const milliseconds = ({ p50, p99, most }: Times) => [p50, p99, most].map((ms) => ms.toFixed(0));

function ownAnswers(times: Times): string {
  const outcomes = Object.entries(times.outcomes).map(([outcome, count]) => `${count} x ${outcome}`);
  const [p50 = "", p99 = "", most = ""] = milliseconds(times);
  return `${outcomes.join(", ")} (p50 ${p50}, p99 ${p99}, max ${most})`;
}

function tableOf(rows: readonly (readonly string[])[]): string {
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    row.map((cell, column) => cell[WORDS.has(column) ? "padEnd" : "padStart"](widths[column] ?? 0)).join("  ");
  return rows.map((row) => line(row).trimEnd()).join("\n");
}
