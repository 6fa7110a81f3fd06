import { describe, expect, test } from "vitest";
import { compare } from "../../shared/compare/compare.ts";
import { COMPARISON_FLAGS, type MatrixPair, matrix } from "../../shared/compare/matrix.ts";
import { METRIC_NAMES } from "../../shared/run/metrics.ts";
import { cellOf, type Host, input, metricCellOf, onePeriod, put, query, UNKNOWN_HOST } from "./build.ts";

const { baseline: _b, candidate: _c, ...QUESTION } = query("loop", "phy");
const many = (count: number, host: Host): Host[] => Array<Host>(count).fill(host);

describe("the matrix of all pairs", () => {
  const pairs: MatrixPair[] = [
    { baseline: "loop", candidate: "qdisk", cell: put(many(9, -5000)) },
    { baseline: "blktap2", candidate: "phy", cell: put([]) },
    { baseline: "blktap2", candidate: "loop", cell: put(many(6, 5000)) },
  ];

  test("lists each pair with hosts once, sorted, and its backends", () => {
    const found = matrix(QUESTION, pairs, new Map());
    expect(found.pairs.map(({ baseline, candidate, runs }) => [baseline, candidate, runs])).toEqual([
      ["blktap2", "loop", 36],
      ["loop", "qdisk", 54],
    ]);
    expect(found.backends).toEqual(["blktap2", "loop", "qdisk"]);
    expect(Object.keys(found.pairs[0]?.metrics ?? {})).toEqual([...METRIC_NAMES]);
  });

  test("corrects each pair on its own: 2/64 of six hosts stays 0.03125, however many pairs there are", () => {
    const found = matrix(QUESTION, pairs, new Map());
    expect(found.pairs[0]?.metrics.put_block).toMatchObject({ hosts: 6, p_holm: 0.03125, verdict: "faster" });
    expect(found.pairs[1]?.metrics.put_block).toMatchObject({ hosts: 9, verdict: "slower", reason: "ci_below_1" });
  });

  test("gives every metric the numbers of the pair's comparison", () => {
    const hosts: Host[] = [
      ...many(12, 700),
      ...many(4, -900),
      [300, Infinity],
      [-Infinity, 200],
      ...many(6, UNKNOWN_HOST),
    ];
    const cell = onePeriod(cellOf({ put_block: metricCellOf(hosts, { one: 20 }), seeks: metricCellOf(many(7, 90)) }));
    const notes = onePeriod(cellOf({}, { cached: 2, "cached:C1": 2 }));
    const [pair] = matrix(
      QUESTION,
      [{ baseline: "blktap2", candidate: "loop", cell }],
      new Map([["loop", notes]]),
    ).pairs;
    const full = compare(input({ pair: new Map([["ALL", cell]]), candidateValues: new Map([["ALL", notes]]) }));
    for (const name of METRIC_NAMES) {
      const entry = pair?.metrics[name];
      expect(full.fleet.metrics[name]).toMatchObject(entry ?? {});
      expect(entry?.hosts).toBe(cell.cell.metrics[METRIC_NAMES.indexOf(name)]?.n ?? 0);
    }
    expect(pair?.metrics.seeks?.flags).toEqual(["suspect_cached_reads"]);
    expect(pair?.metrics.put_block?.flags).toEqual(["mostly_single_runs", "many_too_fast", "mixed_effect"]);
  });

  test("lacks those flags of the comparison that take strata, and no others", () => {
    const [up, down] = [put(many(6, 5000)), put(many(6, -5000))];
    const cell = put([...many(6, 5000), ...many(6, -5000)]);
    const full = compare(
      input({
        pair: new Map([
          ["ALL", cell],
          ["v1/2G/8k/16", up],
          ["v1/8G/8k/16", down],
        ]),
      }),
    );
    const [pair] = matrix(QUESTION, [{ baseline: "blktap2", candidate: "loop", cell }], new Map()).pairs;
    const flags = full.fleet.metrics.put_block?.flags ?? [];
    expect(flags).toContain("strata_disagree");
    expect(pair?.metrics.put_block?.flags).toEqual(
      flags.filter((flag) => !COMPARISON_FLAGS.some((other) => other === flag)),
    );
  });

  test("reports the metrics asked for alone", () => {
    const found = matrix({ ...QUESTION, metrics: ["seeks", "put_block"] }, pairs, new Map());
    expect(Object.keys(found.pairs[0]?.metrics ?? {})).toEqual(["put_block", "seeks"]);
    expect(matrix(QUESTION, [], new Map())).toMatchObject({ backends: [], pairs: [] });
  });
});
