/**
 * Text broken at blanks into lines of at most `width` characters; lines after the first begin with `indent`. A word
 * that fits no line is cut into pieces that do.
 */
export function wrapped(text: string, width: number, indent = ""): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ").flatMap((whole) => pieces(whole, width - indent.length))) {
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

function pieces(word: string, most: number): string[] {
  const count = Math.max(1, Math.ceil(word.length / most));
  return Array.from({ length: count }, (_, index) => word.slice(index * most, (index + 1) * most));
}
