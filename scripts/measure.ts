// `npm run measure [-- --at COMMIT]`: the size and the shape of the source, as a table, to compare before and after a change: files
// and their lines, the widest folder, the share of imports, cycles between folders, and citations that lead nowhere. With
// --at the files of that commit are measured, by the rules of today.

import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, normalize } from "node:path";
import { parseArgs } from "node:util";
import { unresolvedCitations } from "./citations.ts";

const TOP_FOLDERS = ["shared", "functions", "local", "infra", "scripts"];

/** A file with fewer lines is a sign that an idea was cut into pieces. */
const SHORT_LINES = 15;

/** A source file; `folder` and `imports` are paths from the root of the repository. */
interface SourceFile {
  readonly folder: string;
  readonly lines: number;
  readonly importLines: number;
  /** Folders of the repository that it imports from, statically or not. */
  readonly imports: readonly string[];
}

const IMPORT = /^(?:import|export)\b(?:[^;"'()=]*?\bfrom)? *["'][^"']+["'].*;/gm;
const IMPORTED = /(?:\bfrom|\bimport\(?) *["'](\.[^"']+)["']/g;

function main(): void {
  const { values } = parseArgs({ options: { at: { type: "string" } } });
  const root = values.at === undefined ? "." : extract(values.at);
  try {
    print(root);
  } finally {
    if (root !== ".") rmSync(root, { recursive: true });
  }
}

/** Writes the files of a commit into a new folder. Throws when git does not know the commit. */
function extract(commit: string): string {
  const archive = execFileSync("git", ["archive", commit], { maxBuffer: 2 ** 30 });
  const root = mkdtempSync(join(tmpdir(), "vbdstat-measure-"));
  execFileSync("tar", ["-x", "-C", root], { input: archive });
  return root;
}

function print(root: string): void {
  const byTop = TOP_FOLDERS.map((top) => [top, readSources(root, top)] as const);
  const all = byTop.flatMap(([, files]) => files);
  const heads = ["", "files", "lines", "median", "p90", `< ${SHORT_LINES} lines`, "imports", "widest folder"];
  const rows = [...byTop, ["all", all] as const].map(([name, files]) => describe(name, files));
  console.log(formatTable([heads, ...rows]));
  printList(
    "cycles between folders",
    findCycles(all).map((folders) => folders.join(" <-> ")),
  );
  printList(
    "unresolved citations",
    unresolvedCitations(root).map(({ file, line, text }) => `${file}:${line} ${text}`),
  );
}

/** The TypeScript and JavaScript files below a folder; none where the commit does not have it. */
function readSources(root: string, top: string): SourceFile[] {
  if (!existsSync(join(root, top))) return [];
  return readdirSync(join(root, top), { recursive: true, encoding: "utf8" })
    .filter((name) => /\.(?:tsx?|mjs)$/.test(name))
    .map((name) => {
      const path = join(top, name);
      const text = readFileSync(join(root, path), "utf8");
      const statements = [...text.matchAll(IMPORT)].map(([statement]) => statement);
      return {
        folder: dirname(path),
        lines: text.split("\n").length - 1,
        importLines: statements.reduce((sum, statement) => sum + statement.split("\n").length, 0),
        imports: [...text.matchAll(IMPORTED)].map(([, from = ""]) => dirname(normalize(join(dirname(path), from)))),
      };
    });
}

function describe(name: string, files: readonly SourceFile[]): string[] {
  const lines = files.map((file) => file.lines).toSorted((a, b) => a - b);
  const sum = lines.reduce((total, count) => total + count, 0);
  const importLines = files.reduce((total, file) => total + file.importLines, 0);
  const counts = new Map<string, number>();
  for (const { folder } of files) counts.set(folder, (counts.get(folder) ?? 0) + 1);
  const [widest, width] = [...counts].toSorted(([, a], [, b]) => b - a)[0] ?? ["-", 0];
  return [
    name,
    String(files.length),
    String(sum),
    String(percentile(lines, 0.5)),
    String(percentile(lines, 0.9)),
    String(lines.filter((count) => count < SHORT_LINES).length),
    `${((100 * importLines) / Math.max(1, sum)).toFixed(1)} %`,
    `${widest} (${width})`,
  ];
}

/** The smallest of ascending numbers that is not below a share of them; 0 of none. */
const percentile = (sorted: readonly number[], share: number): number =>
  sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;

/** The sets of folders that all import each other, directly or by way of others of the set. */
function findCycles(files: readonly SourceFile[]): string[][] {
  const folders = new Set(files.map(({ folder }) => folder));
  const direct = new Map<string, Set<string>>();
  for (const { folder, imports } of files) {
    const known = direct.get(folder) ?? new Set();
    for (const from of imports) if (from !== folder && folders.has(from)) known.add(from);
    direct.set(folder, known);
  }
  const reachable = new Map([...folders].map((folder) => [folder, reachableFrom(folder, direct)]));
  const cycles = [...folders].map((folder) =>
    [...(reachable.get(folder) ?? [])].filter((other) => reachable.get(other)?.has(folder)).toSorted(),
  );
  const distinct = new Map(cycles.filter((cycle) => cycle.length > 1).map((cycle) => [cycle.join(), cycle]));
  return [...distinct.values()];
}

function reachableFrom(start: string, direct: ReadonlyMap<string, ReadonlySet<string>>): Set<string> {
  const seen = new Set<string>();
  const open = [start];
  for (let folder = open.pop(); folder !== undefined; folder = open.pop()) {
    for (const next of direct.get(folder) ?? []) {
      if (seen.has(next)) continue;
      seen.add(next);
      open.push(next);
    }
  }
  return seen;
}

function formatTable(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) => {
      const cells = row.map((cell, column) =>
        column === 0 || column === row.length - 1
          ? cell.padEnd(widths[column] ?? 0)
          : cell.padStart(widths[column] ?? 0),
      );
      return cells.join("  ").trimEnd();
    })
    .join("\n");
}

function printList(name: string, entries: readonly string[]): void {
  console.log(`\n${name}: ${entries.length}`);
  for (const entry of entries) console.log(`  ${entry}`);
}

main();
