// The examples of a page: fenced blocks `sh`, each with the `text` block that follows it, if one does.

/** One example. */
export interface Example {
  /** 1-based line of the page on which the block opens. */
  readonly line: number;
  readonly script: string;
  /** What it prints, abridged by `...`; null when the page does not say. */
  readonly output: string | null;
}

const FENCE = /^```(\w*)\n([\s\S]*?)^```$/gm;

export function examplesOf(page: string): Example[] {
  const blocks = [...page.matchAll(FENCE)].map(({ 1: language, 2: content = "", index }) => ({
    language,
    content,
    index,
  }));
  return blocks.flatMap(({ language, content, index }, at) => {
    if (language !== "sh") return [];
    const next = blocks[at + 1];
    const output = next?.language === "text" ? next.content : null;
    return [{ line: page.slice(0, index).split("\n").length, script: content, output }];
  });
}

/** A pattern for what an example prints: `...` for anything on its line, at the end of a line for any lines. */
export function patternOf(output: string): RegExp {
  const pieces = output.trimEnd().split(/(\.\.\.\n?)/);
  const source = pieces.map((piece) => {
    if (piece === "...\n") return "[\\s\\S]*";
    return piece === "..." ? ".*" : piece.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
  });
  return new RegExp(`^${source.join("")}$`);
}
