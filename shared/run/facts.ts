// Facts: what a client says about a run beside the result itself. In: a key and a value, both text from a query or from a
// `# key: value` line. Out: the fact with a typed value, or what is wrong with it. `fact-registry.ts` lists the facts.

import { FACTS, type FactKind } from "../model/fact-registry.ts";
import { nearestWord } from "../model/nearest-word.ts";
import { quoted } from "../model/quoted.ts";
import type { FactValue } from "./run.ts";
import { asWritten, invisibleIn, VISIBLE_EXPECTED } from "../model/written-text.ts";

/** A fact that was understood. */
export interface ParsedFact {
  readonly key: string;
  readonly value: FactValue;
}

/** Why a fact was not: `unknown_key` or `bad_value`, and one sentence with what was found and what was expected. */
export interface FactFault {
  readonly code: "unknown_key" | "bad_value";
  readonly text: string;
}

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
const TEXT: FactKind = { kind: "text" };
const KINDS: ReadonlyMap<string, FactKind> = new Map(FACTS.map((fact) => [fact.key, fact.kind]));
/** Keys a run takes that are not facts: suggested for a slip of the pen, and read elsewhere. */
const OTHER_KEYS = ["backend", "host", "vm", "run", "finished"];

/** Whether a key, in lower case, is one that may be said of a run. Any `label.` is, though not every one is well formed. */
export function isKnownKey(key: string): boolean {
  return KINDS.has(key) || OTHER_KEYS.includes(key) || key.startsWith("label.");
}

/**
 * Reads one fact. Blanks around the value are dropped; words are taken in any case; text is given in NFC. An empty value is a
 * fault: a client that does not know a fact leaves it out.
 */
export function parseFact(key: string, value: string): ParsedFact | FactFault {
  const kind = KINDS.get(key) ?? (LABEL.test(key) ? TEXT : undefined);
  if (kind === undefined) return { code: "unknown_key", text: unknownKey(key) };
  const found = asWritten(value);
  const parsed = readValue(kind, found);
  if (parsed !== null) return { key, value: parsed };
  return {
    code: "bad_value",
    text: `${key}: expected ${expectedOf(kind)}, found ${quoted(found)}${kind.kind === "text" ? invisibleIn(found) : ""}`,
  };
}

/** What a kind of fact accepts, in words, for messages and documentation. */
export function expectedOf(kind: FactKind): string {
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

function readValue(kind: FactKind, found: string): FactValue | null {
  switch (kind.kind) {
    case "text": {
      const length = found.length > 2 * MAX_FACT_TEXT ? found.length : [...found].length;
      return length >= 1 && length <= MAX_FACT_TEXT && invisibleIn(found) === "" ? found : null;
    }
    case "integer":
      return INTEGER.test(found) ? within(kind, Number(found)) : null;
    case "number":
      return NUMBER.test(found) ? within(kind, Number(found)) : null;
    case "boolean":
      return BOOLEANS.get(found.toLowerCase()) ?? null;
    case "enum":
      return kind.words.get(found.toLowerCase()) ?? null;
  }
}

function within({ min, max }: { min: number; max: number }, value: number): number | null {
  // Adding 0 turns -0 into 0, which is how it would come back from any store.
  return value >= min && value <= max ? value + 0 : null;
}

function unknownKey(key: string): string {
  if (key.startsWith("label.")) {
    return `unknown key ${quoted(key)}: after "label." come 1 to 40 characters of a-z 0-9 _ . -`;
  }
  const near = nearestWord(key, [...KINDS.keys(), ...OTHER_KEYS]);
  const own = LABEL.test(`label.${key}`) ? `label.${key}` : "label.<name>";
  return near === null
    ? `unknown key ${quoted(key)}: send it as ${own} to keep it`
    : `unknown key ${quoted(key)}: expected ${near}, or ${own} for a fact of your own`;
}
