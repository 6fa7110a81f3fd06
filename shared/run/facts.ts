// Facts: what a client may send about a run in addition to the result. In: a key and a value, both text from a query or
// from a `# key: value` line. Out: the fact with a typed value, or an error with what was expected and found. The registry
// of facts is data: checks, error texts and documentation are derived from it.
// Sources: docs/api.md#post-results and xen-backends.md, sections 1.1 to 1.4, 2.4 and 3.

import { BACKEND_EVIDENCE, CACHE_MODES, IMAGE_FORMATS, STORAGES, TOOLSTACK_WORDS } from "./backends.ts";
import type { FactValue } from "./run.ts";
import { describeInvisible, normalizeText, quoted, VISIBLE_EXPECTED } from "./text.ts";

/** A fact with its value in the right type. */
export interface ParsedFact {
  readonly key: string;
  readonly value: FactValue;
}

/** Why a fact was rejected: a code, and one sentence with what was expected and found. */
export interface FactError {
  readonly code: "unknown_key" | "bad_value";
  readonly text: string;
}

/** The kind of value of a fact. Ranges include both ends. */
export type FactKind =
  | { readonly kind: "text" }
  | { readonly kind: "integer"; readonly min: number; readonly max: number }
  | { readonly kind: "number"; readonly min: number; readonly max: number }
  | { readonly kind: "boolean" }
  /** Accepted words, in lower case, and what is stored for each. */
  | { readonly kind: "enum"; readonly words: ReadonlyMap<string, string> };

/** One fact of the registry. */
export interface Fact {
  readonly key: string;
  readonly kind: FactKind;
  /** One line for the documentation. */
  readonly description: string;
}

const TEXT_FACT: FactKind = { kind: "text" };
const YES_NO: FactKind = { kind: "boolean" };
const MIB: FactKind = { kind: "integer", min: 1, max: 2 ** 40 };
const COUNT: FactKind = { kind: "integer", min: 0, max: 1_000_000 };
const POSITIVE_COUNT: FactKind = { kind: "integer", min: 1, max: 1_000_000 };
const KPS: FactKind = { kind: "number", min: 1, max: 1e12 };

function oneOf(values: readonly string[]): FactKind {
  return { kind: "enum", words: new Map(values.map((value) => [value.toLowerCase(), value])) };
}

/** All facts but `label.*`, grouped by subject. */
export const FACTS: readonly Fact[] = [
  // The virtual disk.
  { key: "image_format", kind: oneOf(IMAGE_FORMATS), description: "Format of the image; none for a block device." },
  { key: "storage", kind: oneOf(STORAGES), description: "What the virtual disk is stored on in Dom0." },
  { key: "cache_mode", kind: oneOf(CACHE_MODES), description: "Whether Dom0's page cache is in the data path." },
  {
    key: "backend_evidence",
    kind: oneOf(BACKEND_EVIDENCE),
    description: "How the backend was determined, best evidence first.",
  },
  { key: "driver_domain", kind: YES_NO, description: "The backend runs in a domain other than Dom0." },
  {
    key: "backend_domid",
    kind: { kind: "integer", min: 0, max: 32_751 },
    description: "Id of the domain that the backend runs in; 0 is Dom0.",
  },
  { key: "image_fs", kind: TEXT_FACT, description: "File system in Dom0 that holds the image, e.g. ext4." },
  { key: "image_fs_opts", kind: TEXT_FACT, description: "Mount options of that file system." },
  { key: "image_sparse", kind: YES_NO, description: "The image had holes when the run began." },
  { key: "persistent", kind: YES_NO, description: "Both ends agreed on persistent grants." },
  {
    key: "indirect_segments",
    kind: COUNT,
    description: "Largest number of indirect segments in a request; 0 for none.",
  },
  { key: "queues", kind: COUNT, description: "Ring queues in use." },
  {
    key: "ring_page_order",
    kind: { kind: "integer", min: 0, max: 16 },
    description: "Ring size in pages as a power of two.",
  },

  // The physical storage.
  { key: "disk_model", kind: TEXT_FACT, description: "Vendor and model of the physical disk or array." },
  { key: "rotational", kind: YES_NO, description: "The medium rotates (1) or not (0)." },
  { key: "spindles", kind: POSITIVE_COUNT, description: "Physical disks that share the load of this storage." },
  {
    key: "storage_link",
    kind: oneOf(["sata-3g", "sata-6g", "1gbe", "10gbe", "other"]),
    description: "The slowest link between Dom0 and the medium.",
  },
  {
    key: "reference_read_kps",
    kind: KPS,
    description: "Block read of the same storage on this host, measured without Dom0's page cache, in K/s.",
  },
  { key: "disk_write_cache", kind: TEXT_FACT, description: "Write cache of the disk, e.g. write back." },
  {
    key: "storage_stack",
    kind: TEXT_FACT,
    description:
      "Layers from the image or device down to the disks, e.g. lvm/md-raid1/sda+sdb. If it ends in something that is not " +
      "a disk of the host, e.g. zvol/zd16 or lvm/loop/nfs4, no disk is known below that.",
  },
  { key: "io_scheduler", kind: TEXT_FACT, description: "I/O scheduler of the physical disk in Dom0." },
  {
    key: "readahead_kb",
    kind: { kind: "integer", min: 0, max: 2 ** 32 },
    description: "Readahead of the device that backs the virtual disk, in KiB.",
  },

  // The host.
  {
    key: "toolstack",
    kind: { kind: "enum", words: new Map(Object.entries(TOOLSTACK_WORDS)) },
    description: "Toolstack.",
  },
  { key: "xen_version", kind: TEXT_FACT, description: "Version of Xen, e.g. 4.17.7." },
  { key: "site", kind: TEXT_FACT, description: "Where the host is located; comparisons can be filtered by it." },
  { key: "hardware", kind: TEXT_FACT, description: "Hardware class of the host; comparisons can be filtered by it." },
  { key: "cpu_model", kind: TEXT_FACT, description: "Processor model of the host." },
  { key: "cpu_mhz", kind: { kind: "number", min: 1, max: 100_000 }, description: "Clock rate of the host in MHz." },
  { key: "host_cpus", kind: POSITIVE_COUNT, description: "Logical processors of the host." },
  { key: "dom0_mem_mb", kind: MIB, description: "Memory of Dom0 at the time of the run, in MiB." },
  {
    key: "dom0_mem_avail_mb",
    kind: { kind: "integer", min: 0, max: 2 ** 40 },
    description: "Memory of Dom0 that could serve as page cache when the run began, in MiB.",
  },
  { key: "dom0_kernel", kind: TEXT_FACT, description: "Kernel release of Dom0." },
  { key: "dom0_distro", kind: TEXT_FACT, description: "Distribution of Dom0." },
  { key: "dom0_vcpus", kind: POSITIVE_COUNT, description: "Virtual processors of Dom0." },
  { key: "dom0_pinned", kind: YES_NO, description: "Dom0's virtual processors are pinned." },
  { key: "dom0_weight", kind: { kind: "integer", min: 1, max: 65_535 }, description: "Scheduler weight of Dom0." },
  {
    key: "dom0_load1",
    kind: { kind: "number", min: 0, max: 1_000_000 },
    description: "One-minute load average of Dom0 when the run began.",
  },
  { key: "other_guests_running", kind: COUNT, description: "Other guests running during the measurement." },

  // The guest.
  { key: "guest_mem_mb", kind: MIB, description: "Memory of the guest, in MiB." },
  { key: "guest_vcpus", kind: POSITIVE_COUNT, description: "Virtual processors of the guest." },
  { key: "guest_type", kind: oneOf(["PV", "PVH", "HVM"]), description: "How the guest is virtualized." },
  { key: "guest_kernel", kind: TEXT_FACT, description: "Kernel release of the guest." },
  { key: "guest_fs", kind: TEXT_FACT, description: "File system that Bonnie++ wrote to." },
  { key: "guest_fs_opts", kind: TEXT_FACT, description: "Mount options of that file system." },
  { key: "guest_io_scheduler", kind: TEXT_FACT, description: "I/O scheduler of the virtual disk in the guest." },
  { key: "os_version", kind: TEXT_FACT, description: "Operating system of the guest." },

  // The run.
  { key: "file_size_mb", kind: MIB, description: "Requested size of the test file, in MiB." },
  { key: "bonnie_version", kind: TEXT_FACT, description: "Version of Bonnie++." },
  { key: "bonnie_flags", kind: TEXT_FACT, description: "Options Bonnie++ was started with." },
  { key: "run_index", kind: POSITIVE_COUNT, description: "1 for the first run on this image, then 2, 3 ..." },
  { key: "first_run_read_kps", kind: KPS, description: "Block read of run 1 on the same image, in K/s." },
  {
    key: "device_read_ratio",
    kind: { kind: "number", min: 0, max: 1e9 },
    description:
      "Sectors that the physical disks at the bottom of storage_stack delivered during the run / sectors that the guest " +
      "requested. Never counted on a device that a cache answers for, such as loop, zvol, zram, nbd or rbd; ignored if storage_stack ends in one of them.",
  },
];

/** The longest text of a fact, in characters. */
const MAX_FACT_TEXT = 200;

const LABEL = /^label\.[a-z0-9_.-]{1,40}$/;
const INTEGER = /^[+-]?\d{1,15}$/;
const NUMBER = /^[+-]?(?:\d{1,15}(?:\.\d{0,15})?|\.\d{1,15})(?:e[+-]?\d{1,2})?$/i;
const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ["yes", true],
  ["true", true],
  ["1", true],
  ["no", false],
  ["false", false],
  ["0", false],
]);
const KINDS: ReadonlyMap<string, FactKind> = new Map(FACTS.map((fact) => [fact.key, fact.kind]));
/** Keys of a run that are not facts and are read elsewhere; an unknown key may be a misspelling of one of them. */
const OTHER_KEYS = ["backend", "host", "vm", "run", "finished"];

/** Whether a key, in lower case, may be sent with a run. Any `label.` key is known, even if it is malformed. */
export function isKnownKey(key: string): boolean {
  return KINDS.has(key) || OTHER_KEYS.includes(key) || key.startsWith("label.");
}

/**
 * Parses one fact. Spaces around the value are removed; words may have any case; text is returned in NFC. An empty value is
 * an error: a client that does not know a fact omits it.
 */
export function parseFact(key: string, value: string): ParsedFact | FactError {
  const kind = KINDS.get(key) ?? (LABEL.test(key) ? TEXT_FACT : undefined);
  if (kind === undefined) return { code: "unknown_key", text: unknownKeyText(key) };
  const found = normalizeText(value);
  const parsed = parseValue(kind, found);
  if (parsed !== null) return { key, value: parsed };
  return {
    code: "bad_value",
    text: `${key}: expected ${describeFactKind(kind)}, found ${quoted(found)}${kind.kind === "text" ? describeInvisible(found) : ""}`,
  };
}

/** Describes what a kind of fact accepts, for messages and documentation: `a whole number from 1 to 16`. */
export function describeFactKind(kind: FactKind): string {
  switch (kind.kind) {
    case "text":
      return `text of 1 to ${MAX_FACT_TEXT} characters, ${VISIBLE_EXPECTED}`;
    case "integer":
      return `a whole number from ${kind.min} to ${kind.max}`;
    case "number":
      return `a number from ${kind.min} to ${kind.max}`;
    case "boolean":
      return `one of ${[...BOOLEANS.keys()].join(", ")}`;
    case "enum":
      return `one of ${[...kind.words.keys()].join(", ")}`;
  }
}

function parseValue(kind: FactKind, found: string): FactValue | null {
  switch (kind.kind) {
    case "text": {
      const length = found.length > 2 * MAX_FACT_TEXT ? found.length : [...found].length;
      return length >= 1 && length <= MAX_FACT_TEXT && describeInvisible(found) === "" ? found : null;
    }
    case "integer":
      return INTEGER.test(found) ? inRange(kind, Number(found)) : null;
    case "number":
      return NUMBER.test(found) ? inRange(kind, Number(found)) : null;
    case "boolean":
      return BOOLEANS.get(found.toLowerCase()) ?? null;
    case "enum":
      return kind.words.get(found.toLowerCase()) ?? null;
  }
}

function inRange({ min, max }: { min: number; max: number }, value: number): number | null {
  // Adding 0 turns -0 into 0, which is how it would come back from any store.
  return value >= min && value <= max ? value + 0 : null;
}

function unknownKeyText(key: string): string {
  if (key.startsWith("label.")) {
    return `unknown key ${quoted(key)}: after "label." come 1 to 40 characters of a-z 0-9 _ . -`;
  }
  const near = findNearestWord(key, [...KINDS.keys(), ...OTHER_KEYS]);
  const own = LABEL.test(`label.${key}`) ? `label.${key}` : "label.<name>";
  return near === null
    ? `unknown key ${quoted(key)}: send it as ${own} to keep it`
    : `unknown key ${quoted(key)}: expected ${near}, or ${own} for a fact of your own`;
}

/**
 * Finds the known word that a mistyped one most likely means: the one at the smallest edit distance (Levenshtein), ignoring
 * case and taking `-` for `_`, if it is at most 3 edits and a third of its length away. Of equally near words, the first.
 * Null if no word is near.
 */
function findNearestWord(word: string, known: readonly string[]): string | null {
  if (word.length > 60) return null;
  const typed = word.toLowerCase().replace(/-/g, "_");
  let nearest: string | null = null;
  let smallest = Number.POSITIVE_INFINITY;
  for (const candidate of known) {
    const distance = editDistance(typed, candidate);
    if (distance < smallest && distance <= Math.min(3, Math.ceil(candidate.length / 3))) {
      nearest = candidate;
      smallest = distance;
    }
  }
  return nearest;
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (const [i, charA] of [...a].entries()) {
    const next = [i + 1];
    for (const [j, charB] of [...b].entries()) {
      const replaced = (row[j] ?? 0) + (charA === charB ? 0 : 1);
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
