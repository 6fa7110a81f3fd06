// Lines of text for terminals and pages: a reader must never find half of a number at the end of a line.

import * as fc from "fast-check";
import { expect, test } from "vitest";
import { prose } from "../../shared/render/html.tsx";
import { wrapLines } from "../../shared/render/text.ts";
import { formatNumber } from "../../shared/run/format.ts";

test.each([
  ["a rate of 18 075 K/s", 14, ["a rate of", "18 075 K/s"]],
  ["1 234 567 runs", 9, ["1 234 567", "runs"]],
  // These are not groups of three digits: two numbers, and a word.
  ["limit 50 1795342500", 10, ["limit 50", "1795342500"]],
  ["vm1 abc def", 5, ["vm1", "abc", "def"]],
  // A number that fits on no line is cut like a word.
  ["1 234 567", 5, ["1 234", " 567"]],
])("%j in %i columns", (text, width, lines) => {
  expect(wrapLines(text, width)).toEqual(lines);
});

test("lines are at most as long as asked for, are joined the text, and contain each number whole", () => {
  const part = fc.tuple(fc.stringMatching(/^[a-z]{1,9}$/), fc.nat({ max: 99_999_999 }));
  fc.assert(
    fc.property(fc.array(part, { minLength: 1, maxLength: 20 }), fc.integer({ min: 10, max: 40 }), (parts, width) => {
      const text = parts.map(([word, number]) => `${word} ${formatNumber(number)}`).join(" ");
      const lines = wrapLines(text, width);
      expect(lines.every((line) => line.length <= width)).toBe(true);
      expect(lines.join(" ")).toBe(text);
      for (const [, number] of parts) {
        expect(lines.some((line) => line.includes(formatNumber(number)))).toBe(true);
      }
    }),
  );
});

test.each([
  ["block read 937 880 K/s (limit 300 000)", "block read 937\u00a0880 K/s (limit 300\u00a0000)"],
  ["1 234 567 of 2 hosts", "1\u00a0234\u00a0567 of 2 hosts"],
  ["on 12 1795342500", "on 12 1795342500"],
])("a number in HTML is one word: %s", (text, html) => {
  expect(prose(text)).toBe(html);
});
