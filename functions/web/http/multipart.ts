// Multipart bodies, as `curl -F` and forms of scripts send them (RFC 7578). In: the bytes of a body. Out: its parts, or null for
// any other body. Nothing of a body is skipped: text outside its parts, and an incomplete body, are errors.

import { AppError } from "../../../shared/errors.ts";
import { quoted } from "../../../shared/run/text.ts";
import { MAX_PARAMETERS } from "./body.ts";

/** A part of a multipart body. */
export interface Part {
  /** The name of the field; null without one. */
  readonly name: string | null;
  readonly isFile: boolean;
  readonly content: Buffer;
}

/** Parts of one body: as many as a URL may have parameters. */
const MAX_PARTS = MAX_PARAMETERS;

/** Bytes of the headers of one part. */
const MAX_HEADERS = 8_192;

/** Bytes at the beginning of a body in which its first boundary is looked for. */
const INSPECTED = 4_096;

/**
 * The parts of a multipart body. The body itself says whether it is one: some clients lose the Content-Type, and others send a
 * wrong one. Takes time proportional to the length of the body. Throws `bad_body` for an incomplete body, for text before the
 * first or after the last boundary, for more than 256 parts, and for encoded parts.
 */
export function splitMultipart(body: Buffer, contentType: string): readonly Part[] | null {
  const boundary = boundaryIn(body) ?? announcedBoundary(contentType);
  if (boundary === null) return null;
  const delimiters = findDelimiters(body, Buffer.from(`--${boundary}`, "latin1"));
  const [first] = delimiters;
  if (first === undefined) return null;
  const last = delimiters.at(-1) ?? first;
  if (!last.isLast) throw badBody("the multipart body is incomplete: its last boundary is missing");
  if (!isBlank(body.subarray(0, first.start)))
    throw badBody("expected no text before the first part of the multipart body");
  if (!isBlank(body.subarray(last.end))) throw badBody("expected no text after the last part of the multipart body");
  return delimiters
    .slice(0, -1)
    .map(({ end }, index) => readPart(body.subarray(end, delimiters[index + 1]?.before), index + 1));
}

const badBody = (message: string): AppError => new AppError("bad_body", message, { nothingStored: true });

const FIRST_PART = /^\s*--(\S{1,200})[ \t]*\r?\n(?:[\w-]{1,40}:[^\n]*\n){0,10}?Content-Disposition:/i;

/** The boundary of a body that begins with a part; null for any other body. */
function boundaryIn(body: Buffer): string | null {
  return FIRST_PART.exec(body.subarray(0, INSPECTED).toString("latin1"))?.[1] ?? null;
}

const MULTIPART = /^\s*multipart\/[^;]*;(?:.*;)?\s*boundary=(?:"([^"]{1,200})"|([^\s;"]{1,200}))/i;

function announcedBoundary(contentType: string): string | null {
  const [, inQuotes, bare] = MULTIPART.exec(contentType.slice(0, 1_000)) ?? [];
  return inQuotes ?? bare ?? null;
}

/** A line that is a boundary: where it begins, where the part before it ends, and where the next part begins. */
interface Delimiter {
  readonly start: number;
  readonly before: number;
  readonly end: number;
  readonly isLast: boolean;
}

const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;

/** The boundaries, up to the last one. Throws `bad_body` for too many. */
function findDelimiters(body: Buffer, delimiter: Buffer): Delimiter[] {
  const found: Delimiter[] = [];
  for (let start = body.indexOf(delimiter); start >= 0; start = body.indexOf(delimiter, start + 1)) {
    if (start > 0 && body[start - 1] !== LINE_FEED) continue;
    const feed = body.indexOf(LINE_FEED, start);
    const end = feed < 0 ? body.length : feed + 1;
    const rest = body.subarray(start + delimiter.length, Math.min(end, start + delimiter.length + INSPECTED));
    const [, dashes] = /^(-{0,2})[ \t]*\r?\n?$/.exec(rest.toString("latin1")) ?? [];
    if (dashes === undefined || dashes === "-") continue;
    const isCrlf = start > 1 && body[start - 2] === CARRIAGE_RETURN;
    found.push({ start, before: Math.max(0, start - (isCrlf ? 2 : 1)), end, isLast: dashes === "--" });
    if (dashes === "--") break;
    if (found.length > MAX_PARTS) throw badBody(`expected at most ${MAX_PARTS} parts in a multipart body, found more`);
  }
  return found;
}

const isBlank = (bytes: Buffer): boolean => bytes.every((byte) => byte === 32 || (byte >= 9 && byte <= 13));

const BLANK_LINE = /(?:^|\n)\r?\n/;

function readPart(bytes: Buffer, number: number): Part {
  const beginning = bytes.subarray(0, MAX_HEADERS).toString("latin1");
  const blank = BLANK_LINE.exec(beginning);
  if (blank === null) {
    throw badBody(`part ${number} of the multipart body has no blank line in its first ${MAX_HEADERS} bytes`);
  }
  const content = bytes.subarray(blank.index + blank[0].length);
  const headers = new Map(
    bytes
      .subarray(0, blank.index)
      .toString("utf8")
      .split(/\r?\n/)
      .map((line) => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 1).trim()]),
  );
  const encoding = headers.get("content-transfer-encoding")?.toLowerCase() ?? "binary";
  if (!["7bit", "8bit", "binary"].includes(encoding)) {
    throw badBody(
      `part ${number} of the multipart body has Content-Transfer-Encoding ${quoted(encoding)}; expected none`,
    );
  }
  const parameters = headerParameters(headers.get("content-disposition") ?? "");
  const isFile = parameters.has("filename") || parameters.has("filename*");
  return { name: parameters.get("name") ?? null, isFile, content };
}

const HEADER_PARAMETER = /;\s*([\w*-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s]*))/g;

/** The parameters of a header; a quote in one is escaped as `\"` by older clients, as `%22` by newer ones. */
function headerParameters(header: string): ReadonlyMap<string, string> {
  return new Map(
    [...header.matchAll(HEADER_PARAMETER)].map(([, name = "", quotedValue, bare = ""]) => [
      name.toLowerCase(),
      quotedValue?.replaceAll(/\\(.)/g, "$1").replaceAll("%22", '"') ?? bare,
    ]),
  );
}
