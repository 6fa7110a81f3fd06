import { COHORT_KEYS, type Cohort } from "../run/cohort.ts";

/** The attributes of a host, e.g. `site=fra storage=lvm`; `-` without any. */
export function cohortText(cohort: Cohort): string {
  const parts = COHORT_KEYS.flatMap((key) => (cohort[key] === undefined ? [] : [`${key}=${cohort[key]}`]));
  return parts.length === 0 ? "-" : parts.join(" ");
}
