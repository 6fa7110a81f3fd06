// Periods of one length in a row: months, quarters or years that follow each other.

/** Lengths of periods that follow each other; `all` is none of them. */
export const PERIOD_UNITS = ["month", "quarter", "year"] as const;

export type PeriodUnit = (typeof PERIOD_UNITS)[number];

const PER_YEAR: Readonly<Record<PeriodUnit, number>> = { month: 12, quarter: 4, year: 1 };

/** The length of a period by its name; null for `all`. */
export function unitOf(period: string): PeriodUnit | null {
  if (/^\d{4}$/.test(period)) return "year";
  if (/^\d{4}-Q\d$/.test(period)) return "quarter";
  return /^\d{4}-\d\d$/.test(period) ? "month" : null;
}

/** The period of a length that a time (ISO 8601 UTC) lies in. */
export function periodAt(time: string, unit: PeriodUnit): string {
  const month = Number(time.slice(5, 7)) - 1;
  return named(unit, Number(time.slice(0, 4)) * PER_YEAR[unit] + Math.floor((month * PER_YEAR[unit]) / 12));
}

/** The periods from `first` to `last`, both of the length of `unit`, in the order of time; none if `last` comes before. */
export function periodsBetween(first: string, last: string, unit: PeriodUnit): string[] {
  const from = numberOf(first, unit);
  return Array.from({ length: Math.max(0, numberOf(last, unit) - from + 1) }, (_, index) => named(unit, from + index));
}

/** The `count` periods that end with `last`, in the order of time; fewer where the calendar begins. */
export function periodsUpTo(last: string, count: number, unit: PeriodUnit): string[] {
  const end = numberOf(last, unit);
  const first = Math.max(0, end - count + 1);
  return Array.from({ length: end - first + 1 }, (_, index) => named(unit, first + index));
}

/** Periods since the year 0. */
function numberOf(period: string, unit: PeriodUnit): number {
  const place = unit === "year" ? 0 : Number(period.slice(unit === "quarter" ? 6 : 5)) - 1;
  return Number(period.slice(0, 4)) * PER_YEAR[unit] + place;
}

function named(unit: PeriodUnit, number: number): string {
  const year = String(Math.floor(number / PER_YEAR[unit])).padStart(4, "0");
  const place = (number % PER_YEAR[unit]) + 1;
  if (unit === "year") return year;
  return unit === "quarter" ? `${year}-Q${place}` : `${year}-${String(place).padStart(2, "0")}`;
}

/** Periods of one question; a century of months would be 1 200 reads. */
export const MOST_PERIODS = 60;
