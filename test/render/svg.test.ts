import { describe, expect, test } from "vitest";
import type { Item, Role, Scene } from "../../shared/chart/scene.ts";
import { DARK, LIGHT } from "../../shared/render/colors.ts";
import { svg } from "../../shared/render/svg.ts";
import { xmlText } from "../../shared/render/xml.ts";
import { parsedXml } from "../support/well-formed.ts";

const label: Item = {
  kind: "text",
  text: "a < b & \"c\" 'd'",
  x: 10,
  y: 20.123456,
  anchor: "end",
  size: 12,
  weight: "bold",
  role: "ink",
  turned: false,
  box: { x: 0, y: 8, width: 80, height: 14 },
  clipped: false,
};
const scene = (...items: Item[]): Scene => ({ width: 100, height: 50, title: "T <&>", desc: "D", items });

describe("a scene as SVG", () => {
  test("has size, title and description for readers who cannot see it", () => {
    const written = svg(scene(), "light");
    expect(written).toMatch(
      /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" class="vbdstat" role="img" width="100" height="50" viewBox="0 0 100 50"/,
    );
    expect(written).toContain("<title>T &lt;&amp;&gt;</title>\n<desc>D</desc>");
    expect(written.endsWith("</svg>\n")).toBe(true);
  });

  test("rounds numbers and escapes text", () => {
    expect(svg(scene(label), "light")).toContain(
      '<text x="10" y="20.12" font-size="12" font-weight="bold" text-anchor="end" class="fill-ink" fill="#1b2026">a &lt; b &amp; &quot;c&quot; &#39;d&#39;</text>',
    );
  });

  test("cuts off what may stick out of its box, since no table knows how wide every script is", () => {
    expect(svg(scene({ ...label, clipped: true }), "light")).toContain(
      '<svg x="0" y="8" width="80" height="14"><text x="10" y="12.12"',
    );
  });

  test("turns texts and draws every shape", () => {
    expect(svg(scene({ ...label, turned: true }), "light")).toContain('transform="rotate(-90 10 20.12)"');
    const shapes = [
      "circle",
      "ring",
      "diamond",
      "up",
      "down",
      "dash",
      "arrow-left",
      "arrow-right",
      "arrow-up",
    ] as const;
    const drawn = shapes.map((shape) =>
      svg(scene({ kind: "marker", shape, x: 50, y: 25, size: 10, role: "better" }), "light"),
    );
    expect(new Set(drawn).size).toBe(shapes.length);
    for (const each of drawn) expect(each).toContain(LIGHT.better);
  });

  test("follows the screen with theme auto only, and stays light on paper and where styles are not known", () => {
    const auto = svg(scene(label), "auto");
    expect(auto).toContain(`@media screen and (prefers-color-scheme:dark){.vbdstat .fill-ink{fill:${DARK.ink}}}`);
    expect(auto).toContain(`fill="${LIGHT.ink}"`);
    expect(svg(scene(label), "light")).not.toContain("<style");
    expect(svg(scene(label), "dark")).toContain(`fill="${DARK.ink}"`);
    expect(svg(scene(label), "dark")).not.toContain("<style");
  });

  test("fetches nothing, links nothing and runs nothing", () => {
    const written = svg(scene(label), "auto").replace('xmlns="http://www.w3.org/2000/svg"', "");
    expect(written).not.toMatch(/http|href|url\(|script|@import|\son\w+=/);
  });
});

describe("colors", () => {
  const channel = (part: string): number => {
    const value = Number.parseInt(part, 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  const luminance = (color: string): number => {
    const [red = 0, green = 0, blue = 0] = (color.match(/[0-9a-f]{2}/g) ?? []).map(channel);
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const contrast = (one: string, other: string): number => {
    const [bright = 0, dark = 0] = [luminance(one), luminance(other)].sort((a, b) => b - a);
    return (bright + 0.05) / (dark + 0.05);
  };
  const words: readonly Role[] = ["ink", "muted", "better", "worse", "equal", "unclear"];
  const verdicts = ["better", "worse", "equal", "unclear"] as const;

  test("black on white is 21 to 1, or this test measures nothing", () => {
    expect(contrast("#000000", "#ffffff")).toBeCloseTo(21, 9);
  });

  test.each([
    ["light", LIGHT],
    ["dark", DARK],
  ])("of %s have the contrast that WCAG AA asks for", (_, colors) => {
    const texts: [Role, Role][] = [
      ...words.flatMap((role): [Role, Role][] => [
        [role, "paper"],
        [role, "zone"],
      ]),
      ...verdicts.flatMap((role): [Role, Role][] => [
        [role, `${role}-tint`],
        ["ink", `${role}-tint`],
        ["paper", role],
      ]),
      ["ink", "band"],
    ];
    const marks: [Role, Role][] = [...verdicts, "muted" as const].flatMap((role): [Role, Role][] => [
      [role, "band"],
      [role, "margin"],
    ]);
    const low = (pairs: readonly [Role, Role][], min: number) =>
      pairs.filter(([one, other]) => contrast(colors[one], colors[other]) < min);
    expect(low(texts, 4.5)).toEqual([]);
    expect(low(marks, 3)).toEqual([]);
  });
});

describe("XML", () => {
  test("has no text that it cannot hold", () => {
    expect(xmlText("\u0000\u0008\ud800\ufffe\uffff")).toBe("\ufffd".repeat(5));
    expect(xmlText("a\tb\r\n😀")).toBe("a&#9;b&#13;&#10;😀");
  });

  test.each([
    "<a>",
    "<a></b>",
    "<a/><b/>",
    "x<a/>",
    '<a b="1" b="2"/>',
    '<a b="<"/>',
    "<a b='1'/>",
    "<a>&nbsp;</a>",
    "<a>& </a>",
    "<a>&#0;</a>",
    "<a>\u0001</a>",
    "<a><!-- --></a>",
  ])("is read strictly by these tests: %j is refused", (document) => {
    expect(() => parsedXml(document)).toThrow();
  });
});
