// Cohorts: a cohort is the tuple of host attributes that a comparison can be filtered by. A host is in exactly one cohort
// per period, so any combination of filters is a plain sum over cohorts (statistics.md, section 3).

/** The attributes, in key order; each is also a query parameter of the comparison and a fact of a run. */
export const COHORT_KEYS = ["site", "hardware", "storage", "xen_version"] as const;

export type CohortKey = (typeof COHORT_KEYS)[number];

/** A host's attributes; a missing key means that no client sent it. */
export type Cohort = Readonly<Partial<Record<CohortKey, string>>>;

/** The cohort of all hosts whose own cohort a period has no room for: no filter finds them. */
export const OTHER_COHORT = "other";

/** Set as a fact of a run whose cohort exceeds the number its token may name: the host is counted in `OTHER_COHORT`. */
export const COHORT_CAPPED = "cohort_capped";

/** The cohort that statistics count a host in. */
export type CountedCohort = Cohort | typeof OTHER_COHORT;
