// Text that came from outside, made fit for people to look at, in every format.

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
