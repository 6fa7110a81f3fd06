// When a run finished, as a client says it: ISO 8601 (`date -u +%Y-%m-%dT%H:%M:%SZ`) or Unix seconds (`date +%s`).

import { quoted } from "../../shared/model/quoted.ts";

/** A time that was understood; `asSent` is part of the run's identity. */
export interface FinishedAt {
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
