import type { COHORT_KEYS } from "../../shared/run/cohort.ts";
import { PERIOD_ALL } from "../../shared/run/periods.ts";
import type { CellStore } from "../../shared/ports.ts";
import type { CohortValues } from "../web/pages/forms.tsx";

/** More boxes than these nobody reads; any value can still be asked for in the address. */
const MOST_VALUES = 60;

/** The attributes that hosts of a fleet have, for the boxes to tick. */
export async function cohortValues({ cells }: { readonly cells: CellStore }, fleet: string): Promise<CohortValues> {
  const cohorts = await cells.cohorts(fleet, PERIOD_ALL);
  const valuesOf = (key: (typeof COHORT_KEYS)[number]) =>
    [...new Set(cohorts.flatMap((cohort) => cohort[key]?.normalize("NFC") ?? []))].sort().slice(0, MOST_VALUES);
  return {
    site: valuesOf("site"),
    hardware: valuesOf("hardware"),
    storage: valuesOf("storage"),
    xen_version: valuesOf("xen_version"),
  };
}
