// What the body of an upload contains: its text and the parameters that were sent with it, in the URL or as parts of a multipart
// body (docs/api.md#multipart). Bodies that cannot be Bonnie++ output, because they are packed in some way, are named here.

import { AppError } from "../../../shared/errors.ts";
import { isKnownKey } from "../../../shared/run/facts.ts";
import type { Issue } from "../../../shared/run/run.ts";
import { quoted } from "../../../shared/run/text.ts";
import { type BodyText, decode } from "./body.ts";
import { type Part, splitMultipart } from "./multipart.ts";

/** The text of an upload with its parameters. */
export interface UploadContent extends BodyText {
  readonly parameters: Readonly<Record<string, string>>;
}

/**
 * The content of a body. Of a multipart body every part is a parameter (a known key), text (a file, or the only part that is
 * not a known key), or rejected by name. Several files are read as one text, in order. Throws `bad_parameter` for a parameter
 * that is given twice with different values, and for unknown keys; `bad_body` for what `splitMultipart` rejects, for packed
 * bodies, and for UTF-16.
 */
export function uploadContent(
  body: Buffer,
  contentType: string,
  query: Readonly<Record<string, string>>,
): UploadContent {
  const parts = splitMultipart(body, contentType);
  if (parts === null) return { ...decodeText(body, "the body"), parameters: query };
  const { texts, parameters } = sortParts(parts);
  return { ...joinTexts(texts), parameters: mergeParameters(query, parameters) };
}

/** Parts by what they are. */
interface SortedParts {
  readonly texts: readonly Part[];
  readonly parameters: readonly Part[];
}

function sortParts(parts: readonly Part[]): SortedParts {
  const files = parts.filter(({ isFile }) => isFile);
  const fields = parts.filter(({ isFile }) => !isFile);
  const candidates = fields.filter(({ name, content }) => !isKnown(name) && (name === null || looksLikeText(content)));
  // Next to files, and next to a second one, nobody can know what it is: as an unknown key it is rejected by name.
  const texts = files.length === 0 && candidates.length === 1 ? candidates : [];
  return { texts: [...files, ...texts], parameters: fields.filter((part) => !texts.includes(part)) };
}

const isKnown = (name: string | null): boolean => name !== null && isKnownKey(name);

/** A value of a misspelled key has neither commas nor lines; Bonnie++ output always has. */
const looksLikeText = (content: Buffer): boolean => content.includes(",") || content.includes("\n");

function mergeParameters(
  query: Readonly<Record<string, string>>,
  parts: readonly Part[],
): Readonly<Record<string, string>> {
  const merged = new Map(Object.entries(query));
  const fromParts = new Set<string>();
  for (const { name, content } of parts) {
    if (name === null) throw reject("a part of the multipart body has no name, and is not a file", null);
    const { text, encoding } = decode(content);
    if (encoding !== "utf-8") throw reject(`${quoted(name)} is not UTF-8`, name);
    const value = text.replace(/\r?\n$/, "");
    const before = merged.get(name);
    if (before !== undefined && (before !== value || fromParts.has(name))) {
      const [first, second] = fromParts.has(name) ? ["a part", "another part"] : ["the URL", "a part"];
      throw reject(
        `${quoted(name)} is given twice: ${quoted(before)} in ${first} and ${quoted(value)} in ${second} of the body; expected once`,
        name,
      );
    }
    fromParts.add(name);
    merged.set(name, value);
  }
  return Object.fromEntries(merged);
}

function reject(text: string, field: string | null): AppError {
  const issue: Issue = {
    line: 0,
    column: 0,
    field: field?.slice(0, 255) ?? null,
    code: "bad_parameter",
    text,
    raw: "",
  };
  return new AppError("bad_parameter", text, { issues: [issue], nothingStored: true });
}

/** The texts of parts as one. Latin-1 bytes in one part make all Latin-1, which is the same for ASCII. Throws `bad_body`. */
function joinTexts(parts: readonly Part[]): BodyText {
  const texts = parts.map(({ name, content }) => decodeText(content, `part ${quoted(name ?? "")}`));
  const encoding = texts.some((text) => text.encoding === "latin-1") ? "latin-1" : "utf-8";
  const isMixed = encoding === "latin-1" && texts.some((text) => text.encoding === "utf-8" && !isAscii(text.text));
  if (isMixed) {
    throw new AppError("bad_body", "the files are in different encodings; send each in a request of its own", {
      nothingStored: true,
    });
  }
  const text = texts.map((each, index) => endLine(each.text, index < texts.length - 1)).join("");
  return { text, encoding };
}

const endLine = (text: string, isFollowed: boolean): string =>
  isFollowed && !text.endsWith("\n") ? `${text}\n` : text;

const isAscii = (text: string): boolean => !/\P{ASCII}/u.test(text);

/** Packed files by their first bytes, as Latin-1. */
const PACKED = [
  { name: "gzip", magic: "\x1f\x8b" },
  { name: "bzip2", magic: "BZh91AY&SY" },
  { name: "xz", magic: "\xfd7zXZ" },
  { name: "zstd", magic: "\x28\xb5\x2f\xfd" },
  { name: "zip", magic: "PK\x03\x04" },
] as const;

/** Decodes text; `what` names it in messages. Throws `bad_body` for packed data and UTF-16. */
function decodeText(bytes: Buffer, what: string): BodyText {
  const beginning = bytes.subarray(0, 16).toString("latin1");
  const packed = PACKED.find(({ magic }) => beginning.startsWith(magic))?.name;
  if (packed === undefined) return decode(bytes);
  const gzip = 'with --data-binary and the header "Content-Encoding: gzip", compressed once';
  const advice = packed === "gzip" ? `send the file ${gzip}` : "send it as text, or compressed with gzip";
  throw new AppError("bad_body", `${what} is compressed with ${packed}; ${advice}`, { nothingStored: true });
}
