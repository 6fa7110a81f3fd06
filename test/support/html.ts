// A strict reader of the HTML that the product writes: everything closed, quoted and escaped. It knows less than a browser,
// so what it takes for text a browser takes for text too.

const TOKEN =
  /<(?<end>\/?)(?<name>[a-z][a-z0-9]*)(?<attributes>(?:\s+[\w:-]+(?:="[^"<]*")?)*)\s*(?<empty>\/?)>|(?<text>[^<]+)/gy;
const VOID = new Set(["meta"]);
const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'" };

export interface HtmlElement {
  readonly name: string;
  readonly attributes: readonly string[];
  /** All text in it, also of elements in it. */
  text: string;
}

/** All elements of a page in the order in which they begin. Throws where the page is not well-formed. */
export function readHtml(page: string): HtmlElement[] {
  const start = "<!doctype html>\n";
  if (!page.startsWith(start)) throw new Error("no doctype");
  const all: HtmlElement[] = [];
  const open: HtmlElement[] = [];
  TOKEN.lastIndex = start.length;
  while (TOKEN.lastIndex < page.length) {
    const at = TOKEN.lastIndex;
    const { end, name = "", attributes = "", empty, text } = TOKEN.exec(page)?.groups ?? {};
    if (text !== undefined) {
      const decoded = decodedText(text);
      for (const element of open) element.text += decoded;
    } else if (name === "") {
      throw new Error(`no markup at ${page.slice(at, at + 40)}`);
    } else if (end === "/") {
      const last = open.pop();
      if (last?.name !== name.toLowerCase())
        throw new Error(`</${name}> closes ${last?.name} at ${page.slice(at, at + 40)}`);
    } else {
      const element = {
        name,
        attributes: [...attributes.matchAll(/\s([\w:-]+)(?:="[^"]*")?/g)].map(([, key = ""]) => key),
        text: "",
      };
      all.push(element);
      if (empty !== "/" && !VOID.has(name)) open.push(element);
    }
  }
  if (open.length > 0) throw new Error(`${open.at(-1)?.name} is never closed`);
  return all;
}

function decodedText(text: string): string {
  return text.replace(/&([^;]{0,6};?)/g, (found, entity: string) => {
    const number = /^#(\d+);$/.exec(entity)?.[1];
    const character = number === undefined ? ENTITIES[entity.replace(/;$/, "")] : String.fromCodePoint(Number(number));
    if (character === undefined || !entity.endsWith(";")) throw new Error(`a bare & in ${found}`);
    return character;
  });
}
