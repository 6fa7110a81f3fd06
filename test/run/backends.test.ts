import { describe, expect, it } from "vitest";
import { parseToolstack, parseXenRelease } from "../../shared/run/backends.ts";

describe("Xen releases and toolstacks, which decide what a word means", () => {
  it.each([
    ["4.17.7", 4017],
    ["4.2-unstable", 4002],
    ["3.4.3", 3004],
    ["4.10", 4010],
    [" 4.1.6.1 ", 4001],
    ["4.13.4-9.28", 4013],
    ["xen-4.1-amd64", 4001],
    ["Xen 4.0", 4000],
    ["4.0-rc1", 4000],
  ])("%j is release %i", (text, release) => {
    expect(parseXenRelease(text)).toBe(release);
  });

  it("4.10 is later than 4.9", () => {
    expect(Number(parseXenRelease("4.10"))).toBeGreaterThan(Number(parseXenRelease("4.9")));
  });

  it.each(["", "unstable", "4", "four.two", "v", "1234.5", "4.12345"])("%j is not a release", (text) => {
    expect(parseXenRelease(text)).toBeNull();
  });

  it.each([
    ["xl", "xl"],
    ["LibXL", "xl"],
    ["xm", "xend"],
    [" xend ", "xend"],
    ["xapi", "xapi"],
    ["xe", "xapi"],
    ["libvirt", "other"],
    ["qubes", "other"],
  ])("toolstack %j is %s", (word, toolstack) => {
    expect(parseToolstack(word)).toBe(toolstack);
  });

  it("a word that names no toolstack is null, not a guess", () => {
    expect([parseToolstack(""), parseToolstack("constructor"), parseToolstack("docker")]).toEqual([null, null, null]);
  });
});
