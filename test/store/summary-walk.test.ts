import fc from "fast-check";
import { expect, test } from "vitest";
import { type SummaryState, walk } from "../../functions/store/commit.ts";
import { cohortHash } from "../../functions/store/keys.ts";
import { computeCohort, type HostGroup, summarize } from "../../shared/cells/host-values.ts";
import { randomSamples } from "../cells/random-samples.ts";

const state: fc.Arbitrary<SummaryState> = randomSamples().map((samples) => {
  const summary = summarize("h", samples);
  return { summary, cohort: computeCohort(summary) };
});

const names = (groups: readonly HostGroup[]) =>
  groups.map((group) => `${group.stratum} ${group.backend} ${JSON.stringify(group)}`);

test("a walk ends where it should, changes one group at a time, and moves to another cohort only when empty", () => {
  fc.assert(
    fc.property(state, state, (from, to) => {
      let before: SummaryState = from;
      for (const after of walk(from, to)) {
        const [old, fresh] = [names(before.summary.groups), names(after.summary.groups)];
        const gone = old.filter((name) => !fresh.includes(name));
        const come = fresh.filter((name) => !old.includes(name));
        const places = new Set([...gone, ...come].map((name) => name.split(" ").slice(0, 2).join(" ")));
        expect(places.size).toBe(1);
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
      expect(walk(same, same)).toEqual([]);
    }),
    { seed: 1, numRuns: 50 },
  );
});
