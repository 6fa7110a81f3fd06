// Well-formed XML 1.0 for any text: every element of a chart is written here, and snippets escape their texts with it.

// XML 1.0 does not allow these, not even as a reference: most control characters, lone surrogates, two non-characters.
const FORBIDDEN = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu;

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
  "\t": "&#9;",
  "\n": "&#10;",
  "\r": "&#13;",
};

/** Text as content or as the value of an attribute. A character that XML forbids becomes U+FFFD. */
export function xmlText(text: string): string {
  return text.replace(FORBIDDEN, "\ufffd").replace(/[&<>"'\t\n\r]/g, (character) => ESCAPES[character] ?? "");
}

/** A value of an attribute: numbers are rounded to hundredths; null leaves the attribute out. */
type Value = string | number | null;

/** A number in as few characters as its hundredths need: 3.5, 0, -2.25. */
function toHundredths(value: number): string {
  return String(Math.round(value * 100) / 100 + 0);
}

/** An element around content that is markup already. Names never come from outside. */
export function element(name: string, attributes: Readonly<Record<string, Value>>, content = ""): string {
  const written = Object.entries(attributes).map(([key, value]) =>
    value === null ? "" : ` ${key}="${typeof value === "number" ? toHundredths(value) : xmlText(value)}"`,
  );
  return content === "" ? `<${name}${written.join("")}/>` : `<${name}${written.join("")}>${content}</${name}>`;
}
