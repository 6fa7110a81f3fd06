// The resolution table of xen-backends.md, section 1.1, as data: which backend serves an image on a Linux Dom0, by what the
// guest's configuration says, the toolstack and the Xen release. Columns for xapi and the row `tapdisk` are added from
// xen-backends.md, sections 1.1 (words that name a format) and 1.2 (years of each backend, XenServer releases).

import type { Backend } from "./backends.ts";
import type { Toolstack } from "../model/toolstack.ts";

/** What the configuration says. `vbd` stands outside the table: xenstore uses that word for three backends. */
export type ConfigRow = "file" | "tap:aio" | "tap2:aio" | "raw" | "qcow2" | "vhd" | "tapdisk" | "vbd";

interface Column {
  readonly toolstack: Toolstack;
  /** First and last release, both included, as `xenRelease` numbers them. */
  readonly first: number;
  readonly last: number;
}

const COLUMNS: readonly Column[] = [
  { toolstack: "xend", first: 3000, last: 3004 },
  { toolstack: "xend", first: 4000, last: 4000 },
  { toolstack: "xend", first: 4001, last: 4004 },
  { toolstack: "xl", first: 4000, last: 4000 },
  { toolstack: "xl", first: 4001, last: 4001 },
  { toolstack: "xl", first: 4002, last: 4003 },
  { toolstack: "xl", first: 4004, last: 4005 },
  { toolstack: "xl", first: 4006, last: 4018 },
  { toolstack: "xl", first: 4019, last: Number.POSITIVE_INFINITY },
  { toolstack: "xapi", first: 3000, last: 4003 },
  { toolstack: "xapi", first: 4004, last: Number.POSITIVE_INFINITY },
];

/**
 * What serves the disk. `[]`: the words do not exist there. Two entries: the first where its kernel driver is loaded
 * (or where nothing else was asked for), else the second.
 */
type Cell = readonly Backend[];

/** One cell for each column. */
const ROWS: Readonly<Record<Exclude<ConfigRow, "vbd">, readonly Cell[]>> = {
  file: [
    ["loop"],
    ["loop"],
    ["loop"],
    ["blktap2", "blktap1"],
    ["blktap2", "qdisk"],
    ["blktap2", "qdisk"],
    ["qdisk"],
    ["loop"],
    ["loop"],
    ["blktap2"],
    ["tapdisk3"],
  ],
  "tap:aio": [
    ["blktap1"],
    ["blktap2", "blktap1"],
    ["blktap1"],
    ["blktap2", "blktap1"],
    ["blktap2", "qdisk"],
    ["blktap2", "qdisk"],
    ["qdisk"],
    ["loop"],
    ["loop"],
    ["blktap2"],
    ["tapdisk3"],
  ],
  "tap2:aio": [
    [],
    [],
    ["blktap2"],
    ["blktap2", "blktap1"],
    ["blktap2", "qdisk"],
    ["blktap2", "qdisk"],
    ["qdisk"],
    ["loop"],
    ["loop"],
    ["blktap2"],
    ["tapdisk3"],
  ],
  raw: [[], [], [], [], [], ["blktap2", "qdisk"], ["qdisk"], ["loop"], ["loop"], ["blktap2"], ["tapdisk3"]],
  qcow2: [
    ["blktap1"],
    ["blktap1"],
    ["blktap1"],
    ["blktap2", "blktap1"],
    ["qdisk"],
    ["qdisk"],
    ["qdisk"],
    ["qdisk"],
    ["qdisk"],
    [],
    ["tapdisk3"],
  ],
  vhd: [
    [],
    ["blktap2"],
    ["blktap2"],
    ["blktap2"],
    ["blktap2"],
    ["blktap2", "qdisk"],
    ["qdisk"],
    ["qdisk"],
    ["qdisk", "tapdisk3"],
    ["blktap2"],
    ["tapdisk3"],
  ],
  tapdisk: [
    ["blktap1"],
    ["blktap2", "blktap1"],
    ["blktap1", "blktap2"],
    ["blktap2", "blktap1"],
    ["blktap2"],
    ["blktap2"],
    ["blktap2"],
    [],
    ["tapdisk3"],
    ["blktap2"],
    ["tapdisk3"],
  ],
};

/** The cell for a release of a toolstack; empty where the table has none. */
export function resolutionCell(row: Exclude<ConfigRow, "vbd">, toolstack: Toolstack, release: number): Cell {
  const column = COLUMNS.findIndex((c) => c.toolstack === toolstack && c.first <= release && release <= c.last);
  return ROWS[row][column] ?? [];
}
