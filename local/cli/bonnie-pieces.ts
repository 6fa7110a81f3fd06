// A long file of Bonnie++ output in pieces that the reader takes. What `# key: value` lines say holds for later pieces too.

import { decode } from "../../functions/web/http/body.ts";
import type { Context } from "../../functions/service/metadata.ts";
import { type Upload, understandUpload } from "../../functions/service/upload.ts";
import { readBonnie } from "../../shared/bonnie/reader.ts";
import { AppError } from "../../shared/errors.ts";

/** A piece, understood, and the number of lines of the file before it. */
export interface Piece {
  readonly upload: Upload;
  readonly linesBefore: number;
}

/** From here on a piece ends where it can; and where it must, for the reader takes no more. */
const LINES_WANTED = 1_000;
const MOST_LINES = 9_000;
/** Bytes at which it must end: lines may be long, and a piece is held in memory. */
const MOST_BYTES = 2 ** 22;

/**
 * Pieces of a file, in order. A piece ends between CSV lines only, because a text table and the CSV line that repeats it
 * must be read together; one that holds tables ends before a line that starts with `#` when it has grown to 5 times its
 * size. Throws the refusals of `understandUpload`, with the number of the line in the file.
 */
export async function* bonniePieces(
  lines: AsyncIterable<string>,
  about: { readonly fleet: string; readonly receivedAt: string; readonly parameters: Context },
): AsyncGenerator<Piece, void> {
  let context = about.parameters;
  let linesBefore = 0;
  let results = 0;
  let piece: string[] = [];
  let bytes = 0;
  let isPlain = true;
  for await (const line of lines) {
    if (bytes >= MOST_BYTES || endsBefore(line, piece, isPlain)) yield* understood();
    piece.push(line);
    bytes += line.length;
    isPlain &&= isCsv(line) || line.startsWith("#") || line.trim() === "";
  }
  yield* understood();
  if (results === 0)
    throw new AppError("no_result", "there is no Bonnie++ result in it: neither a CSV line nor a text table");

  function* understood(): Generator<Piece, void> {
    const { text, encoding } = decode(Buffer.from(piece.join("\n"), "latin1"));
    const reading = readBonnie(text);
    const { fleet, receivedAt } = about;
    try {
      const upload = understandUpload(reading, { fleet, receivedAt, encoding, parameters: context });
      results += upload.runs.length + upload.rejected.length;
      yield { upload, linesBefore };
    } catch (error) {
      // A piece may be nothing but noise; that the file has no result is said at its end.
      if (!(error instanceof AppError)) throw error;
      if (error.code !== "no_result") throw inFile(error, linesBefore);
    }
    for (const entry of reading.entries) {
      if (entry.kind === "directive") context = { ...context, [entry.key]: entry.value };
    }
    linesBefore += piece.length;
    piece = [];
    bytes = 0;
    isPlain = true;
  }
}

const isCsv = (line: string): boolean => line.split(",", 21).length > 20;

function endsBefore(line: string, piece: readonly string[], isPlain: boolean): boolean {
  if (piece.length < LINES_WANTED) return false;
  if (piece.length >= MOST_LINES) return true;
  const isNew = line.startsWith("#");
  if (isPlain) return isCsv(piece.at(-1) ?? "") && (isNew || isCsv(line));
  return isNew && piece.length >= 5 * LINES_WANTED;
}

/** The refusal of a piece as one of the file: the text names the first line at fault. */
function inFile(error: AppError, linesBefore: number): AppError {
  const stored = linesBefore === 0 ? "nothing was stored" : `nothing behind line ${linesBefore} was stored`;
  const message = error.message
    .replace(/^line (\d+)/, (_, line) => `line ${Number(line) + linesBefore}`)
    .replace(/nothing was stored$/, stored);
  return new AppError(error.code, message, { issues: error.issues, cause: error });
}
