import { expect, test } from "vitest";
import { intervalText, limitsText } from "../../shared/report/format.ts";
import { formatRate, formatRatio } from "../../shared/run/format.ts";

test.each([
  [{ low: 1.1751, high: 1.6149 }, "1.17 to 1.62", "1.17–1.62"],
  [{ low: 1.0309, high: 1.0491 }, "1.030 to 1.050", "1.030–1.050"],
  [{ low: 0.99951, high: 1.00049 }, "0.999 to 1.001", "0.999–1.001"],
  [{ low: 1.25, high: 2 }, "1.25 to 2.00", "1.25–2.00"],
  [{ low: 1.2345, high: null }, "1.23 and up", "1.23 or more"],
  [{ low: null, high: 1.2345 }, "up to 1.24", "1.24 or less"],
])("an interval that is shown holds all of %o: it is rounded outwards", (limits, text, pictured) => {
  expect(intervalText(limits, formatRatio)).toBe(text);
  expect(limitsText(limits)).toBe(pictured);
});

test("rates likewise", () => {
  expect(intervalText({ low: 25_511, high: 25_519 }, formatRate)).toBe("25 510 to 25 520");
});
