import { describe, expect, test } from "vitest";
import { trend } from "../../shared/compare/trend.ts";
import { type Host, put } from "./build.ts";

const QUESTION = { backend: "loop", metric: "put_block", view: "trusted", filters: {} } as const;
const STRATUM = "v1/2G/8k/16";
const rate = (ticks: number) => Math.exp(ticks / 1e4);
const around = (value: number): number[] => [-250, -150, -50, 50, 150, 250].map((step) => value + step);

const month = (period: string, strata: Record<string, readonly Host[]>) => ({
  period,
  values: new Map(
    Object.entries(strata)
      .map(([stratum, hosts]) => [stratum, put(hosts)] as const)
      .concat([["ALL", put([])]]),
  ),
});

describe("a trend", () => {
  const found = trend(QUESTION, [
    month("2026-08", { [STRATUM]: around(100_000) }),
    month("2026-09", { "v2/4G/8k/16": [90_000, [95_000, Infinity]] }),
    month("2026-10", { [STRATUM]: around(101_000) }),
    month("2026-11", { [STRATUM]: [100_000] }),
    month("2026-12", { [STRATUM]: around(101_000) }),
  ]);

  test("lists each stratum apart, and only the periods that have hosts in it", () => {
    expect(Object.keys(found.strata)).toEqual([STRATUM, "v2/4G/8k/16"]);
    expect(found.strata[STRATUM]?.map(({ period }) => period)).toEqual(["2026-08", "2026-10", "2026-11", "2026-12"]);
    expect(found).toMatchObject(QUESTION);
  });

  test("gives median, interval and counts of a period", () => {
    const [first] = found.strata[STRATUM] ?? [];
    expect(first).toMatchObject({ hosts: 6, runs: 36, censored_hosts: 0, change: null });
    expect(first?.median).toEqual({ low: rate(100_000), high: rate(100_000), relation: "=" });
    // 100 000 -+ (250 - 50/1.4)
    expect(first?.ci?.low).toBeCloseTo(rate(99_750 + 50 / 1.4), 6);
    const [censored] = found.strata["v2/4G/8k/16"] ?? [];
    // mid(90 000, edge 94 975) = 92 487.5, no upper end
    expect(censored).toMatchObject({ hosts: 2, censored_hosts: 1, ci: null });
    expect(censored?.median).toEqual({ low: rate(92_487.5), high: null, relation: ">=" });
  });

  test("compares with the last period that has hosts, and has no change where one of the two has too few", () => {
    const changes = found.strata[STRATUM]?.map((point) => point.change) ?? [];
    expect(changes[1]).toMatchObject({ since: "2026-08", hint: "faster" });
    expect(changes[1]?.ratio).toEqual({ low: rate(1000), high: rate(1000), relation: "=" });
    expect(changes.slice(2)).toEqual([null, null]);
  });

  test("of nothing is empty, and nothing in it is lost in JSON", () => {
    expect(trend(QUESTION, []).strata).toEqual({});
    expect(trend({ ...QUESTION, metric: "seeks" }, [month("2026", { [STRATUM]: around(1) })]).strata).toEqual({});
    expect(JSON.parse(JSON.stringify(found))).toEqual(found);
  });
});
