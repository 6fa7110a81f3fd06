import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { summarize } from "../../shared/cells/host-values.ts";
import { decodeSummary, encodeSummary } from "../../shared/cells/stored-summary.ts";
import { plainSample, randomSamples, values } from "./random-samples.ts";

fc.configureGlobal({ seed: 20_261_101, numRuns: 50 });

describe("the stored text of a summary", () => {
  it("reads back exactly as written, or a host's contribution could not be subtracted again", () => {
    fc.assert(
      fc.property(randomSamples(), (samples) => {
        const summary = summarize('dom0-ü "1"', samples);
        expect(decodeSummary(encodeSummary(summary))).toEqual(summary);
      }),
    );
  });

  it("contains the view trusted only where it differs from the view all", () => {
    const clean = plainSample({ values: values(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12) });
    expect(encodeSummary(summarize("h", [clean]))).not.toContain("trusted");
    // rewrite, getc, get_block and seeks are columns 2 to 5.
    const cached = encodeSummary(summarize("h", [{ ...clean, cached: ["C1"] }]));
    expect(cached).toContain('"trusted":[[2,null],[3,null],[4,null],[5,null]]');
  });

  it("takes about 1.6 KB for a host with two backends of three runs each, without unknown values", () => {
    const spread = (start: number) => values(...Array.from({ length: 24 }, (_, metric) => start + 997 * metric));
    const samples = (["loop", "phy"] as const).flatMap((backend) =>
      [0, 1, 2].map((run) => plainSample({ id: `${backend}${run}`, backend, values: spread(100_000 + 313 * run) })),
    );
    expect(encodeSummary(summarize("dom0-fra-17", samples)).length).toBeLessThan(1700);
  });

  it("skips what a later version has added", () => {
    expect(decodeSummary('{"host":"h","groups":[],"more":1}')).toEqual({ host: "h", groups: [] });
    const summary = summarize("h", [plainSample({ values: values(1), cohort: { site: "a" }, cached: ["C1"] })]);
    const stored = JSON.parse(encodeSummary(summary));
    const [group] = stored.groups;
    const longer = {
      ...group,
      all: [...group.all, [1, 1, 1, 1, 0], null],
      attributes: { site: [...group.attributes.site, null, "more"].toSpliced(3, 1, 1) },
      more: {},
    };
    const back = decodeSummary(JSON.stringify({ ...stored, groups: [longer] }));
    expect(back.groups[0]?.all).toEqual(summary.groups[0]?.all);
    expect(back.groups[0]?.attributes.site).toMatchObject({ value: "a", run: "r1" });
  });

  it.each(["", "[]", "{}", '{"host":"h","groups":[{"stratum":"s"}]}'])(
    "rejects %j instead of contributing nonsense",
    (text) => {
      expect(() => decodeSummary(text)).toThrow();
    },
  );
});
