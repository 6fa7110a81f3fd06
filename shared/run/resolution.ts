// The resolution table of xen-backends.md, section 1.1, as data: which backend serves an image on a Linux Dom0, by what the
// guest's configuration says, the toolstack and the Xen release. Columns for xapi and the row `tapdisk` are added from
// xen-backends.md, sections 1.1 (words that name a format) and 1.2 (years of each backend, XenServer releases).

import { type Alias, aliasOf } from "./aliases.ts";
import {
  type Backend,
  BLOCK_STORAGES,
  type ImageFormat,
  type Storage,
  type Toolstack,
  toolstackOf,
  xenRelease,
} from "./backends.ts";
import { quoted } from "./text.ts";

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
function resolutionCell(row: Exclude<ConfigRow, "vbd">, toolstack: Toolstack, release: number): Cell {
  const column = COLUMNS.findIndex((c) => c.toolstack === toolstack && c.first <= release && release <= c.last);
  return ROWS[row][column] ?? [];
}

// From the word a client sent to the backend that is stored. Comes in: the word and what else the client said. Goes out:
// a slug, what the word implies, and how sure that is. The word alone is often not enough: xl drops the prefixes of a
// configuration file and chooses for itself (xen-backends.md, sections 0 and 1.1).

/** Facts that help to understand the word; each as the client sent it. */
export interface BackendContext {
  readonly toolstack?: string | undefined;
  readonly xen_version?: string | undefined;
  readonly image_format?: string | undefined;
  readonly storage?: string | undefined;
}

/** The backend a word stands for. */
export interface BackendResolution {
  readonly backend: Backend;
  /** Implied by the word; what the client itself says about the format wins. */
  readonly image_format?: ImageFormat;
  /** Implied by the word; what the client itself says about the storage wins. */
  readonly storage?: Storage;
  /** Present when the slug is a guess, which no better evidence may be claimed for. */
  readonly evidence?: "declared";
  /** Sentences for the receipt; empty when there is nothing to say. */
  readonly warnings: readonly string[];
}

/**
 * Resolves a slug or an alias in any case, with `-`, `_` and `:` alike. Ambiguous words are looked up by toolstack and
 * Xen version where both are known; otherwise the slug of the alias table is given as `declared`, with a warning that
 * says what else it may be. Null for a word that is neither a slug nor an alias.
 */
export function resolveBackend(word: string, context: BackendContext = {}): BackendResolution | null {
  const alias = aliasOf(word);
  if (alias === null) return null;
  const implied = {
    ...(alias.image_format && { image_format: alias.image_format }),
    ...(alias.storage && { storage: alias.storage }),
  };
  const [decided, ...others] = candidates(alias, context);
  if (decided === undefined) return { ...implied, ...undecided(word, alias) };
  if (others.length > 0) {
    const warning =
      `On this host ${quoted(word)} is ${decided}, or ${others.join(" or ")} where the driver or the configuration ` +
      `says so; stored as ${decided}. Send the slug of what xenstore shows to settle it.`;
    return { ...implied, backend: decided, evidence: "declared", warnings: [warning] };
  }
  return { ...implied, backend: decided, warnings: differs(word, alias, decided, context) };
}

/** The backends the context leaves: none when it decides nothing, several when a condition cannot be known. */
function candidates(alias: Alias, context: BackendContext): readonly Backend[] {
  const onBlockDevice = BLOCK_STORAGES.has(context.storage ?? "");
  if (alias.row === undefined) return [];
  if (alias.row === "vbd") return onBlockDevice ? ["phy"] : [];
  const toolstack = toolstackOf(context.toolstack ?? "");
  const release = xenRelease(context.xen_version ?? "") ?? currentRelease(toolstack);
  if (toolstack === null || release === null) return [];
  const prefixOnly = alias.image_format === undefined && alias.row !== "tapdisk";
  const row = prefixOnly ? (formatRow(context) ?? alias.row) : alias.row;
  // The table is about image files. xl gives a raw block device to blkback, whatever the prefix says.
  if (toolstack === "xl" && onBlockDevice && row !== "qcow2" && row !== "vhd" && row !== "tapdisk") return ["phy"];
  return resolutionCell(row, toolstack, release);
}

/** A prefix like `tap` leaves the format open; a fact may name it. */
function formatRow(context: BackendContext): "qcow2" | "vhd" | null {
  if (context.image_format === "vhd") return "vhd";
  return context.image_format === "qcow2" || context.image_format === "qcow" ? "qcow2" : null;
}

/** A xapi host that does not say its version is taken for a current one: tapdisk3 since XenServer 6.5 (2015). */
function currentRelease(toolstack: Toolstack | null): number | null {
  return toolstack === "xapi" ? Number.POSITIVE_INFINITY : null;
}

function undecided(word: string, alias: Alias): Pick<BackendResolution, "backend" | "evidence" | "warnings"> {
  const notes = alias.note === undefined ? [] : [alias.note];
  if (alias.may_also_be === undefined) return { backend: alias.backend, warnings: notes };
  const meaning =
    alias.backend === "unknown"
      ? `${quoted(word)} names an image format, which may be served by ${alias.may_also_be.join(", ")}`
      : `${quoted(word)} may also mean ${alias.may_also_be.join(", ")}`;
  const warning = `${meaning}; stored as ${alias.backend}. Send ${alias.settled_by}, or the slug itself, to settle it.`;
  return { backend: alias.backend, evidence: "declared", warnings: [warning, ...notes] };
}

/** Says so when the host makes something else of the word than the word says. */
function differs(word: string, alias: Alias, decided: Backend, context: BackendContext): readonly string[] {
  if (decided === alias.backend || alias.backend === "unknown") return [];
  const host = [context.toolstack, context.xen_version].filter((fact) => fact !== undefined).join(" ");
  return [`${quoted(word)} under ${host || "these facts"} is served by ${decided}; stored as ${decided}.`];
}
