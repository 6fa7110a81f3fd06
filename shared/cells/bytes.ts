// Whole numbers and texts as bytes, each in exactly one way, so that equal values are equal bytes. Numbers are base 128,
// least significant digit first, with bit 7 set on all but the last digit. Division instead of bit operators keeps all
// 53 bits of a safe integer.

import { CellFault } from "./cell-fault.ts";

const BASE = 128;

/** How many steps of the magnitude fit in the first digit of a signed number, beside its sign. */
const SIGNED_BASE = 64;

/** Appends numbers and texts to `bytes`. The field named with a number is for the fault when it cannot be written. */
export class ByteWriter {
  readonly bytes: number[] = [];

  /** Appends a count: a safe integer from 0. */
  unsigned(value: number, field: string): void {
    if (!Number.isSafeInteger(value) || value < 0) throw new CellFault(field, `cannot write ${value} as a count`);
    this.#digits(value);
  }

  /** Appends a safe integer; the lowest bit of the first digit is the sign. */
  signed(value: number, field: string): void {
    if (!Number.isSafeInteger(value)) throw new CellFault(field, `cannot write ${value} as an integer`);
    const magnitude = Math.abs(value);
    const first = (magnitude % SIGNED_BASE) * 2 + (value < 0 ? 1 : 0);
    const rest = Math.floor(magnitude / SIGNED_BASE);
    this.bytes.push(rest > 0 ? first + BASE : first);
    if (rest > 0) this.#digits(rest);
  }

  /** Appends a text as UTF-8, its length in bytes before it. */
  text(value: string): void {
    const encoded = new TextEncoder().encode(value);
    this.#digits(encoded.length);
    this.bytes.push(...encoded);
  }

  #digits(value: number): void {
    let rest = value;
    while (rest >= BASE) {
      this.bytes.push((rest % BASE) + BASE);
      rest = Math.floor(rest / BASE);
    }
    this.bytes.push(rest);
  }
}

/** Reads what a ByteWriter wrote, from the start on. Every method throws a CellFault that names the field. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  unsigned(field: string): number {
    const first = this.#byte(field);
    return first < BASE ? first : this.#digits(first - BASE, BASE, field);
  }

  signed(field: string): number {
    const first = this.#byte(field);
    const low = Math.floor((first % BASE) / 2);
    const magnitude = first < BASE ? low : this.#digits(low, SIGNED_BASE, field);
    const isNegative = first % 2 === 1;
    if (isNegative && magnitude === 0) throw this.fault(field, "minus 0");
    return isNegative ? -magnitude : magnitude;
  }

  text(field: string): string {
    const length = this.unsigned(field);
    const end = this.#at + length;
    if (end > this.#bytes.length) throw this.fault(field, "the bytes end too early");
    const encoded = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(encoded);
    } catch {
      throw this.fault(field, "not UTF-8");
    }
  }

  /** Whether all bytes were read. */
  isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  /** A fault at the place reached. */
  fault(field: string, text: string): CellFault {
    return new CellFault(field, `${text}, near byte ${this.#at}`);
  }

  /** The digits after the first, added to `low`, where `scale` is the weight of the next digit. */
  #digits(low: number, scale: number, field: string): number {
    let value = low;
    for (let weight = scale; weight <= Number.MAX_SAFE_INTEGER; weight *= BASE) {
      const digit = this.#byte(field);
      value += (digit % BASE) * weight;
      if (digit >= BASE) continue;
      if (digit === 0) throw this.fault(field, "a number with a leading zero");
      if (value > Number.MAX_SAFE_INTEGER) break;
      return value;
    }
    throw this.fault(field, "a number beyond 2^53 - 1");
  }

  #byte(field: string): number {
    const byte = this.#bytes[this.#at];
    if (byte === undefined) throw this.fault(field, "the bytes end too early");
    this.#at += 1;
    return byte;
  }
}
