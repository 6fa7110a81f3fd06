// Forms of statistics: what the summaries and cells of a generation contain. A generation is counted in the form in which it
// was begun, whichever version of the program counts it; so two versions that know its form write the same bytes, and a
// quantity that was added later is in no generation that was begun before.

import type { HostGroup, HostSummary, RunSample } from "./host-values.ts";
import { QUANTITY_COUNT } from "./quantities.ts";

/** The number of quantities in each form: the first so many. A form never changes; a new one is added with a new quantity. */
const QUANTITIES_IN_FORM: Readonly<Record<number, number>> = { 1: 24 };

/** The form of every generation that names no other. */
export const FIRST_FORM = 1;

/** The form in which this version begins generations: its newest. */
export const NEWEST_FORM = Math.max(...Object.keys(QUANTITIES_IN_FORM).map(Number));

/** Whether this version can read and count statistics in a form. */
export const isKnownForm = (form: number): boolean => QUANTITIES_IN_FORM[form] !== undefined;

/** The number of quantities in a form. Throws RangeError for one that this version does not know. */
function quantitiesIn(form: number): number {
  const count = QUANTITIES_IN_FORM[form];
  if (count === undefined) throw new RangeError(`statistics in form ${form}, which this version does not know`);
  return count;
}

/** A summary without the quantities that are not in a form; the very same object if the form has all quantities. */
export function summaryInForm(summary: HostSummary, form: number): HostSummary {
  const count = quantitiesIn(form);
  if (count >= QUANTITY_COUNT) return summary;
  const limited = <T>(values: readonly (T | null)[]) => values.map((value, index) => (index < count ? value : null));
  const groups = summary.groups.map(
    (group): HostGroup => ({ ...group, all: limited(group.all), trusted: limited(group.trusted) }),
  );
  return { ...summary, groups };
}

/**
 * A sample as each version that knows one of the forms stores it, the newest first: an earlier version stored no values of
 * quantities that were added later.
 */
export function sampleInForms(sample: RunSample): RunSample[] {
  const counts = [...new Set(Object.values(QUANTITIES_IN_FORM))].sort((a, b) => b - a);
  return counts.map((count) => ({
    ...sample,
    values: sample.values.map((value, index) => (index < count ? value : null)),
  }));
}
