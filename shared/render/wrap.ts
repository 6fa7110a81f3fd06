// Text wrapped by characters, for terminals. It has a file of its own, because receipts need it when a function starts, and the
// rest of the text report does not.

/** A space where a line may end: any but those between the digits of a number, such as `18 075`. */
const BREAK = /(?<!\d) | (?!\d{3}(?!\d))/;

/**
 * Text broken at spaces into lines of at most `width` characters; lines after the first begin with `indent`. A word
 * that fits on no line is cut into pieces. A number is one word, with the spaces between its digits.
 */
export function wrapLines(text: string, width: number, indent = ""): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(BREAK).flatMap((whole) => cutWord(whole, width - indent.length))) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (line !== "" && line.trim() !== "" && longer.length > width) {
      lines.push(line.trimEnd());
      line = indent + word;
    } else {
      line = longer;
    }
  }
  lines.push(line.trimEnd());
  return lines;
}

function cutWord(word: string, max: number): string[] {
  const count = Math.max(1, Math.ceil(word.length / max));
  return Array.from({ length: count }, (_, index) => word.slice(index * max, (index + 1) * max));
}
