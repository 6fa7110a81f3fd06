// Text that came from outside, made fit for people to look at, in every format.

// Text that people write and others have to recognise: names, facts, titles. Two texts that look the same are the same.

/**
 * Nobody sees these, or sees a blank: control and format characters such as a zero-width space or a mark that turns the text
 * around, fillers and selectors, all blanks but the plain one, line and paragraph separators, and halves of characters.
 */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u{2800}]|(?! )\p{Zs}/u;

/** What text must be, in words, to have no such character. */
export const VISIBLE_EXPECTED = "none of them invisible or a control character";

/**
 * The first invisible character of text, in words for a message, such as ` (character 11 is U+200B)`, characters counted from
 * 1; empty when there is none.
 */
export function invisibleIn(text: string): string {
  const found = INVISIBLE.exec(text);
  if (found === null) return "";
  const place = [...text.slice(0, found.index)].length + 1;
  const code = (found[0].codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
  return ` (character ${place} is U+${code})`;
}

/**
 * Text as it is stored: without blanks at its ends, and in NFC, because a letter with an accent can be written as one character
 * or as two, and nobody sees which.
 */
export function asWritten(text: string): string {
  return text.trim().normalize("NFC");
}

/** The order of two texts by their code units, whatever the language of the machine: for `sort`. */
export function codeUnitOrder(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** What was found, fit for a message: in quotes, control characters as blanks, cut to 60 characters. */
export function quoted(found: string): string {
  const [...characters] = found.slice(0, 240).replace(/\p{Cc}/gu, " ");
  return characters.length > 60 ? `"${characters.slice(0, 59).join("")}…"` : `"${characters.join("")}"`;
}

// Controls; what is not seen and may turn the text around it (\p{Cf}: marks of direction, joiners, tags); line and
// paragraph ends; and what is no character at all, which XML does not allow either.
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029\ufffe\uffff]/gu;

/** Text that came from outside, as one line that cannot move the cursor, colour the screen or turn the text around. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (character) => {
    const code = (character.codePointAt(0) ?? 0).toString(16).padStart(4, "0");
    return code.length > 4 ? `\\u{${code}}` : `\\u${code}`;
  });
}

/** The same for text of several lines, which stay lines. */
export function printableLines(text: string): string[] {
  return text.split(/\r?\n/).map(printable);
}
