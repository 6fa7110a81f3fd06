// Stored summaries: what a host has contributed to the cells of a period, as the store keeps it. A fleet's summaries and
// cells can be built again from its runs; each build is a generation.

import * as z from "zod";
import { BACKENDS } from "../run/backends.ts";
import { COHORT_KEYS, type Cohort, type CountedCohort } from "../run/cohort.ts";
import type { HostGroup, HostSummary, HostValue } from "./host-values.ts";
import { QUANTITY_NAMES } from "./quantities.ts";
import { decodeSetup, encodeSetup } from "./setup.ts";

/** One build of a fleet's statistics: its summaries, cells and cohorts. */
export interface FleetGeneration {
  readonly fleet: string;
  readonly generation: string;
  /** The form of its summaries and cells (`forms.ts`); the first one unless given. */
  readonly form?: number;
}

/** A summary and the cohort that the host is counted in. */
export interface CountedSummary {
  readonly summary: HostSummary;
  readonly cohort: CountedCohort;
}

/** A summary as stored. */
export interface StoredSummary extends CountedSummary {
  /** Identifies the state that was read; null when nothing is stored yet. */
  readonly version: string | null;
}

/** The change of one host from one summary of a period to the next. */
export interface SummaryStep {
  readonly period: string;
  readonly before: StoredSummary;
  /** The host's own cohort; where the period has no room for it, the store counts the host in `OTHER_COHORT`. */
  readonly after: CountedSummary;
}

/** Why a step was not committed: another writer changed what it read, or the table was too busy to take the writes. */
export type LossReason = "conflict" | "throttled";

/** A step that was not committed. */
export interface LostStep {
  readonly step: SummaryStep;
  readonly reason: LossReason;
}

/** A host in a listing: its statistics over all time, with its own cohort, whichever it is counted in. */
export interface ListedHost {
  readonly summary: HostSummary;
  readonly cohort: Cohort;
}

/** A host over all time, as last counted. */
export interface CountedHost extends ListedHost {
  /** Whether it has runs that are not counted yet. */
  readonly isPending: boolean;
  /** When an admin retired it, ISO 8601 UTC; null for a host that is not retired, or has sent a result since. */
  readonly retiredAt: string | null;
}

// The stored text form of a host summary: compact JSON. Of the view `trusted` only the values that differ from the view `all`
// are written, so a host without cached runs is charged for one view. A value that all runs of the group have, measured or too
// fast to measure, is written without their number.

/** Writes a summary as compact JSON. */
export function encodeSummary({ host, groups }: HostSummary): string {
  const facts = [...new Set(groups.flatMap(({ setup }) => Object.values(setup)))];
  return JSON.stringify({
    host,
    groups: groups.map((group) => encodeGroup(group, facts)),
    facts: facts.length > 0 ? facts : undefined,
  });
}

/**
 * Reads what `encodeSummary` wrote; the result equals the summary written. Quantities that were added later are null.
 * Throws a SyntaxError or a ZodError if the text is anything else.
 */
export function decodeSummary(text: string): HostSummary {
  schema ??= buildSchema();
  const { host, groups, facts } = schema.parse(JSON.parse(text));
  return { host, groups: groups.map((group) => decodeGroup(group, facts)) };
}

/** Built with the first summary that is read: most requests read none. */
let schema: ReturnType<typeof buildSchema> | undefined;

function buildSchema() {
  // Fields that a later version adds are skipped.
  const encodedValue = z.union([
    /** `lo` of a value that all runs of the group measured alike. */
    z.int(),
    /** `lo` of a value that all of them are above. */
    z.tuple([z.int()]),
    /** `lo` and `spread` of a value that all of them measured. */
    z.tuple([z.int(), z.int()]),
    /** lo, hi (null for +inf), runs, exact, spread. */
    z.tuple([z.int(), z.int().nullable(), z.int(), z.int(), z.int()]),
    z.null(),
  ]);
  const encodedGroup = z.object({
    stratum: z.string(),
    backend: z.enum(BACKENDS),
    runs: z.int(),
    all: z.array(encodedValue),
    /** Index and trusted value of each quantity whose two views differ. */
    trusted: z.array(z.tuple([z.int(), encodedValue])).default([]),
    cached: z.array(z.string()).default([]),
    small_file: z.literal(true).optional(),
    bound_mismatch: z.literal(true).optional(),
    /** Value, time and run of each attribute, and a 1 where that run was capped. */
    attributes: z
      .partialRecord(
        z.enum(COHORT_KEYS),
        z.tuple([z.string(), z.string(), z.string(), z.literal(1).optional()]).rest(z.unknown()),
      )
      .default({}),
    newest_at: z.string(),
    /** Milliseconds from then to the receipt of the last run. */
    delay: z.int().default(0),
    /** Where each fact of the setup is in the list of all groups. */
    setup: z.array(z.int().nullable()).default([]),
  });
  return z.object({
    host: z.string(),
    groups: z.array(encodedGroup),
    /** The facts of all groups, each once: the backends of a host have most of them in common. */
    facts: z.array(z.union([z.string(), z.number()])).default([]),
  });
}

type EncodedGroup = z.infer<ReturnType<typeof buildSchema>>["groups"][number];
type EncodedValue = EncodedGroup["all"][number];

function encodeGroup(group: HostGroup, facts: readonly (string | number)[]): object {
  const trusted = group.trusted.flatMap((value, index) =>
    sameValue(value, group.all[index] ?? null) ? [] : [[index, encodeValue(value, group.runs)]],
  );
  const attributes = Object.entries(group.attributes).map(([key, { value, at, run, capped }]) => [
    key,
    capped === true ? [value, at, run, 1] : [value, at, run],
  ]);
  const setup = encodeSetup(group.setup, (value) => facts.indexOf(value));
  return {
    stratum: group.stratum,
    backend: group.backend,
    runs: group.runs,
    all: group.all.map((value) => encodeValue(value, group.runs)),
    trusted: trusted.length > 0 ? trusted : undefined,
    cached: group.cached.length > 0 ? group.cached : undefined,
    small_file: group.small_file || undefined,
    bound_mismatch: group.bound_mismatch || undefined,
    attributes: attributes.length > 0 ? Object.fromEntries(attributes) : undefined,
    newest_at: group.newest_at,
    delay: Date.parse(group.received_at) - Date.parse(group.newest_at) || undefined,
    setup: setup.length > 0 ? setup : undefined,
  };
}

function decodeGroup(encoded: EncodedGroup, facts: readonly (string | number)[]): HostGroup {
  const { stratum, backend, runs, cached, small_file = false, bound_mismatch = false, newest_at, delay } = encoded;
  const all = QUANTITY_NAMES.map((_, index) => decodeValue(encoded.all[index] ?? null, runs));
  const trusted = new Map(encoded.trusted);
  return {
    stratum,
    backend,
    runs,
    all,
    trusted: all.map((value, index) => {
      const other = trusted.get(index);
      return other === undefined ? value : decodeValue(other, runs);
    }),
    cached,
    small_file,
    bound_mismatch,
    attributes: Object.fromEntries(
      Object.entries(encoded.attributes).map(([key, [value, at, run, capped]]) => [
        key,
        { value, at, run, ...(capped === 1 && { capped: true }) },
      ]),
    ),
    newest_at,
    received_at: new Date(Date.parse(newest_at) + delay).toISOString(),
    setup: decodeSetup(encoded.setup, (index) => facts[index]),
  };
}

/** `all` is the number of runs of the group. */
function encodeValue(value: HostValue | null, all: number): EncodedValue {
  if (value === null) return null;
  const { lo, hi, runs, exact, spread } = value;
  if (runs === all && exact === all && hi === lo) return spread === 0 ? lo : [lo, spread];
  if (runs === all && exact === 0 && hi === null && spread === 0) return [lo];
  return [lo, hi, runs, exact, spread];
}

function decodeValue(encoded: EncodedValue, all: number): HostValue | null {
  if (encoded === null) return null;
  if (typeof encoded === "number") return { lo: encoded, hi: encoded, runs: all, exact: all, spread: 0 };
  const [lo] = encoded;
  if (encoded.length === 1) return { lo, hi: null, runs: all, exact: 0, spread: 0 };
  if (encoded.length === 2) return { lo, hi: lo, runs: all, exact: all, spread: encoded[1] };
  const [, hi, runs, exact, spread] = encoded;
  return { lo, hi, runs, exact, spread };
}

function sameValue(a: HostValue | null, b: HostValue | null): boolean {
  if (a === null || b === null) return a === b;
  return a.lo === b.lo && a.hi === b.hi && a.runs === b.runs && a.exact === b.exact && a.spread === b.spread;
}
