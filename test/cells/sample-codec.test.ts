import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeSample, encodeSample } from "../../shared/cells/sample.ts";
import { plainSample, randomSamples, values } from "./random-samples.ts";

fc.configureGlobal({ seed: 20_261_101 });

describe("the stored text of a sample", () => {
  it("reads back as written: aggregation sees samples, never runs", () => {
    fc.assert(
      fc.property(randomSamples(3), (samples) => {
        for (const sample of samples) expect(decodeSample(encodeSample(sample), sample)).toEqual(sample);
      }),
    );
  });

  it("distinguishes 0 ticks (one unit a second) from a missing value and from a bound", () => {
    const content = decodeSample(encodeSample(plainSample({ values: values(0, ">0", null) })), plainSample());
    expect(content.values.slice(0, 3)).toEqual([{ ticks: 0, censored: false }, { ticks: 0, censored: true }, null]);
  });

  it("is small: a plain run is little more than its numbers, without id, time, backend and stratum", () => {
    const text = encodeSample(plainSample({ values: values(101469, 98023, ">97041", null) }));
    expect(text).toBe('{"values":[101469,98023,[97041]]}');
  });

  it("reads quantities that are missing, or were added later, as missing", () => {
    expect(decodeSample('{"values":[5]}', plainSample()).values).toEqual(values(5));
  });

  it.each(["", "{}", '{"values":[1.5]}', '{"values":[[1,2]]}', '{"values":[],"cohort":{"rack":"a"}}'])(
    "rejects %j instead of counting nonsense",
    (text) => {
      expect(() => decodeSample(text, plainSample())).toThrow();
    },
  );
});
