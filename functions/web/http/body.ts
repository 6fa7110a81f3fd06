// The body of a request: read up to a limit, unpacked where gzip is allowed, and decoded into text that maps back to its bytes.
// docs/api.md lists all limits; what a connection may cost on one machine is in local/server/http-server.ts.

import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { AppError } from "../../../shared/errors.ts";

/** The limit of a kind of body. */
export interface BodyLimit {
  /** Bytes as sent. */
  readonly bytes: number;
  /** The same, for error messages. */
  readonly words: string;
  /** Whether it may be packed with gzip. */
  readonly mayBePacked: boolean;
}

/** Bytes of any body after it was unpacked: 8 MiB, as the error says. */
export const MAX_UNPACKED = 8_388_608;

/** Bonnie++ output. */
export const UPLOAD: BodyLimit = { bytes: 1_048_576, words: "1 MiB", mayBePacked: true };

/** Bonnie++ output in the form of a page. Browsers do not pack forms. */
export const UPLOAD_FORM: BodyLimit = { bytes: 1_048_576, words: "1 MiB", mayBePacked: false };

/** A token and a path. It is the only body that clients without a token may send. */
export const SIGN_IN_FORM: BodyLimit = { bytes: 8_192, words: "8 KiB", mayBePacked: false };

/** Every other form of a page. */
export const FORM: BodyLimit = { bytes: 16_384, words: "16 KiB", mayBePacked: false };

/** JSON that creates a token or a share. */
export const JSON_BODY: BodyLimit = { bytes: 65_536, words: "64 KiB", mayBePacked: false };

/** Fields of a form. */
export const MAX_FIELDS = 64;

/** Parameters of a query: enough for 100 labels of an upload and every fact, or four filters of 50 values. */
export const MAX_PARAMETERS = 256;

/** A body as text. It is decoded as Latin-1 when its bytes are not UTF-8: each byte is one character then, and none is lost. */
export interface BodyText {
  readonly text: string;
  readonly encoding: "utf-8" | "latin-1";
}

/** A body as sent. */
export interface SentBody {
  readonly bytes: Buffer;
  readonly isPacked: boolean;
}

/** Reads a body to its end and decodes it. Throws what `receiveBody`, `bodyBytes` and `decode` throw. */
export async function readBody(request: Request, limit: BodyLimit): Promise<BodyText> {
  return decode(await bodyBytes(await receiveBody(request, limit)));
}

/**
 * Reads a body to its end, and leaves it packed. Rejects it before reading where the headers are enough. Throws `too_large`,
 * `unsupported_encoding`, and `bad_body` for a connection that closes before the end.
 */
export async function receiveBody(request: Request, limit: BodyLimit): Promise<SentBody> {
  const coding = (request.headers.get("Content-Encoding") ?? "identity").trim().toLowerCase();
  const isPacked = coding === "gzip" || coding === "x-gzip";
  if (!["", "identity"].includes(coding) && !(isPacked && limit.mayBePacked)) {
    const expected = limit.mayBePacked ? "expected gzip or none" : "expected none";
    throw new AppError(
      "unsupported_encoding",
      `Content-Encoding ${JSON.stringify(coding.slice(0, 40))} is not supported, ${expected}`,
    );
  }
  return { bytes: await readAtMost(request, limit), isPacked };
}

/** The unpacked bytes of a body. Throws `too_large` for a body that unpacks to more than 8 MiB, and `bad_body`. */
export async function bodyBytes(sent: SentBody): Promise<Buffer> {
  const bytes = await bytesWithin(sent, MAX_UNPACKED);
  if (bytes === null) throw new AppError("too_large", "the body is larger than 8 MiB unpacked; send it in parts");
  return bytes;
}

/** The bytes of a body; null for a packed body of more than `maxBytes`, of which no more is held in memory. Throws `bad_body`. */
export async function bytesWithin({ bytes, isPacked }: SentBody, maxBytes: number): Promise<Buffer | null> {
  return isPacked ? unpack(bytes, maxBytes) : bytes;
}

async function readAtMost(request: Request, limit: BodyLimit): Promise<Buffer> {
  const announced = request.headers.get("Content-Length");
  if (Number(announced ?? 0) > limit.bytes) throw tooLarge(limit);
  try {
    if (announced === null) return await readChunks(request, limit);
    // HTTP delivers no more than was announced, and reading a body at once costs half of reading it in chunks.
    const body = Buffer.from(await request.arrayBuffer());
    if (body.length > limit.bytes) throw tooLarge(limit);
    return body;
  } catch (error) {
    if (error instanceof AppError) throw error;
    // The client closed the connection. Nobody reads the response, but the log must not show an internal error.
    throw new AppError("bad_body", "the request body was truncated", { nothingStored: true });
  }
}

async function readChunks({ body }: Request, limit: BodyLimit): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body ?? []) {
    bytes += chunk.length;
    if (bytes > limit.bytes) throw tooLarge(limit);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function tooLarge({ words, mayBePacked }: BodyLimit): AppError {
  const advice = mayBePacked ? "; send it in parts, or with Content-Encoding: gzip" : "";
  return new AppError("too_large", `the body is larger than ${words}${advice}`);
}

const gunzipped = promisify(gunzip);

async function unpack(sent: Buffer, maxBytes: number): Promise<Buffer | null> {
  try {
    return await gunzipped(sent, { maxOutputLength: maxBytes });
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ERR_BUFFER_TOO_LARGE") return null;
    throw new AppError("bad_body", "the body is not valid gzip, although Content-Encoding says so");
  }
}

/** Bytes as text. Throws `bad_body` for UTF-16, in which no line could be parsed. */
export function decode(bytes: Uint8Array): BodyText {
  if (isUtf16(bytes)) {
    throw new AppError(
      "bad_body",
      "the body looks like UTF-16, which PowerShell writes; send it as UTF-8, for example through iconv -f UTF-16 -t UTF-8, or from Out-File -Encoding utf8",
      { nothingStored: true },
    );
  }
  try {
    return { text: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes), encoding: "utf-8" };
  } catch {
    return { text: Buffer.from(bytes).toString("latin1"), encoding: "latin-1" };
  }
}

/** Bytes by which UTF-16 is detected. */
const INSPECTED = 256;

/** A byte order mark of UTF-16, or NUL in every second byte, as in UTF-16 of plain letters and digits. */
function isUtf16(bytes: Uint8Array): boolean {
  const [first, second] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) return true;
  const beginning = bytes.subarray(0, INSPECTED);
  const pairs = Math.floor(beginning.length / 2);
  const nulsAt = (parity: number) => beginning.filter((byte, index) => byte === 0 && index % 2 === parity).length;
  const [even, odd] = [nulsAt(0), nulsAt(1)];
  return Math.min(even, odd) === 0 && Math.max(even, odd) > 0.75 * pairs;
}

/** Braces, and strings with the colon that makes them keys. */
const BRACE_OR_STRING = /[{}]|("[^"\\]*(?:\\.[^"\\]*)*")(\s*:)?/g;

/**
 * The first key that a JSON object has twice, however it is escaped (`"a"` and `"\u0061"` are equal); null without one. The text
 * must be valid JSON. JSON.parse silently takes the last value of such a key, and another parser may take the first.
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
