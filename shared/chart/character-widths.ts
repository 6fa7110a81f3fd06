// How wide characters are at most in the fonts that a picture asks for. They are the widths of DejaVu Sans, and those of
// Verdana where its are larger; the other fonts without serifs that a system may have instead are narrower than both.

/** Characters of the same width, in hundredths of the size of the font, rounded up. */
type Group = readonly [width: number, characters: string];

const REGULAR: readonly Group[] = [
  [28, "'ilìíîï"],
  [32, "‘’"],
  [36, " fj"],
  [38, ",.·"],
  [40, "t"],
  [42, "!¡"],
  [44, "IrÌÍÎÏ"],
  [46, '"()-/:;J[\\]|¦'],
  [52, "“”"],
  [54, "sz¿"],
  [56, "?Lcª°²³¹ºç"],
  [58, "F"],
  [60, "kvxyýÿ•"],
  [62, "PTYaeo«»ÝÞàáâãäåèéêëðòóôõöø"],
  [64, "$*0123456789E_`bdghnpqu{}¢£¤¥§¨¯´µ¶¸ÈÉÊËßñùúûüþ–†‡"],
  [70, "ABCKRSVXZÀÁÂÃÄÅÇ"],
  [74, "UÙÚÛÜ"],
  [76, "HNÑ"],
  [78, "&DGÐ"],
  [80, "OQÒÓÔÕÖØ"],
  [82, "w"],
  [84, "#+<=>^~¬±×÷≈≤≥−"],
  [88, "M"],
  [98, "m¼½¾Æ"],
  [100, "@W©®æ—…←→"],
  [108, "%"],
];

const BOLD: readonly Group[] = [
  [34, "'"],
  [36, " ilìíîï"],
  [38, ",.·‘’"],
  [42, ":;j"],
  [44, "f"],
  [46, "!¡"],
  [48, "-t"],
  [50, "r"],
  [56, "()IJ[]|¦ÌÍÎÏ"],
  [60, '"cszª°²³¹º¿ç'],
  [62, "?"],
  [64, "L¤¶"],
  [66, "vy«»ýÿ“”"],
  [68, "aekxàáâãäåèéêë"],
  [70, "/EFT\\o¢£¥ÈÉÊËðòóôõöø"],
  [72, "$*0123456789_`bdghnpqu{}§¨¯´¸ßñùúûüþ–†‡•"],
  [74, "CPSYZµÇÝÞ"],
  [78, "ABKVXÀÁÂÃÄÅ"],
  [80, "R"],
  [82, "UÙÚÛÜ"],
  [84, "DGH¬±Ð×÷≈≤≥−"],
  [86, "NOQÑÒÓÔÕÖØ"],
  [88, "#&+<=>^~"],
  [98, "w"],
  [100, "@M©®—…←→"],
  [104, "¼½¾"],
  [106, "mæ"],
  [110, "Æ"],
  [114, "W"],
  [128, "%"],
];

function table(groups: readonly Group[]): ReadonlyMap<string, number> {
  return new Map(groups.flatMap(([width, characters]) => [...characters].map((character) => [character, width / 100])));
}

/** The width of a character by weight, as a part of the size; characters that are missing may be of any width. */
export const CHARACTER_WIDTHS = { normal: table(REGULAR), bold: table(BOLD) } as const;
