// The body of a request: as much as its limit lets in, gzip taken off where it may be, as text that maps back to its bytes.

import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { AppError } from "../../../shared/errors.ts";

/** Braces, and strings with the colon behind them that makes them keys. */
const BRACE_OR_STRING = /[{}]|("[^"\\]*(?:\\.[^"\\]*)*")(\s*:)?/g;

/**
 * A key that an object in JSON has twice, however it is written (`"a"` and `"\u0061"` are one); null when none has. The text must
 * be JSON. JSON.parse takes the last value of such a key without a word, and another reader the first.
 */
export function repeatedKey(json: string): string | null {
  const open: Set<string>[] = [];
  for (const [token, text, colon] of json.matchAll(BRACE_OR_STRING)) {
    if (token === "{") open.push(new Set());
    else if (token === "}") open.pop();
    else if (text !== undefined && colon !== undefined) {
      const key = String(JSON.parse(text));
      const keys = open.at(-1);
      if (keys?.has(key)) return key;
      keys?.add(key);
    }
  }
  return null;
}

// How much of a request is read before it is refused, and how much of it may be compressed. What a connection may cost on
// one machine stands in local/server/http-server.ts; docs/api.md has all limits in one table.

/** What a body may be. */
export interface BodyLimit {
  /** Bytes as sent. */
  readonly bytes: number;
  /** The same in words, for the refusal. */
  readonly words: string;
  /** Whether it may be compressed, with gzip. */
  readonly mayBePacked: boolean;
}

/** Bytes of any body when gzip is taken off: 8 MiB, as the refusal says. */
export const MAX_UNPACKED = 8_388_608;

/** Bonnie++ output. */
export const UPLOAD: BodyLimit = { bytes: 1_048_576, words: "1 MiB", mayBePacked: true };

/** Bonnie++ output in a form, after its token. Browsers compress no forms. */
export const UPLOAD_FORM: BodyLimit = { bytes: 1_048_576, words: "1 MiB", mayBePacked: false };

/** A token and an address, from anybody: it is all that strangers may send. */
export const SIGN_IN_FORM: BodyLimit = { bytes: 8_192, words: "8 KiB", mayBePacked: false };

/** Every other form of a page. */
export const FORM: BodyLimit = { bytes: 16_384, words: "16 KiB", mayBePacked: false };

/** JSON that asks for a token or a share. */
export const JSON_BODY: BodyLimit = { bytes: 65_536, words: "64 KiB", mayBePacked: false };

/** Fields of a form. */
export const MAX_FIELDS = 64;

/** Parameters of a query: 100 labels of an upload beside every fact there is, or four filters of 50 values, and more. */
export const MAX_PARAMETERS = 256;

const gunzipped = promisify(gunzip);

/** A body as text. Latin-1 when the bytes are not UTF-8: then every byte is one character, so nothing is lost. */
export interface BodyText {
  readonly text: string;
  readonly encoding: "utf-8" | "latin-1";
}

/** A body as it was sent. */
export interface SentBody {
  readonly bytes: Buffer;
  readonly isPacked: boolean;
}

/** Reads a body to its end and gives its text. Throws what `receiveBody` and `bodyText` throw. */
export async function readBody(request: Request, limit: BodyLimit): Promise<BodyText> {
  return bodyText(await receiveBody(request, limit));
}

/**
 * Reads a body to its end, and leaves it packed. Refuses by the headers where they are enough. Throws `too_large`,
 * `unsupported_encoding` or `bad_body`.
 */
export async function receiveBody(request: Request, limit: BodyLimit): Promise<SentBody> {
  const coding = (request.headers.get("Content-Encoding") ?? "identity").trim().toLowerCase();
  const isPacked = coding === "gzip" || coding === "x-gzip";
  if (!["", "identity"].includes(coding) && !(isPacked && limit.mayBePacked)) {
    const right = limit.mayBePacked ? "only gzip" : "this is taken as it is";
    throw new AppError(
      "unsupported_encoding",
      `Content-Encoding ${JSON.stringify(coding.slice(0, 40))} is not supported, ${right}`,
    );
  }
  return { bytes: await readAtMost(request, limit), isPacked };
}

/** The text of a body. Throws `too_large` for one that unpacks to more than 8 MiB, and `bad_body`. */
export async function bodyText(sent: SentBody): Promise<BodyText> {
  const text = await textWithin(sent, MAX_UNPACKED);
  if (text === null) throw new AppError("too_large", "the body is larger than 8 MiB unpacked; send it in pieces");
  return text;
}

/** The text of a body; null for a packed one that unpacks to more bytes than that, of which no more are held. Throws `bad_body`. */
export async function textWithin({ bytes, isPacked }: SentBody, most: number): Promise<BodyText | null> {
  const unpacked = isPacked ? await unpack(bytes, most) : bytes;
  return unpacked === null ? null : decode(unpacked);
}

function tooLarge({ words, mayBePacked }: BodyLimit): AppError {
  const advice = mayBePacked ? "; send it in pieces, or with Content-Encoding: gzip" : "";
  return new AppError("too_large", `the body is larger than ${words}${advice}`);
}

async function readAtMost(request: Request, limit: BodyLimit): Promise<Buffer> {
  const announced = request.headers.get("Content-Length");
  if (Number(announced ?? 0) > limit.bytes) throw tooLarge(limit);
  try {
    if (announced === null) return await readPieces(request, limit);
    // No more than was announced comes over HTTP, and a body read at once costs half of one read in pieces.
    const body = Buffer.from(await request.arrayBuffer());
    if (body.length > limit.bytes) throw tooLarge(limit);
    return body;
  } catch (error) {
    if (error instanceof AppError) throw error;
    // The client went away. Nobody hears the answer, but the log must not take it for a fault of ours.
    throw new AppError("bad_body", "the body broke off before its end; nothing was stored");
  }
}

async function readPieces({ body }: Request, limit: BodyLimit): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of body ?? []) {
    bytes += piece.length;
    if (bytes > limit.bytes) throw tooLarge(limit);
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

async function unpack(sent: Buffer, most: number): Promise<Buffer | null> {
  try {
    return await gunzipped(sent, { maxOutputLength: most });
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ERR_BUFFER_TOO_LARGE") return null;
    throw new AppError("bad_body", "the body is not gzip, though Content-Encoding says so");
  }
}

/** Bytes as text. Throws `bad_body` for UTF-16, in which no line could be read. */
export function decode(bytes: Uint8Array): BodyText {
  if (isUtf16(bytes)) {
    throw new AppError(
      "bad_body",
      "the body looks like UTF-16; send it as UTF-8, for example through iconv -f UTF-16 -t UTF-8; nothing was stored",
    );
  }
  try {
    return { text: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes), encoding: "utf-8" };
  } catch {
    return { text: Buffer.from(bytes).toString("latin1"), encoding: "latin-1" };
  }
}

/** As many bytes tell UTF-16 by. */
const LOOKED_AT = 256;

/** A byte order mark of UTF-16, or NUL in every second byte, which is what plain letters and digits are there. */
function isUtf16(bytes: Uint8Array): boolean {
  const [first, second] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) return true;
  const beginning = bytes.subarray(0, LOOKED_AT);
  const pairs = Math.floor(beginning.length / 2);
  const nulsAt = (parity: number) => beginning.filter((byte, index) => byte === 0 && index % 2 === parity).length;
  const [even, odd] = [nulsAt(0), nulsAt(1)];
  return Math.min(even, odd) === 0 && Math.max(even, odd) > 0.75 * pairs;
}
