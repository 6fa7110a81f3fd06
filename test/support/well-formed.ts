// A strict reader of the XML that pictures are written in: elements, attributes in quotes, text and references. Whatever else
// XML allows (comments, CDATA, instructions, other names) is a fault here, since pictures do without it.

/** An element as it was read. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly (XmlElement | string)[];
}

const NAME = "[A-Za-z][A-Za-z0-9-]*";
const OPEN = new RegExp(`<(${NAME})((?: ${NAME}="[^"<]*")*)(/?)>`, "y");
const CLOSE = new RegExp(`</(${NAME})>`, "y");
const ATTRIBUTE = new RegExp(` (${NAME})="([^"<]*)"`, "g");
const TEXT = /[^<]+/y;
const REFERENCE = /&(?:(amp|lt|gt|quot)|#(\d+)|[^;]*);?/g;
const NAMED: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"' };

/** What XML 1.0 calls a character (production 2). */
function isAllowed(code: number): boolean {
  if (code === 0x9 || code === 0xa || code === 0xd) return true;
  return (
    (code >= 0x20 && code <= 0xd7ff) || (code >= 0xe000 && code <= 0xfffd) || (code >= 0x10000 && code <= 0x10ffff)
  );
}

function textOf(written: string): string {
  return written.replace(REFERENCE, (whole, name: string | undefined, number: string | undefined) => {
    if (!whole.endsWith(";") || (name === undefined && number === undefined)) throw new Error(`reference ${whole}`);
    if (name !== undefined) return NAMED[name] ?? "";
    if (!isAllowed(Number(number))) throw new Error(`reference to ${whole}`);
    return String.fromCodePoint(Number(number));
  });
}

/** The root element of a document; throws where it is not well-formed. */
export function parsedXml(document: string): XmlElement {
  const bad = [...document].find((character) => !isAllowed(character.codePointAt(0) ?? 0));
  if (bad !== undefined) throw new Error(`forbidden character U+${bad.codePointAt(0)?.toString(16)}`);
  const top: (XmlElement | string)[] = [];
  const stack: { name: string; attributes: Map<string, string>; children: (XmlElement | string)[] }[] = [];
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const found = pattern.exec(document);
    if (found !== null) at = pattern.lastIndex;
    return found;
  };
  while (at < document.length) {
    const into = stack.at(-1)?.children ?? top;
    const open = take(OPEN);
    if (open !== null) {
      const [, name = "", written = "", isClosed] = open;
      const pairs = [...written.matchAll(ATTRIBUTE)].map(([, key = "", value = ""]) => [key, textOf(value)] as const);
      if (new Set(pairs.map(([key]) => key)).size < pairs.length) throw new Error(`an attribute twice in ${open[0]}`);
      const element = { name, attributes: new Map(pairs), children: [] };
      into.push(element);
      if (isClosed !== "/") stack.push(element);
      continue;
    }
    const close = take(CLOSE);
    if (close !== null) {
      const ended = stack.pop();
      if (ended?.name !== close[1]) throw new Error(`${close[0]} ends ${ended?.name}`);
      continue;
    }
    const text = take(TEXT);
    if (text === null) throw new Error(`no markup: ${document.slice(at, at + 40)}`);
    if (stack.length === 0 && text[0].trim() !== "") throw new Error(`text outside the root: ${text[0].slice(0, 40)}`);
    if (stack.length > 0) into.push(textOf(text[0]));
  }
  const [root] = top;
  if (stack.length > 0) throw new Error(`${stack.at(-1)?.name} is not closed`);
  if (top.length !== 1 || root === undefined || typeof root === "string") throw new Error(`${top.length} roots`);
  return root;
}

/** All elements of that name, in the order of the document. */
export function elementsOf(root: XmlElement, name: string): XmlElement[] {
  const below = root.children.flatMap((child) => (typeof child === "string" ? [] : elementsOf(child, name)));
  return root.name === name ? [root, ...below] : below;
}

/** The text directly in an element. */
export function contentOf({ children }: XmlElement): string {
  return children.filter((child) => typeof child === "string").join("");
}
