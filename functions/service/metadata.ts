// What was said about a run: query parameters and `# key: value` lines, later ones winning. In: keys and values as text.
// Out: backend, host, vm, run id, time and typed facts, or one issue for each thing that cannot be understood.

import { unknownBackendText } from "../../shared/run/aliases.ts";
import type { Backend } from "../../shared/run/backends.ts";
import { parseFact } from "../../shared/run/facts.ts";
import { resolveBackend } from "../../shared/run/resolution.ts";
import type { FactValue } from "../../shared/run/run.ts";
import { describeInvisible, normalizeText, quoted, VISIBLE_EXPECTED } from "../../shared/run/text.ts";

// When a run finished, as a client says it: ISO 8601 (`date -u +%Y-%m-%dT%H:%M:%SZ`) or Unix seconds (`date +%s`).

/** A time that was understood; `asSent` is part of the run's identity. */
interface FinishedAt {
  /** ISO 8601 UTC with milliseconds. */
  readonly at: string;
  readonly asSent: string;
  readonly warning: string | null;
}

const UNIX_SECONDS = /^\d{1,11}$/;
const ISO = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2})(:\d{2}(?:[.,]\d{1,9})?)?(Z|[+ -]\d{2}(?::?\d{2})?)?$/i;

/** Unix seconds of 1990 and 2200: Bonnie++ is from 1999, and a time beyond is a broken clock or another unit. */
const EARLIEST = 631_152_000;
const LATEST = 7_258_118_400;

/** Reads a time; seconds may be left out, a missing zone is taken as UTC with a warning. */
export function parseFinished(value: string): FinishedAt | { readonly code: string; readonly text: string } {
  const asSent = value.trim();
  const seconds = UNIX_SECONDS.test(asSent) ? Number(asSent) : secondsOfIso(asSent);
  if (seconds === null || !(seconds >= EARLIEST && seconds < LATEST)) {
    return {
      code: "bad_value",
      text: `finished: expected ISO 8601 such as 2026-11-22T10:15:00Z, or Unix seconds, between 1990 and 2199, found ${quoted(value)}`,
    };
  }
  const zone = ISO.exec(asSent);
  const warning =
    zone !== null && zone[4] === undefined ? "no_time_zone: finished names no time zone; taken as UTC" : null;
  return { at: new Date(Math.round(seconds * 1000)).toISOString(), asSent, warning };
}

function secondsOfIso(text: string): number | null {
  const match = ISO.exec(text);
  if (match === null) return null;
  const [, date = "", minutes = "", rest = ":00", sentZone = "Z"] = match;
  // `?finished=$(date -Iseconds)` sends a + that the rules of query strings turn into a blank.
  const zone = sentZone.replace(" ", "+");
  const offset = /^[+-]\d{2}$/.test(zone) ? `${zone}:00` : zone.replace(/^([+-]\d{2})(\d{2})$/, "$1:$2");
  const milliseconds = Date.parse(`${date}T${minutes}${rest.replace(",", ".")}${offset.toUpperCase()}`);
  // Date.parse rolls 30 February over into March: such a date was never on a clock.
  const isDate = new Date(`${date}T00:00:00Z`).getUTCDate() === Number(date.slice(8));
  return isDate && !Number.isNaN(milliseconds) ? milliseconds / 1000 : null;
}

/** Keys and values as sent. */
export type Context = Readonly<Record<string, string>>;

/** Keys that say which run it is; all others are facts. */
const NAMES = ["host", "vm", "run"] as const;

/** The longest host name, guest name and run id: 255 characters, as a DNS name with its dots. */
export const MAX_NAME = 255;

/** Whether a key is a fact, which every run is stored with; the others say which run it is, and when it was. */
export function isFact(key: string): boolean {
  return key !== "backend" && key !== "finished" && !NAMES.some((name) => name === key);
}

/** What a context says, understood. Null: not said. */
export interface Said {
  readonly backend: Backend | null;
  readonly host: string | null;
  readonly vm: string | null;
  readonly run: string | null;
  readonly finished: FinishedAt | null;
  readonly facts: Readonly<Record<string, FactValue>>;
  readonly warnings: readonly string[];
}

/** Why a key or its value cannot be understood. */
export interface MetadataError {
  readonly key: string;
  readonly code: string;
  readonly text: string;
}

/** Whether one key and its value can be understood at all; null when they can. */
export function metadataError(key: string, value: string): MetadataError | null {
  if (key === "backend") return resolveBackend(value) === null ? { key, ...unknownBackend(value) } : null;
  if (key === "finished") {
    const finished = parseFinished(value);
    return "code" in finished ? { key, ...finished } : null;
  }
  if (NAMES.some((name) => name === key)) {
    const name = normalizeText(value);
    return isName(name) ? null : { key, code: "bad_value", text: `${key}: ${nameFault("", name)}` };
  }
  const fact = parseFact(key, value);
  return "code" in fact ? { key, ...fact } : null;
}

/**
 * Whether text, as written, can be the name of a host, guest or run: neither empty nor overlong, and two names that look the
 * same to a person do not differ in what nobody sees.
 */
export function isName(text: string): boolean {
  return text.length > 0 && text.length <= MAX_NAME && describeInvisible(text) === "";
}

/** Why text cannot be a name; `what` says of what, e.g. `a machine name of `. */
export function nameFault(what: string, text: string): string {
  return `expected ${what}1 to ${MAX_NAME} characters, ${VISIBLE_EXPECTED}, found ${quoted(text)}${describeInvisible(text)}`;
}

function unknownBackend(word: string): { code: string; text: string } {
  return {
    code: "unknown_backend",
    text: unknownBackendText("backend", word),
  };
}

/** What a context says. Every key of it must have passed `metadataError`; keys that did not are left out. */
export function understand(context: Context): Said {
  const facts: Record<string, FactValue> = {};
  for (const [key, value] of Object.entries(context)) {
    if (!isFact(key)) continue;
    const fact = parseFact(key, value);
    if (!("code" in fact)) facts[fact.key] = fact.value;
  }
  const text = (key: string) => (typeof facts[key] === "string" ? facts[key] : undefined);
  const resolution =
    context["backend"] === undefined
      ? null
      : resolveBackend(context["backend"], {
          toolstack: text("toolstack"),
          xen_version: text("xen_version"),
          image_format: text("image_format"),
          storage: text("storage"),
        });
  if (resolution !== null) {
    if (resolution.image_format !== undefined) facts["image_format"] ??= resolution.image_format;
    if (resolution.storage !== undefined) facts["storage"] ??= resolution.storage;
    // Nothing but the client's word stands behind a backend that came without evidence, or behind an ambiguous word.
    if (resolution.evidence !== undefined) facts["backend_evidence"] = resolution.evidence;
    facts["backend_evidence"] ??= "declared";
  }
  return {
    backend: resolution?.backend ?? null,
    host: named(context["host"]),
    vm: named(context["vm"]),
    run: named(context["run"]),
    finished: finishedOf(context),
    facts,
    warnings: resolution?.warnings ?? [],
  };
}

const named = (text: string | undefined): string | null => (text === undefined ? null : normalizeText(text));

/** What a context says that differs from an understood one in `finished` only. */
export function reparseFinished(said: Said, context: Context): Said {
  return { ...said, finished: finishedOf(context) };
}

function finishedOf(context: Context): FinishedAt | null {
  if (context["finished"] === undefined) return null;
  const finished = parseFinished(context["finished"]);
  return "code" in finished ? null : finished;
}
