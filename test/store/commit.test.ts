import fc from "fast-check";
import { expect, test } from "vitest";
import { stepsBetween } from "../../functions/store/statistics/commit.ts";
import { cohortHash } from "../../functions/store/table/keys.ts";
import { computeCohort, type HostGroup, summarize } from "../../shared/cells/host-values.ts";
import type { CountedSummary } from "../../shared/cells/stored-summary.ts";
import { randomSamples } from "../cells/random-samples.ts";

const state: fc.Arbitrary<CountedSummary> = randomSamples().map((samples) => {
  const summary = summarize("h", samples);
  return { summary, cohort: computeCohort(summary) };
});

const names = (groups: readonly HostGroup[]) =>
  groups.map((group) => `${group.stratum} ${group.backend} ${JSON.stringify(group)}`);

test("intermediate steps end at the last summary, change one group at a time, and change the cohort only when empty", () => {
  fc.assert(
    fc.property(state, state, (from, to) => {
      let before: CountedSummary = from;
      for (const after of stepsBetween(from, to)) {
        const [old, fresh] = [names(before.summary.groups), names(after.summary.groups)];
        const gone = old.filter((name) => !fresh.includes(name));
        const come = fresh.filter((name) => !old.includes(name));
        const groups = new Set([...gone, ...come].map((name) => name.split(" ").slice(0, 2).join(" ")));
        expect(groups.size).toBe(1);
        if (cohortHash(before.cohort) !== cohortHash(after.cohort)) expect(before.summary.groups).toEqual([]);
        before = after;
      }
      expect(before.summary).toEqual(to.summary);
      if (to.summary.groups.length > 0) expect(cohortHash(before.cohort)).toBe(cohortHash(to.cohort));
    }),
    { seed: 1, numRuns: 300 },
  );
});

test("groups that stay as they are are not written again", () => {
  fc.assert(
    fc.property(state, (same) => {
      expect(stepsBetween(same, same)).toEqual([]);
    }),
    { seed: 1, numRuns: 50 },
  );
});
