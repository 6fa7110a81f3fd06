// Reads of a TrueType font how wide its glyphs are: the tables `cmap` (format 4), `head`, `hhea` and `hmtx` of the OpenType
// specification.

import { readFileSync } from "node:fs";

/** The width of a character's glyph in em; null where the font has none. */
export type Advance = (character: string) => number | null;

/** The widths of a font file's glyphs. */
export function advancesOf(path: string): Advance {
  const font = readFileSync(path);
  const tables = new Map(
    Array.from({ length: font.readUInt16BE(4) }, (_, index) => {
      const at = 12 + 16 * index;
      return [font.toString("latin1", at, at + 4), font.readUInt32BE(at + 8)] as const;
    }),
  );
  const table = (name: string): number => {
    const at = tables.get(name);
    if (at === undefined) throw new Error(`${path} has no table ${name}`);
    return at;
  };
  const unitsPerEm = font.readUInt16BE(table("head") + 18);
  const wide = font.readUInt16BE(table("hhea") + 34);
  const cmap = table("cmap");
  const subtables = Array.from({ length: font.readUInt16BE(cmap + 2) }, (_, index) => {
    return cmap + font.readUInt32BE(cmap + 4 + 8 * index + 4);
  });
  const map = subtables.find((at) => font.readUInt16BE(at) === 4);
  if (map === undefined) throw new Error(`${path} maps no characters in format 4`);
  const bytes = font.readUInt16BE(map + 6);
  const glyphOf = (code: number): number => {
    for (let at = 0; at < bytes; at += 2) {
      if (font.readUInt16BE(map + 14 + at) < code) continue;
      const start = font.readUInt16BE(map + 16 + bytes + at);
      const delta = font.readUInt16BE(map + 16 + 2 * bytes + at);
      const rangeAt = map + 16 + 3 * bytes + at;
      const range = font.readUInt16BE(rangeAt);
      if (code < start) return 0;
      if (range === 0) return (code + delta) & 0xffff;
      const glyph = font.readUInt16BE(rangeAt + range + 2 * (code - start));
      return glyph === 0 ? 0 : (glyph + delta) & 0xffff;
    }
    return 0;
  };
  return (character) => {
    const glyph = glyphOf(character.codePointAt(0) ?? 0);
    return glyph === 0 ? null : font.readUInt16BE(table("hmtx") + 4 * Math.min(glyph, wide - 1)) / unitsPerEm;
  };
}
