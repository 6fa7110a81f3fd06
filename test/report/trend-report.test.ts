import { expect, test } from "vitest";
import { DEFAULT_RENDER_OPTIONS } from "../../shared/report/model.ts";
import { trend } from "../../shared/summaries/trend.ts";
import { monthOfBlktap2, yearOfBlktap2 } from "../support/comparisons.ts";

test("one month does not claim that nothing changed, and says what is needed", () => {
  expect(trend.report(monthOfBlktap2(), DEFAULT_RENDER_OPTIONS).lead).toBe(
    "Whether block write of blktap2 changed is not known yet: it takes two periods with at least 6 hosts each.",
  );
});

test("a metric is called in title and finding what the forms and charts call it", () => {
  const { title, lead } = trend.report(yearOfBlktap2(), DEFAULT_RENDER_OPTIONS);
  expect(title).toBe("blktap2 over time: block write");
  expect(lead).toBe("Hints that block write of blktap2 changed: faster in 2026-06.");
});
