import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FIRST_FORM, isKnownForm, NEWEST_FORM, sampleInForms, summaryInForm } from "../../shared/cells/forms.ts";
import { summarize } from "../../shared/cells/host-values.ts";
import { QUANTITY_COUNT } from "../../shared/cells/quantities.ts";
import { randomSamples } from "./random-samples.ts";

describe("the form of statistics", () => {
  test("is known for every released form, and for no other", () => {
    expect([FIRST_FORM, NEWEST_FORM]).toEqual([1, 1]);
    expect([0, 1, 2].map(isKnownForm)).toEqual([false, true, false]);
    expect(() => summaryInForm({ host: "h", groups: [] }, 2)).toThrow("statistics in form 2");
  });

  test("has every quantity in the newest form: a quantity that is added needs a form of its own", () => {
    expect(QUANTITY_COUNT).toBe(24);
    fc.assert(
      fc.property(randomSamples(3), (samples) => {
        const summary = summarize("h", samples);
        expect(summaryInForm(summary, NEWEST_FORM)).toBe(summary);
        for (const sample of samples) expect(sampleInForms(sample)).toEqual([sample]);
      }),
    );
  });
});
