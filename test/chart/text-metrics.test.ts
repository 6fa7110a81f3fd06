import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CHARACTER_WIDTHS, type Font, fitText, isKnown, textWidth, wrapText } from "../../shared/chart/text-metrics.ts";
import { advancesOf } from "../support/true-type.ts";
import { anyText } from "./arbitrary.ts";

const FONT: Font = { size: 10, weight: "normal" };

describe("the table of widths", () => {
  test.each([
    ["normal", "DejaVuSans.ttf"],
    ["bold", "DejaVuSans-Bold.ttf"],
  ] as const)("has no %s character narrower than its glyph, or labels would run into each other", (weight, file) => {
    const advance = advancesOf(`node_modules/dejavu-fonts-ttf/ttf/${file}`);
    const wrong = [...CHARACTER_WIDTHS[weight]].filter(([character, width]) => {
      const real = advance(character);
      // At most twice as much: Verdana's slashes are that wide in bold.
      return real === null || width < real || width > real * 2;
    });
    expect(wrong).toEqual([]);
    expect(CHARACTER_WIDTHS[weight].size).toBeGreaterThan(200);
  });

  test("has the same characters in both weights", () => {
    expect([...CHARACTER_WIDTHS.bold.keys()].sort()).toEqual([...CHARACTER_WIDTHS.normal.keys()].sort());
  });
});

describe("text by measure", () => {
  test.each([
    // Digits are 0.64 wide, the ellipsis 1.
    ["12345", 32, "12345"],
    ["12345", 31.9, "123…"],
    ["12345", 10, "…"],
    ["12345", 9, ""],
    ["one  two", 200, "one  two"],
    ["a\nb", 200, "a\\u000ab"],
    // A letter with its mark is one character to a reader, as is a flag: whole or not at all.
    ["e\u0301e\u0301e\u0301", 33, "e\u0301e\u0301e\u0301"],
    ["e\u0301e\u0301e\u0301", 22, "e\u0301…"],
    ["🇩🇪🇫🇷", 20.5, "…"],
    // What XML cannot hold, and what turns the text around it, is spelt out.
    ["\ud800x\u202e", 99, "\\ud800x\\u202e"],
  ])("fits %j into %d px as %j", (text, room, fits) => {
    expect(fitText(text, room, FONT)).toBe(fits);
  });

  test("breaks at spaces, cuts words that fit on no line, and marks by an ellipsis that there is more", () => {
    expect(wrapText("111 222 333", 46, FONT, 3)).toEqual(["111 222", "333"]);
    expect(wrapText("1111111 2", 32, FONT, 5)).toEqual(["11111", "11 2"]);
    expect(wrapText("111 222 333", 16.5, FONT, 2)).toEqual(["11", "1…"]);
    expect(wrapText("", 50, FONT, 3)).toEqual([]);
  });

  test("is never wider than its room, for any text", () => {
    fc.assert(
      fc.property(
        anyText,
        fc.integer({ min: 0, max: 900 }),
        fc.constantFrom("normal", "bold"),
        (text, room, weight) => {
          const font: Font = { size: 12, weight };
          expect(textWidth(fitText(text, room, font), font)).toBeLessThanOrEqual(room);
          const lines = wrapText(text, room, font, 3);
          expect(lines.length).toBeLessThanOrEqual(3);
          for (const line of lines) expect(textWidth(line, font)).toBeLessThanOrEqual(room);
        },
      ),
      { numRuns: 150 },
    );
  });

  test("is known only if every character is in the table, or it could stick out of its box", () => {
    expect(isKnown("block write ≥ 2.1× (1.9–2.2) …")).toBe(true);
    expect(isKnown("خادم")).toBe(false);
    expect(isKnown("e\u0301")).toBe(false);
  });
});
