// Periods: the calendar windows that statistics are kept for, in UTC: a month `2026-11`, a quarter `2026-Q4`, a year
// `2026`, and `all`. Every period has host values and cells of its own, because counting a host once a month and adding
// up the months would pretend to more hosts than there are (statistics.md, section 2, rule of one vote).

/** The largest number of periods in one query; a century of months would be 1 200 reads. */
export const MAX_PERIODS = 60;

/** The period without limits. */
export const PERIOD_ALL = "all";

const MONTH = /^\d{4}-(0[1-9]|1[0-2])$/;
const QUARTER = /^\d{4}-Q[1-4]$/;
const YEAR = /^\d{4}$/;

/** Whether `text` names a period: `all`, `2026`, `2026-Q4` or `2026-11`. */
export function isPeriod(text: string): boolean {
  return text === PERIOD_ALL || MONTH.test(text) || QUARTER.test(text) || YEAR.test(text);
}

/** The month of an ISO 8601 UTC time, e.g. `2026-11`. */
export function toMonth(finishedAt: string): string {
  return finishedAt.slice(0, 7);
}

/** The periods that contain a period, from itself to the longest: for a month the month, its quarter, its year, `all`. */
export function enclosingPeriods(period: string): readonly string[] {
  if (period === PERIOD_ALL) return [PERIOD_ALL];
  const year = period.slice(0, 4);
  if (YEAR.test(period)) return [year, PERIOD_ALL];
  if (QUARTER.test(period)) return [period, year, PERIOD_ALL];
  const quarter = Math.ceil(Number(period.slice(5, 7)) / 3);
  return [period, `${year}-Q${quarter}`, year, PERIOD_ALL];
}

/** Removes the periods that another one of the list contains, so that each result counts once. */
export function withoutNested(periods: readonly string[]): readonly string[] {
  return periods.filter(
    (period) => !enclosingPeriods(period).some((longer) => longer !== period && periods.includes(longer)),
  );
}

/**
 * The time range of a period as prefixes of ISO 8601 UTC times: a time t is inside if `from <= t < to` in code unit order.
 * `all` has no limits: every time is between the empty string and `:`, the character after `9`.
 */
export function periodWindow(period: string): { readonly from: string; readonly to: string } {
  if (period === PERIOD_ALL) return { from: "", to: ":" };
  const year = period.slice(0, 4);
  if (YEAR.test(period)) return { from: `${year}-01`, to: `${year}-13` };
  const twoDigits = (month: number) => String(month).padStart(2, "0");
  if (QUARTER.test(period)) {
    const last = Number(period.slice(6)) * 3;
    return { from: `${year}-${twoDigits(last - 2)}`, to: `${year}-${twoDigits(last + 1)}` };
  }
  return { from: period, to: `${year}-${twoDigits(Number(period.slice(5, 7)) + 1)}` };
}

// Consecutive periods of one length: months, quarters or years.

/** The lengths of consecutive periods; `all` has none of them. */
export const PERIOD_UNITS = ["month", "quarter", "year"] as const;

export type PeriodUnit = (typeof PERIOD_UNITS)[number];

const PER_YEAR: Readonly<Record<PeriodUnit, number>> = { month: 12, quarter: 4, year: 1 };

/** Parses the length of a period from its name; null for `all`. */
export function parsePeriodUnit(period: string): PeriodUnit | null {
  if (/^\d{4}$/.test(period)) return "year";
  if (/^\d{4}-Q\d$/.test(period)) return "quarter";
  return /^\d{4}-\d\d$/.test(period) ? "month" : null;
}

/** The period of a length that contains a time (ISO 8601 UTC). */
export function periodAt(time: string, unit: PeriodUnit): string {
  const month = Number(time.slice(5, 7)) - 1;
  return fromNumber(unit, Number(time.slice(0, 4)) * PER_YEAR[unit] + Math.floor((month * PER_YEAR[unit]) / 12));
}

/** The periods from `first` to `last`, both of the length of `unit`, oldest first; empty if `last` comes before. */
export function periodsBetween(first: string, last: string, unit: PeriodUnit): string[] {
  const from = toNumber(first, unit);
  return Array.from({ length: Math.max(0, toNumber(last, unit) - from + 1) }, (_, index) =>
    fromNumber(unit, from + index),
  );
}

/** The `count` periods that end with `last`, oldest first; fewer at the year 0. */
export function periodsUpTo(last: string, count: number, unit: PeriodUnit): string[] {
  const end = toNumber(last, unit);
  const first = Math.max(0, end - count + 1);
  return Array.from({ length: end - first + 1 }, (_, index) => fromNumber(unit, first + index));
}

/** Numbers the periods of a length from the year 0 on. */
function toNumber(period: string, unit: PeriodUnit): number {
  const position = unit === "year" ? 0 : Number(period.slice(unit === "quarter" ? 6 : 5)) - 1;
  return Number(period.slice(0, 4)) * PER_YEAR[unit] + position;
}

/** The name of the period with a number; inverse of `toNumber`. */
function fromNumber(unit: PeriodUnit, number: number): string {
  const year = String(Math.floor(number / PER_YEAR[unit])).padStart(4, "0");
  const position = (number % PER_YEAR[unit]) + 1;
  if (unit === "year") return year;
  return unit === "quarter" ? `${year}-Q${position}` : `${year}-${String(position).padStart(2, "0")}`;
}
/** Gives the present time in milliseconds since 1970. */
export type Clock = () => number;
