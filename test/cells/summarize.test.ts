import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  computeCohort,
  GROUP_CAP,
  type RunSample,
  summarize,
  summarizeGroup,
  withGroups,
} from "../../shared/cells/host-values.ts";
import { QUANTITY_NAMES } from "../../shared/cells/quantities.ts";
import { plainSample, randomSamples, values } from "./random-samples.ts";

fc.configureGlobal({ seed: 20_261_101, numRuns: 50 });

const day = (index: number) => `2026-11-${String(index).padStart(2, "0")}T00:00:00.000Z`;

describe("summarizeGroup", () => {
  it("is null without samples, so that the stored group is removed", () => {
    expect(summarizeGroup([])).toBeNull();
  });

  it("excludes the read-path rates and efficiencies of cached runs from the view trusted, and nothing else", () => {
    const clean = plainSample({ id: "a", values: values(...new Array<number>(24).fill(10)) });
    const cached = plainSample({
      id: "b",
      values: values(...new Array<number>(24).fill(30)),
      cached: ["C2", "C1"],
    });
    const group = summarizeGroup([clean, cached]);
    const lows = (view: "all" | "trusted") =>
      Object.fromEntries(QUANTITY_NAMES.map((name, metric) => [name, group?.[view][metric]?.lo]));
    const both = Object.fromEntries(QUANTITY_NAMES.map((name) => [name, 20]));
    expect(lows("all")).toEqual(both);
    expect(lows("trusted")).toEqual({
      ...both,
      rewrite: 10,
      getc: 10,
      get_block: 10,
      seeks: 10,
      "rewrite:eff": 10,
      "getc:eff": 10,
      "get_block:eff": 10,
      "seeks:eff": 10,
    });
    expect(group?.cached).toEqual(["C1", "C2"]);
    expect(group?.runs).toBe(2);
  });

  it("has no trusted read-path value when every run is cached: unknown, not fast", () => {
    const group = summarizeGroup([plainSample({ values: values(1, 2, 3, 4, 5, 6), cached: ["C1"] })]);
    expect(group?.trusted.slice(0, 6).map((value) => value?.lo ?? null)).toEqual([1, 2, null, null, null, null]);
  });

  it("counts the newest 99 by time, then id, before the views: old runs cannot come back by being clean", () => {
    const stale = plainSample({ id: "zzz", finished_at: day(1), values: values(null, null, -9), small_file: true });
    const fresh = Array.from({ length: GROUP_CAP }, (_, index) =>
      plainSample({ id: `r${index}`, finished_at: day(2), values: values(null, null, 9), cached: ["C1"] }),
    );
    const group = summarizeGroup([stale, ...fresh]);
    expect(group?.runs).toBe(99);
    expect(group?.small_file).toBe(false);
    expect(group?.all[2]).toMatchObject({ lo: 9, runs: 99 });
    expect(group?.trusted[2]).toBeNull();
    // At the same time the larger id is the newer one: "a" falls out, "zzz" stays.
    const tied = summarizeGroup([{ ...stale, finished_at: day(2) }, ...fresh.slice(0, 98), { ...stale, id: "a" }]);
    expect(tied?.trusted[2]).toMatchObject({ lo: -9, runs: 1 });
  });

  it("notes a small file or a value above its bound if any run has it", () => {
    const group = summarizeGroup([
      plainSample({ id: "a" }),
      plainSample({ id: "b", small_file: true }),
      plainSample({ id: "c", bound_mismatch: true }),
    ]);
    expect(group).toMatchObject({ small_file: true, bound_mismatch: true });
  });
});

describe("computeCohort", () => {
  it("takes each attribute from the newest run that names it, over all groups", () => {
    const summary = summarize("h1", [
      plainSample({ id: "a", finished_at: day(1), cohort: { site: "fra", hardware: "r610" } }),
      plainSample({ id: "b", finished_at: day(3), backend: "phy", cohort: { site: "ams" } }),
      plainSample({ id: "c", finished_at: day(2), stratum: "v1/8G/8k/16", cohort: { site: "lon", storage: "lvm" } }),
      plainSample({ id: "d", finished_at: day(3), stratum: "v1/8G/8k/16", cohort: { storage: "file" } }),
    ]);
    expect(computeCohort(summary)).toEqual({ site: "ams", hardware: "r610", storage: "file" });
  });

  it("breaks a tie of time by the run id, or a host would be in two cohorts in turn", () => {
    const runs = [
      plainSample({ id: "a", cohort: { site: "x" } }),
      plainSample({ id: "b", backend: "phy", cohort: { site: "y" } }),
    ];
    expect(computeCohort(summarize("h1", runs))).toEqual({ site: "y" });
    expect(computeCohort(summarize("h1", runs.toReversed()))).toEqual({ site: "y" });
  });
});

describe("summarize and withGroups", () => {
  it("sort groups by stratum, then backend, in code unit order", () => {
    const summary = summarize("h1", [
      plainSample({ id: "a", backend: "phy" }),
      plainSample({ id: "b", backend: "loop" }),
      plainSample({ id: "c", backend: "phy", stratum: "v1/16G/8k/16" }),
    ]);
    expect(summary.groups.map(({ stratum, backend }) => `${stratum} ${backend}`)).toEqual([
      "v1/16G/8k/16 phy",
      "v1/2G/8k/16 loop",
      "v1/2G/8k/16 phy",
    ]);
  });

  it("do not depend on the order of the runs", () => {
    fc.assert(
      fc.property(randomSamples(), (samples) => {
        expect(summarize("h1", samples.toReversed())).toEqual(summarize("h1", samples));
      }),
    );
  });

  it("agree: replacing the changed groups step by step gives the batch over all runs, or counts would drift", () => {
    // A history: each step stores some runs and withdraws others, then only the changed groups are read again.
    const step = fc.record({ stored: randomSamples(6), withdrawn: fc.array(fc.nat({ max: 30 }), { maxLength: 3 }) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 5 }), (steps) => {
        let runs: RunSample[] = [];
        let summary = summarize("h1", []);
        steps.forEach(({ stored, withdrawn }, index) => {
          const fresh = stored.map((sample) => ({ ...sample, id: `${index}-${sample.id}` }));
          const gone = runs.filter((_, at) => withdrawn.includes(at));
          runs = [...runs.filter((run) => !gone.includes(run)), ...fresh];
          const touched = new Map([...gone, ...fresh].map((run) => [`${run.backend} ${run.stratum}`, run]));
          summary = withGroups(
            summary,
            [...touched.values()].map(({ backend, stratum }) => ({
              backend,
              stratum,
              group: summarizeGroup(runs.filter((run) => run.backend === backend && run.stratum === stratum)),
            })),
          );
        });
        expect(summary).toEqual(summarize("h1", runs));
      }),
    );
  });
});
