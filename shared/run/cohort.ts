// A cohort is the tuple of host attributes that a comparison can be filtered by. A host is in exactly one cohort per
// period, so any combination of filters is a plain sum over cohorts (design, Storage).

/** The attributes, in key order; each is also a query parameter of the comparison and a fact of a run. */
export const COHORT_KEYS = ["site", "hardware", "storage", "xen_version"] as const;

export type CohortKey = (typeof COHORT_KEYS)[number];

/** A host's attributes; a missing key means that nobody said. */
export type Cohort = Readonly<Partial<Record<CohortKey, string>>>;

/** Where hosts are counted whose cohort a period has no room for any more: no filter finds them. */
export const OTHER_COHORT = "other";

/** The fact of a run that named a cohort beyond what its token may name: its host is counted in `OTHER_COHORT`. */
export const COHORT_CAPPED = "cohort_capped";

/** The cohort that a host is counted in. */
export type CountedCohort = Cohort | typeof OTHER_COHORT;
