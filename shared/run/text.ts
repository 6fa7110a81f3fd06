// Text from outside. Text that is stored (names, facts, titles) is normalized and must be visible, so that two texts that
// look the same are the same. Text that is shown (in messages, terminals, logs) has control characters replaced.

/**
 * Characters that are invisible or look like a space: control and format characters such as a zero-width space or a
 * right-to-left mark, fillers and selectors, all spaces but the plain one, line and paragraph separators, and unpaired surrogates.
 */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u{2800}]|(?! )\p{Zs}/u;

/** The end of a message that says which text is expected: text without such characters. */
export const VISIBLE_EXPECTED = "none of them invisible or a control character";

/**
 * Describes the first invisible character of a text for a message: ` (character 11 is U+200B)`, counted from 1; empty if
 * there is none.
 */
export function describeInvisible(text: string): string {
  const found = INVISIBLE.exec(text);
  if (found === null) return "";
  const position = [...text.slice(0, found.index)].length + 1;
  const code = (found[0].codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
  return ` (character ${position} is U+${code})`;
}

/**
 * Normalizes text for storage: without spaces at its ends, and in NFC, because a letter with an accent may be one character
 * or two, which look the same.
 */
export function normalizeText(text: string): string {
  return text.trim().normalize("NFC");
}

/** Compares two texts by code units, independent of the machine's language; for `sort`. */
export function codeUnitOrder(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** Quotes a found text for a message: control characters become spaces, more than 60 characters are truncated. */
export function quoted(found: string): string {
  const [...characters] = found.slice(0, 240).replace(/\p{Cc}/gu, " ");
  return characters.length > 60 ? `"${characters.slice(0, 59).join("")}…"` : `"${characters.join("")}"`;
}

// Control characters; format characters, which may reverse the text around them (\p{Cf}); line and paragraph separators;
// and code points that are no characters, which XML does not allow either.
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029\ufffe\uffff]/gu;

/** Escapes text so that it is one line and cannot move the cursor, color the screen or reverse the text around it. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (character) => {
    const code = (character.codePointAt(0) ?? 0).toString(16).padStart(4, "0");
    return code.length > 4 ? `\\u{${code}}` : `\\u${code}`;
  });
}

/** Escapes each line of a text of several lines. */
export function printableLines(text: string): string[] {
  return text.split(/\r?\n/).map(printable);
}
