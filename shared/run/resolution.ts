// Resolution: from the word that a client sent for its backend to the slug that is stored. In: the word, and the facts that
// help to understand it. Out: a slug, what the word implies about format and storage, and how certain it is. The word alone
// is often not enough: xl drops the prefixes of a configuration file and chooses for itself. What serves an image on a Linux
// Dom0, by toolstack and Xen release, is a table of data here.
// Source: xen-backends.md, sections 0, 1.1 (the table; words that name a format) and 1.2 (years of each backend, XenServer
// releases; columns for xapi and the row `tapdisk`).

import { type Alias, findAlias } from "./aliases.ts";
import {
  type Backend,
  BLOCK_STORAGES,
  type ImageFormat,
  parseToolstack,
  parseXenRelease,
  type Storage,
  type Toolstack,
} from "./backends.ts";
import { quoted } from "./text.ts";

/** What the configuration says. `vbd` has no row in the table: xenstore uses that word for three backends. */
export type ConfigRow = "file" | "tap:aio" | "tap2:aio" | "raw" | "qcow2" | "vhd" | "tapdisk" | "vbd";

/** Facts that help to resolve the word; each as the client sent it. */
export interface BackendContext {
  readonly toolstack?: string | undefined;
  readonly xen_version?: string | undefined;
  readonly image_format?: string | undefined;
  readonly storage?: string | undefined;
}

/** The backend that a word means. */
export interface BackendResolution {
  readonly backend: Backend;
  /** Implied by the word; a format that the client sent takes precedence. */
  readonly image_format?: ImageFormat;
  /** Implied by the word; a storage that the client sent takes precedence. */
  readonly storage?: Storage;
  /** Present if the slug is a guess: no better evidence may be claimed for it. */
  readonly evidence?: "declared";
  /** Sentences for the receipt. */
  readonly warnings: readonly string[];
}

/**
 * Resolves a slug or an alias in any case, with `-`, `_` and `:` alike. Ambiguous words are looked up by toolstack and
 * Xen version if both are known; if not, the result is the slug of the alias table as `declared`, with a warning that lists
 * the other meanings. Null for a word that is neither a slug nor an alias.
 */
export function resolveBackend(word: string, context: BackendContext = {}): BackendResolution | null {
  const alias = findAlias(word);
  if (alias === null) return null;
  const implied = {
    ...(alias.image_format && { image_format: alias.image_format }),
    ...(alias.storage && { storage: alias.storage }),
  };
  const [decided, ...others] = findCandidates(alias, context);
  if (decided === undefined) return { ...implied, ...resolveByAlias(word, alias) };
  if (others.length > 0) {
    const warning =
      `On this host ${quoted(word)} is ${decided}, or ${others.join(" or ")}, depending on the driver or the ` +
      `configuration; stored as ${decided}. Send the slug of the backend that xenstore shows to settle it.`;
    return { ...implied, backend: decided, evidence: "declared", warnings: [warning] };
  }
  return { ...implied, backend: decided, warnings: warnOfDifference(word, alias, decided, context) };
}

/** The backends that the context leaves: none if it decides nothing, several if they depend on an unknown condition. */
function findCandidates(alias: Alias, context: BackendContext): readonly Backend[] {
  const onBlockDevice = BLOCK_STORAGES.has(context.storage ?? "");
  if (alias.row === undefined) return [];
  if (alias.row === "vbd") return onBlockDevice ? ["phy"] : [];
  const toolstack = parseToolstack(context.toolstack ?? "");
  const release = parseXenRelease(context.xen_version ?? "") ?? currentRelease(toolstack);
  if (toolstack === null || release === null) return [];
  const prefixOnly = alias.image_format === undefined && alias.row !== "tapdisk";
  const row = prefixOnly ? (formatRow(context) ?? alias.row) : alias.row;
  // The table is about image files. xl passes a raw block device to blkback, regardless of the prefix.
  if (toolstack === "xl" && onBlockDevice && row !== "qcow2" && row !== "vhd" && row !== "tapdisk") return ["phy"];
  return findServers(row, toolstack, release);
}

/** The row of the image format in the facts, for a prefix such as `tap` that names none. */
function formatRow(context: BackendContext): "qcow2" | "vhd" | null {
  if (context.image_format === "vhd") return "vhd";
  return context.image_format === "qcow2" || context.image_format === "qcow" ? "qcow2" : null;
}

/** A xapi host without a version is assumed to be a current one: tapdisk3 since XenServer 6.5 (2015). */
function currentRelease(toolstack: Toolstack | null): number | null {
  return toolstack === "xapi" ? Number.POSITIVE_INFINITY : null;
}

function resolveByAlias(word: string, alias: Alias): Pick<BackendResolution, "backend" | "evidence" | "warnings"> {
  const notes = alias.note === undefined ? [] : [alias.note];
  if (alias.may_also_be === undefined) return { backend: alias.backend, warnings: notes };
  const meaning =
    alias.backend === "unknown"
      ? `${quoted(word)} names an image format, which may be served by ${alias.may_also_be.join(", ")}`
      : `${quoted(word)} may also mean ${alias.may_also_be.join(", ")}`;
  const warning = `${meaning}; stored as ${alias.backend}. Send ${alias.settled_by}, or the slug itself, to settle it.`;
  return { backend: alias.backend, evidence: "declared", warnings: [warning, ...notes] };
}

/** A warning if the host serves the word with another backend than the word names. */
function warnOfDifference(word: string, alias: Alias, decided: Backend, context: BackendContext): readonly string[] {
  if (decided === alias.backend || alias.backend === "unknown") return [];
  const host = [context.toolstack, context.xen_version].filter((fact) => fact !== undefined).join(" ");
  return [`${quoted(word)} under ${host || "these facts"} is served by ${decided}; stored as ${decided}.`];
}

// The table.

interface Column {
  readonly toolstack: Toolstack;
  /** First and last release, both included, as `parseXenRelease` numbers them. */
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
 * The backends that serve the disk. `[]`: the words do not exist there. Two entries: the first if its kernel driver is
 * loaded (or if the configuration requests nothing else), else the second.
 */
type Servers = readonly Backend[];

/** The backends of each row, one entry for each column. */
const ROWS: Readonly<Record<Exclude<ConfigRow, "vbd">, readonly Servers[]>> = {
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

/** The table's entry for a release of a toolstack; empty if it has none. */
function findServers(row: Exclude<ConfigRow, "vbd">, toolstack: Toolstack, release: number): Servers {
  const column = COLUMNS.findIndex((c) => c.toolstack === toolstack && c.first <= release && release <= c.last);
  return ROWS[row][column] ?? [];
}
