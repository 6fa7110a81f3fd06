// Metadata of runs: what a client states about its results, in query parameters and `# key: value` lines. In: keys and values
// as text, in order; a later entry replaces an earlier one with the same key. Out: the backend, names, time and typed facts of
// each run that follows, or one error for each entry that cannot be parsed. docs/api.md#post-results lists the keys.

import { unknownBackendText } from "../../../shared/run/aliases.ts";
import type { Backend } from "../../../shared/run/backends.ts";
import { parseFact } from "../../../shared/run/facts.ts";
import { resolveBackend } from "../../../shared/run/resolution.ts";
import type { FactValue } from "../../../shared/run/run.ts";
import { describeInvisible, normalizeText, quoted, VISIBLE_EXPECTED } from "../../../shared/run/text.ts";

/** Metadata as sent: the last value of each key. */
export type UploadMetadata = Readonly<Record<string, string>>;

/** One key with its value, as sent. */
export interface MetadataEntry {
  readonly key: string;
  readonly value: string;
}

/** What is stated about one run. Null: not stated. */
export interface RunMetadata {
  readonly backend: Backend | null;
  readonly host: string | null;
  readonly vm: string | null;
  readonly run: string | null;
  readonly finished: FinishedAt | null;
  readonly facts: Readonly<Record<string, FactValue>>;
  readonly warnings: readonly string[];
}

/** Why an entry cannot be parsed; the text names the key. */
export interface MetadataError<E extends MetadataEntry = MetadataEntry> {
  readonly entry: E;
  readonly code: string;
  readonly text: string;
}

/** Entries that were parsed, without an error in any. */
export interface ParsedMetadata {
  /** The metadata of a run that comes after the first `count` entries. Each entry is read once if the counts never decrease. */
  after(count: number): RunMetadata;
  /** Bytes of all facts, keys and values as UTF-8, that are stored with a run after the first `count` entries. */
  factBytesAfter(count: number): number;
}

/** Labels of one run: they are stored with the run, and must fit its item. */
const MAX_LABELS = 100;

/** Bytes of all facts of a run, keys and values as UTF-8: each run of an upload is stored with a copy of them. */
const MAX_FACT_BYTES = 4_096;

/** Enough to correct an upload by; a body can have thousands of errors. */
const MAX_ERRORS = 100;

/** Parses entries, or gives the errors of the first hundred entries that are wrong. */
export function parseMetadata<E extends MetadataEntry>(
  entries: readonly E[],
): { readonly value: ParsedMetadata } | { readonly errors: readonly MetadataError<E>[] } {
  const parsed: ParsedEntry[] = [];
  const bytesAfter = [0];
  const errors: MetadataError<E>[] = [];
  const labels = new Set<string>();
  const addFact = makeFactCounter();
  let isTooLarge = false;
  for (const entry of entries) {
    const { key, value } = entry;
    if (key.startsWith("label.")) labels.add(key);
    const bytes = addFact(key, value);
    bytesAfter.push(bytes);
    let result = labels.size > MAX_LABELS ? tooManyLabels(key) : parseEntry(key, value);
    if (!("code" in result) && bytes > MAX_FACT_BYTES && !isTooLarge) {
      // Reported once: it is as true of every entry that follows.
      isTooLarge = true;
      result = factsTooLarge(key, bytes);
    }
    if ("code" in result) errors.push({ entry, ...result });
    else parsed.push(result);
    if (errors.length === MAX_ERRORS) break;
  }
  if (errors.length > 0) return { errors };
  return { value: { after: makeReader(parsed), factBytesAfter: (count) => bytesAfter[count] ?? 0 } };
}

/** Reads parsed entries from the first on, as far as the metadata of a run needs. */
function makeReader(entries: readonly ParsedEntry[]): ParsedMetadata["after"] {
  let read = 0;
  let state = emptyState();
  let latest: RunMetadata | null = null;
  return (count) => {
    if (count < read) {
      read = 0;
      state = emptyState();
      latest = null;
    }
    for (const entry of entries.slice(read, count)) {
      apply(state, entry);
      // Each result has its own time, and nothing else depends on it: the rest need not be computed again.
      if (entry.kind !== "finished") latest = null;
    }
    read = count;
    latest = latest === null ? toRunMetadata(state) : { ...latest, finished: state.finished };
    return latest;
  };
}

/** One entry, parsed. A backend stays a word: what it means depends on the facts. */
type ParsedEntry =
  | { readonly kind: "backend"; readonly word: string }
  | { readonly kind: "name"; readonly key: NameKey; readonly name: string }
  | { readonly kind: "finished"; readonly finished: FinishedAt }
  | { readonly kind: "fact"; readonly key: string; readonly value: FactValue };

type ParseError = Omit<MetadataError, "entry">;

/** Keys that identify a run. All keys but these, `backend` and `finished` are facts. */
const NAMES = ["host", "vm", "run"] as const;
type NameKey = (typeof NAMES)[number];

function parseEntry(key: string, value: string): ParsedEntry | ParseError {
  if (key === "backend") {
    return resolveBackend(value) === null
      ? { code: "unknown_backend", text: unknownBackendText("backend", value) }
      : { kind: "backend", word: value };
  }
  if (key === "finished") {
    const finished = parseFinished(value);
    return "code" in finished ? finished : { kind: "finished", finished };
  }
  const nameKey = NAMES.find((name) => name === key);
  if (nameKey !== undefined) {
    const name = normalizeText(value);
    return isName(name)
      ? { kind: "name", key: nameKey, name }
      : { code: "bad_value", text: `${key}: ${nameErrorText("", name)}` };
  }
  const fact = parseFact(key, value);
  return "code" in fact ? fact : { kind: "fact", ...fact };
}

/** The latest value of each key. */
interface State {
  backend: string | null;
  readonly names: Record<NameKey, string | null>;
  finished: FinishedAt | null;
  readonly facts: Map<string, FactValue>;
}

const emptyState = (): State => ({
  backend: null,
  names: { host: null, vm: null, run: null },
  finished: null,
  facts: new Map(),
});

function apply(state: State, entry: ParsedEntry): void {
  switch (entry.kind) {
    case "backend":
      state.backend = entry.word;
      break;
    case "name":
      state.names[entry.key] = entry.name;
      break;
    case "finished":
      state.finished = entry.finished;
      break;
    case "fact":
      state.facts.set(entry.key, entry.value);
      break;
  }
}

function toRunMetadata(state: State): RunMetadata {
  const facts: Record<string, FactValue> = Object.fromEntries(state.facts);
  const text = (key: string) => (typeof facts[key] === "string" ? facts[key] : undefined);
  const resolution =
    state.backend === null
      ? null
      : resolveBackend(state.backend, {
          toolstack: text("toolstack"),
          xen_version: text("xen_version"),
          image_format: text("image_format"),
          storage: text("storage"),
        });
  if (resolution !== null) {
    if (resolution.image_format !== undefined) facts["image_format"] ??= resolution.image_format;
    if (resolution.storage !== undefined) facts["storage"] ??= resolution.storage;
    // Without evidence, and for an ambiguous word, the backend is only what the client declares.
    if (resolution.evidence !== undefined) facts["backend_evidence"] = resolution.evidence;
    facts["backend_evidence"] ??= "declared";
  }
  return {
    backend: resolution?.backend ?? null,
    ...state.names,
    finished: state.finished,
    facts,
    warnings: resolution?.warnings ?? [],
  };
}

function tooManyLabels(key: string): ParseError {
  return { code: "too_many_labels", text: `${key}: expected at most ${MAX_LABELS} different labels, found more` };
}

function factsTooLarge(key: string, bytes: number): ParseError {
  const text = `${key}: expected at most ${MAX_FACT_BYTES} bytes of keys and values for all facts of a run together, found ${bytes} with this one`;
  return { code: "facts_too_large", text };
}

/** Counts the bytes of all facts; a repeated key replaces its earlier value. Names, backend and time are short and no facts. */
function makeFactCounter(): (key: string, value: string) => number {
  const sizes = new Map<string, number>();
  let total = 0;
  return (key, value) => {
    const isFact = key !== "backend" && key !== "finished" && !NAMES.some((name) => name === key);
    const bytes = isFact ? Buffer.byteLength(key) + Buffer.byteLength(normalizeText(value)) : 0;
    total += bytes - (sizes.get(key) ?? 0);
    sizes.set(key, bytes);
    return total;
  };
}

// Names of hosts, guests and runs.

/** The maximum length of a host name, guest name or run id: 255 characters, as of a DNS name with its dots. */
export const MAX_NAME = 255;

/**
 * Whether text, as `normalizeText` gives it, can be the name of a host, guest or run: neither empty nor too long, and without
 * invisible characters, so that two names that look the same are the same.
 */
export function isName(text: string): boolean {
  return text.length > 0 && text.length <= MAX_NAME && describeInvisible(text) === "";
}

/** Why text cannot be a name; `what` is a prefix that says which name, e.g. `a machine name of `. */
export function nameErrorText(what: string, text: string): string {
  return `expected ${what}1 to ${MAX_NAME} characters, ${VISIBLE_EXPECTED}, found ${quoted(text)}${describeInvisible(text)}`;
}

// When a run finished: ISO 8601 (`date -u +%Y-%m-%dT%H:%M:%SZ`) or Unix seconds (`date +%s`).

/** A time that was parsed. */
export interface FinishedAt {
  /** ISO 8601 UTC with milliseconds. */
  readonly at: string;
  /** The text, trimmed; it is part of the run's identity. */
  readonly asSent: string;
  readonly warning: string | null;
}

const UNIX_SECONDS = /^\d{1,11}$/;
const DATE = /^\d{4}-\d{2}-\d{2}$/;
const ISO = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2})(:\d{2}(?:[.,]\d{1,9})?)?(Z|[+ -]\d{2}(?::?\d{2})?)?$/i;

/** Unix seconds of 1990 and 2200: Bonnie++ is from 1999, and a time outside is a wrong clock or another unit. */
const EARLIEST = 631_152_000;
const LATEST = 7_258_118_400;

/** Parses a time. Seconds may be missing; a time without a zone is taken as UTC, with a warning. */
export function parseFinished(value: string): FinishedAt | ParseError {
  const asSent = value.trim();
  const seconds = UNIX_SECONDS.test(asSent) ? Number(asSent) : parseIsoSeconds(asSent);
  if (seconds === null || !(seconds >= EARLIEST && seconds < LATEST)) {
    // The time identifies the run and decides its month, so a day alone is not completed to a time that nobody sent.
    const found = DATE.test(asSent) ? `only the date ${quoted(value)}` : quoted(value);
    return {
      code: "bad_value",
      text: `finished: expected a date with a time and its zone, such as 2026-11-22T10:15:00Z, or Unix seconds, between 1990 and 2199, found ${found}`,
    };
  }
  const match = ISO.exec(asSent);
  const warning =
    match !== null && match[4] === undefined ? "no_time_zone: finished has no time zone; taken as UTC" : null;
  return { at: new Date(Math.round(seconds * 1000)).toISOString(), asSent, warning };
}

function parseIsoSeconds(text: string): number | null {
  const match = ISO.exec(text);
  if (match === null) return null;
  const [, date = "", minutes = "", rest = ":00", sentZone = "Z"] = match;
  // In a query string a + stands for a space: `?finished=$(date -Iseconds)` sends its zone with a space.
  const zone = sentZone.replace(" ", "+");
  const offset = /^[+-]\d{2}$/.test(zone) ? `${zone}:00` : zone.replace(/^([+-]\d{2})(\d{2})$/, "$1:$2");
  const milliseconds = Date.parse(`${date}T${minutes}${rest.replace(",", ".")}${offset.toUpperCase()}`);
  // Date.parse turns 30 February into 2 March; a date that does not exist must be an error.
  const isDate = new Date(`${date}T00:00:00Z`).getUTCDate() === Number(date.slice(8));
  return isDate && !Number.isNaN(milliseconds) ? milliseconds / 1000 : null;
}
