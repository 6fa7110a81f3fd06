// From samples to the host summary (statistics.md, section 2). In: the samples of one host and period, in any order. Out:
// its groups, one for each stratum and backend. A group depends on its own samples only, so replacing the touched groups
// of a stored summary gives the summary that a batch over all samples gives.

import type { Backend } from "../run/backends.ts";
import { codeUnitOrder } from "../model/code-unit-order.ts";
import { COHORT_KEYS, type Cohort, type CohortKey, type CountedCohort, OTHER_COHORT } from "../run/cohort.ts";
import { hostValue } from "../summary/host-value.ts";
import { QUANTITIES } from "./quantities.ts";
import type { Attribute, HostGroup, HostSummary, RunSample } from "../summary/types.ts";

/** The newest runs of a group that count; older ones are left out (statistics.md, section 2). */
export const GROUP_CAP = 99;

/** A group that takes the place of the stored one of the same stratum and backend; null when no run is left. */
export interface GroupReplacement {
  readonly stratum: string;
  readonly backend: Backend;
  readonly group: HostGroup | null;
}

/**
 * The group of samples that are all of one backend and stratum, in any order; null for no samples. Only the newest
 * `GROUP_CAP` by (finish time, run id) count, cached or not: the cap comes before the views.
 */
export function summariseGroup(samples: readonly RunSample[]): HostGroup | null {
  const newest = samples.toSorted(newestFirst).slice(0, GROUP_CAP);
  const first = newest[0];
  if (first === undefined) return null;
  const clean = newest.filter((sample) => sample.cached.length === 0);
  const valuesOver = (runs: readonly RunSample[], place: number) =>
    hostValue(runs.map((run) => run.values[place] ?? null));
  const all = QUANTITIES.map((_, place) => valuesOver(newest, place));
  const isTrusted = clean.length === newest.length;
  return {
    stratum: first.stratum,
    backend: first.backend,
    runs: newest.length,
    all,
    trusted: isTrusted
      ? all
      : all.map((value, place) => (QUANTITIES[place]?.readPath ? valuesOver(clean, place) : value)),
    cached: [...new Set(newest.flatMap((sample) => sample.cached))].sort(),
    small_file: newest.some((sample) => sample.small_file),
    bound_mismatch: newest.some((sample) => sample.bound_mismatch),
    attributes: newestAttributes(newest.map(attributesOf)),
  };
}

/** The summary of one host from all its samples of a period, in any order: the batch definition. */
export function summarise(host: string, samples: readonly RunSample[]): HostSummary {
  const samplesOf = new Map<string, RunSample[]>();
  for (const sample of samples) {
    const key = `${sample.backend} ${sample.stratum}`;
    const group = samplesOf.get(key);
    if (group === undefined) samplesOf.set(key, [sample]);
    else group.push(sample);
  }
  const groups = [...samplesOf.values()].flatMap((group) => summariseGroup(group) ?? []);
  return { host, groups: groups.sort(byStratumAndBackend) };
}

/** The summary with some groups replaced, added or (null) removed; each stratum and backend at most once. */
export function withGroups(summary: HostSummary, replaced: readonly GroupReplacement[]): HostSummary {
  const kept = summary.groups.filter(
    (group) => !replaced.some(({ stratum, backend }) => stratum === group.stratum && backend === group.backend),
  );
  const added = replaced.flatMap(({ group }) => group ?? []);
  return { host: summary.host, groups: [...kept, ...added].sort(byStratumAndBackend) };
}

/** The cohort of a host: of each attribute what its newest run says, over all groups. */
export function cohortOf(summary: HostSummary): Cohort {
  const attributes = newestAttributes(summary.groups.map((group) => group.attributes));
  return Object.fromEntries(Object.entries(attributes).map(([key, { value }]) => [key, value]));
}

/** The cohort that a host is counted in where there is room: `other` if a capped run said any of its attributes. */
export function countedCohortOf(summary: HostSummary): CountedCohort {
  const attributes = Object.values(newestAttributes(summary.groups.map((group) => group.attributes)));
  return attributes.some(({ capped }) => capped === true) ? OTHER_COHORT : cohortOf(summary);
}

type Attributes = Readonly<Partial<Record<CohortKey, Attribute>>>;

function attributesOf(sample: RunSample): Attributes {
  const { cohort, capped, finished_at: at, id: run } = sample;
  return Object.fromEntries(
    COHORT_KEYS.flatMap((key) =>
      cohort[key] === undefined ? [] : [[key, { value: cohort[key], at, run, ...(capped && { capped }) }]],
    ),
  );
}

function newestAttributes(sources: readonly Attributes[]): Attributes {
  return Object.fromEntries(
    COHORT_KEYS.flatMap((key) => {
      const newest = sources.flatMap((source) => source[key] ?? []).sort(newestAttributeFirst)[0];
      return newest === undefined ? [] : [[key, newest]];
    }),
  );
}

function newestFirst(a: RunSample, b: RunSample): number {
  return codeUnitOrder(b.finished_at, a.finished_at) || codeUnitOrder(b.id, a.id);
}

function newestAttributeFirst(a: Attribute, b: Attribute): number {
  return codeUnitOrder(b.at, a.at) || codeUnitOrder(b.run, a.run);
}

function byStratumAndBackend(a: HostGroup, b: HostGroup): number {
  return codeUnitOrder(a.stratum, b.stratum) || codeUnitOrder(a.backend, b.backend);
}
