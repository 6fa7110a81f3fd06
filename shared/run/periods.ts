// Periods: the calendar windows that statistics are kept for, in UTC: a month `2026-11`, a quarter `2026-Q4`, a year
// `2026`, and `all`. Every window has host values and cells of its own, because counting a host once a month and adding
// up the months would pretend to more hosts than there are (statistics.md, section 2, rule of one vote).

/** The window without limits. */
export const PERIOD_ALL = "all";

const MONTH = /^\d{4}-(0[1-9]|1[0-2])$/;
const QUARTER = /^\d{4}-Q[1-4]$/;
const YEAR = /^\d{4}$/;

/** Whether `text` names a period: `all`, `2026`, `2026-Q4` or `2026-11`. */
export function isPeriod(text: string): boolean {
  return text === PERIOD_ALL || MONTH.test(text) || QUARTER.test(text) || YEAR.test(text);
}

/** The month of an ISO 8601 UTC time, e.g. `2026-11`. */
export function monthOf(finishedAt: string): string {
  return finishedAt.slice(0, 7);
}

/** The periods that hold a period, itself first, then longer ones: for a month the month, its quarter, its year, `all`. */
export function periodsOf(period: string): readonly string[] {
  if (period === PERIOD_ALL) return [PERIOD_ALL];
  const year = period.slice(0, 4);
  if (YEAR.test(period)) return [year, PERIOD_ALL];
  if (QUARTER.test(period)) return [period, year, PERIOD_ALL];
  const quarter = Math.ceil(Number(period.slice(5, 7)) / 3);
  return [period, `${year}-Q${quarter}`, year, PERIOD_ALL];
}

/** The periods without those that another one of them holds: their results are in that one, and count once. */
export function withoutHeld(periods: readonly string[]): readonly string[] {
  return periods.filter((period) => !periodsOf(period).some((longer) => longer !== period && periods.includes(longer)));
}

/**
 * The window of a period as ISO 8601 UTC prefixes: times t with `from <= t < to` in code unit order are inside.
 * `all` has no limits: every time lies between the empty string and `:`, the character after `9`.
 */
export function windowOf(period: string): { readonly from: string; readonly to: string } {
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
