// What a commit writes together: steps in, groups of plans out, each of which fits into one transaction. Hosts of one cohort
// come together, because they share its cells.

import { randomUUID } from "node:crypto";
import { codeUnitOrder } from "../../shared/model/code-unit-order.ts";
import type { CountedCohort } from "../../shared/run/cohort.ts";
import type { FleetGeneration, SummaryStep } from "../../shared/ports.ts";
import { type CellChange, cellChanges, rememberChanges } from "./cell-changes.ts";
import { WRITES_PER_TRANSACTION } from "./chunks.ts";
import { enters, leaves } from "./cohorts.ts";
import { cohortHash, idOf, type Key, stampKey } from "./keys.ts";

/** One bucket of a generation. */
interface Bucket {
  readonly of: FleetGeneration;
  readonly bucket: number;
}

/** A step, the version it leads to, the cells it changes with their stamps, and the cohorts that it enters and leaves. */
export interface Plan {
  readonly step: SummaryStep;
  readonly version: string;
  readonly changes: readonly CellChange[];
  readonly stamps: readonly Key[];
  readonly cohorts: readonly CountedCohort[];
}

/** Steps that are planned together: those of some tens of hosts, whose contributions are all in memory at once. */
const STEPS_AT_ONCE = 128;

/** A step, and the hash of the cohort it leads to. */
interface CohortStep {
  readonly step: SummaryStep;
  readonly cohort: string;
}

const withCohort = (step: SummaryStep): CohortStep => ({ step, cohort: cohortHash(step.after.cohort) });

/** Hosts of one cohort next to each other, for they share its cells; all steps of a host together, for they share work. */
const byCohort = (a: CohortStep, b: CohortStep): number =>
  codeUnitOrder(a.cohort, b.cohort) || codeUnitOrder(a.step.after.summary.host, b.step.after.summary.host);

/** Periods next to each other, within them cohorts as before. */
const byPeriod = (a: CohortStep, b: CohortStep): number => codeUnitOrder(a.step.period, b.step.period);

/** The plan of one step. */
export function planOf({ of, bucket }: Bucket, step: SummaryStep, changesBetween = rememberChanges()): Plan {
  const changes = cellChanges(of, bucket, step, changesBetween);
  const cohorts = new Set(changes.map((change) => change.cohort));
  return {
    step,
    version: randomUUID(),
    changes,
    stamps: [...cohorts].map((changed) => stampKey(of, step.period, changed, bucket)),
    cohorts: [...(enters(step) ? [step.after.cohort] : []), ...(leaves(step) ? [step.before.cohort] : [])],
  };
}

/** The keys of what a plan may write beside its summary; plans of one period share most of them. */
export const sharedKeys = ({ changes, stamps, cohorts }: Plan): string[] => [
  ...changes.map(({ key }) => idOf(key)),
  ...stamps.map(idOf),
  ...cohorts.map((cohort) => `listed ${cohortHash(cohort)}`),
];

/**
 * The plans of steps, as many of one period together as one transaction takes, each made when its turn comes. A plan too
 * large for one is alone.
 */
export function* plansTogether(to: Bucket, steps: readonly SummaryStep[]): Generator<Plan[]> {
  const sorted = steps.map(withCohort).toSorted(byCohort);
  for (let from = 0; from < sorted.length; from += STEPS_AT_ONCE) {
    yield* batches(to, sorted.slice(from, from + STEPS_AT_ONCE).toSorted(byPeriod));
  }
}

function* batches(to: Bucket, steps: readonly CohortStep[]): Generator<Plan[]> {
  const changesBetween = rememberChanges();
  let batch: Plan[] = [];
  let shared = new Set<string>();
  let period: string | null = null;
  for (const { step } of steps) {
    const plan = planOf(to, step, changesBetween);
    const together = new Set([...shared, ...sharedKeys(plan)]);
    const fits = plan.step.period === period && together.size + batch.length + 1 <= WRITES_PER_TRANSACTION;
    if (!fits && batch.length > 0) yield batch;
    batch = fits ? [...batch, plan] : [plan];
    shared = fits ? together : new Set(sharedKeys(plan));
    period = plan.step.period;
  }
  if (batch.length > 0) yield batch;
}
