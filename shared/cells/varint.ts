// The binary form of cells: integers and texts as bytes, each in exactly one way, so that equal values are equal bytes. Integers are LEB128 varints: base
// 128, least significant digit first, bit 7 set on all digits but the last. Texts and blocks are preceded by their length.
// Division instead of bit operators keeps all 53 bits of a safe integer. Every function takes the names of the owner and the
// field of the value, which are put together only for an error.

/**
 * An impossible cell: a negative count, a number that is no longer exact, or bytes that are not a cell. Never caused by what
 * a client sends, so it is a reason to raise an alarm, not to respond with 400 (statistics.md, section 3).
 */
export class CellError extends Error {
  override readonly name = "CellError";
  /** The field that is wrong, e.g. `put_block.x[-3]`, `head.hosts` or `notes.cached`. */
  readonly field: string;

  constructor(field: string, text: string) {
    super(`cell field ${field}: ${text}`);
    this.field = field;
  }
}

const BASE = 128;

/** The base of the first digit of a signed number, which also contains the sign. */
const SIGNED_BASE = 64;

/** Appends a count: a safe integer from 0. Throws a CellError for anything else. */
export function writeUnsigned(into: number[], value: number, owner: string, field: string): void {
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new CellError(`${owner}.${field}`, `cannot write ${value} as a count`);
  }
  let rest = value;
  while (rest >= BASE) {
    into.push((rest % BASE) + BASE);
    rest = Math.floor(rest / BASE);
  }
  into.push(rest);
}

/** Appends a safe integer; the lowest bit of the first digit is the sign. Throws a CellError for anything else. */
export function writeSigned(into: number[], value: number, owner: string, field: string): void {
  if (!Number.isSafeInteger(value)) throw new CellError(`${owner}.${field}`, `cannot write ${value} as an integer`);
  const magnitude = Math.abs(value);
  const first = (magnitude % SIGNED_BASE) * 2 + (value < 0 ? 1 : 0);
  const rest = Math.floor(magnitude / SIGNED_BASE);
  into.push(rest > 0 ? first + BASE : first);
  if (rest > 0) writeUnsigned(into, rest, owner, field);
}

/** Appends a block: its length, then its bytes. */
export function writeBlock(into: number[], block: ArrayLike<number>, owner: string, field: string): void {
  writeUnsigned(into, block.length, owner, field);
  for (let index = 0; index < block.length; index += 1) into.push(block[index] ?? 0);
}

/** Appends a text as a block of UTF-8. */
export function writeText(into: number[], text: string, owner: string, field: string): void {
  writeBlock(into, new TextEncoder().encode(text), owner, field);
}

/** A position in bytes. The readers advance it, and throw a CellError if the bytes are not what they expect. */
export interface Cursor {
  readonly bytes: Uint8Array;
  at: number;
}

/** Reads a count, as `writeUnsigned` wrote it. */
export function readUnsigned(cursor: Cursor, owner: string, field: string): number {
  const first = readByte(cursor, owner, field);
  return first < BASE ? first : readDigits(cursor, first - BASE, BASE, owner, field);
}

/** Reads a safe integer, as `writeSigned` wrote it. */
export function readSigned(cursor: Cursor, owner: string, field: string): number {
  const first = readByte(cursor, owner, field);
  const low = Math.floor((first % BASE) / 2);
  const magnitude = first < BASE ? low : readDigits(cursor, low, SIGNED_BASE, owner, field);
  const isNegative = first % 2 === 1;
  if (isNegative && magnitude === 0) throw errorAt(cursor, owner, field, "minus 0");
  return isNegative ? -magnitude : magnitude;
}

/** Reads the bytes of a block, without copying them. */
export function readBlock(cursor: Cursor, owner: string, field: string): Uint8Array {
  const end = readUnsigned(cursor, owner, field) + cursor.at;
  if (end > cursor.bytes.length) throw errorAt(cursor, owner, field, "the bytes end too early");
  const block = cursor.bytes.subarray(cursor.at, end);
  cursor.at = end;
  return block;
}

/** Reads a text, as `writeText` wrote it. */
export function readText(cursor: Cursor, owner: string, field: string): string {
  const encoded = readBlock(cursor, owner, field);
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(encoded);
  } catch {
    throw errorAt(cursor, owner, field, "not UTF-8");
  }
}

/** The error that the bytes at the cursor are wrong. */
export function errorAt(cursor: Cursor, owner: string, field: string, text: string): CellError {
  return new CellError(`${owner}.${field}`, `${text}, near byte ${cursor.at}`);
}

/** Reads the digits after the first and adds them to `low`; `scale` is the weight of the next digit. */
function readDigits(cursor: Cursor, low: number, scale: number, owner: string, field: string): number {
  let value = low;
  for (let weight = scale; weight <= Number.MAX_SAFE_INTEGER; weight *= BASE) {
    const digit = readByte(cursor, owner, field);
    value += (digit % BASE) * weight;
    if (digit >= BASE) continue;
    if (digit === 0) throw errorAt(cursor, owner, field, "a number with a leading zero");
    if (value > Number.MAX_SAFE_INTEGER) break;
    return value;
  }
  throw errorAt(cursor, owner, field, "a number beyond 2^53 - 1");
}

function readByte(cursor: Cursor, owner: string, field: string): number {
  const byte = cursor.bytes[cursor.at];
  if (byte === undefined) throw errorAt(cursor, owner, field, "the bytes end too early");
  cursor.at += 1;
  return byte;
}
