// The body of an upload: at most 1 MiB as sent, gzip taken off, at most 8 MiB then, as text that maps back to its bytes.

import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { AppError } from "../../shared/errors.ts";

const MAX_SENT_BYTES = 1_048_576;
const MAX_UNPACKED_BYTES = 8_388_608;

const gunzipped = promisify(gunzip);

/** A body as text. Latin-1 when the bytes are not UTF-8: then every byte is one character, so nothing is lost. */
export interface BodyText {
  readonly text: string;
  readonly encoding: "utf-8" | "latin-1";
}

/** Reads the body of an upload. Throws `too_large`, `unsupported_encoding` or `bad_body`. */
export async function readBody(request: Request): Promise<BodyText> {
  const coding = (request.headers.get("Content-Encoding") ?? "identity").trim().toLowerCase();
  if (!["", "identity", "gzip", "x-gzip"].includes(coding)) {
    throw new AppError(
      "unsupported_encoding",
      `Content-Encoding ${JSON.stringify(coding.slice(0, 40))} is not supported, only gzip`,
    );
  }
  const sent = await readAtMost(request, MAX_SENT_BYTES);
  return decode(coding.endsWith("gzip") ? await unpack(sent) : sent);
}

const tooLarge = () =>
  new AppError("too_large", "the body is larger than 1 MiB; send it in pieces, or with Content-Encoding: gzip");

async function readAtMost(request: Request, most: number): Promise<Buffer> {
  const announced = request.headers.get("Content-Length");
  if (Number(announced ?? 0) > most) throw tooLarge();
  try {
    if (announced === null) return await readPieces(request, most);
    // No more than was announced comes over HTTP, and a body read at once costs half of one read in pieces.
    const body = Buffer.from(await request.arrayBuffer());
    if (body.length > most) throw tooLarge();
    return body;
  } catch (error) {
    if (error instanceof AppError) throw error;
    // The client went away. Nobody hears the answer, but the log must not take it for a fault of ours.
    throw new AppError("bad_body", "the body broke off before its end; nothing was stored");
  }
}

async function readPieces({ body }: Request, most: number): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of body ?? []) {
    bytes += piece.length;
    if (bytes > most) throw tooLarge();
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

async function unpack(sent: Buffer): Promise<Buffer> {
  try {
    return await gunzipped(sent, { maxOutputLength: MAX_UNPACKED_BYTES });
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ERR_BUFFER_TOO_LARGE") {
      throw new AppError("too_large", "the body is larger than 8 MiB unpacked; send it in pieces");
    }
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
