// A reader of the Markdown that the product writes: what a line says once escapes and code spans are taken away.

const ENTITIES: Readonly<Record<string, string>> = { "&amp;": "&", "&lt;": "<", "&gt;": ">" };
const PIECE =
  /(?<fence>`+)(?<code>[\s\S]*?[^`])\k<fence>(?!`)|\\(?<escaped>[!-/:-@[-`{-~])|(?<entity>&\w+;)|(?<plain>[^\\`*[\]<>&|~$#]|_)/gy;

/** The text of a piece without markup. Throws where something in it would be markup. */
export function markdownText(markdown: string): string {
  let text = "";
  PIECE.lastIndex = 0;
  while (PIECE.lastIndex < markdown.length) {
    const at = PIECE.lastIndex;
    const { code, escaped, entity, plain } = PIECE.exec(markdown)?.groups ?? {};
    if (code !== undefined) text += code.replace(/^ (.*`|`.*) $/s, "$1");
    else if (escaped !== undefined) text += escaped;
    else if (entity !== undefined && ENTITIES[entity] !== undefined) text += ENTITIES[entity];
    else if (plain !== undefined && !isEmphasis(markdown, at, plain)) text += plain;
    else throw new Error(`markup at ${JSON.stringify(markdown.slice(at, at + 40))}`);
  }
  return text;
}

/** An underscore between letters or digits is one; anywhere else it may begin or end emphasis. */
function isEmphasis(markdown: string, at: number, plain: string): boolean {
  return plain === "_" && !(/[a-z0-9]/i.test(markdown[at - 1] ?? "") && /[a-z0-9]/i.test(markdown[at + 1] ?? ""));
}

/** The rows of all tables, cells still in Markdown; the rulers are left out. */
export function markdownRows(markdown: string): string[][] {
  return markdown
    .split("\n")
    .filter((line) => line.startsWith("|") && !/^\|(?: -+:? \|)+$/.test(line))
    .map((line) => line.slice(2, -2).split(" | "));
}
