// A PNG read back: its size and its pixels, for pictures of eight bits a channel without interlacing.

import { inflateSync } from "node:zlib";

export interface Pixels {
  readonly width: number;
  readonly height: number;
  /** The colour at a place, e.g. `#ffffff`; what is seen through is left out of it. */
  at(x: number, y: number): string;
  /** How many colours there are, counted up to 100. */
  colours(): number;
}

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const CHANNELS: Readonly<Record<number, number>> = { 2: 3, 6: 4 };

/** Reads a PNG. Throws for bytes that are none, or of another kind. */
export function readPng(bytes: Buffer): Pixels {
  if (!bytes.subarray(0, 8).equals(SIGNATURE)) throw new Error("no PNG signature");
  const chunks: { type: string; data: Buffer }[] = [];
  for (let at = 8; at < bytes.length; ) {
    const length = bytes.readUInt32BE(at);
    chunks.push({ type: bytes.toString("latin1", at + 4, at + 8), data: bytes.subarray(at + 8, at + 8 + length) });
    at += length + 12;
  }
  const header = chunks[0]?.data ?? Buffer.alloc(13);
  const [width, height, channels] = [header.readUInt32BE(0), header.readUInt32BE(4), CHANNELS[header[9] ?? 0] ?? 0];
  if (header[8] !== 8 || channels === 0 || header[12] !== 0) throw new Error("a PNG of another kind");
  if (chunks.at(-1)?.type !== "IEND") throw new Error("a PNG without its end");
  const rows = inflateSync(Buffer.concat(chunks.filter(({ type }) => type === "IDAT").map(({ data }) => data)));
  const pixels = unfiltered(rows, width, height, channels);
  const colour = (place: number) => `#${pixels.toString("hex", place, place + 3)}`;
  return {
    width,
    height,
    at: (x, y) => colour((y * width + x) * channels),
    colours: () => {
      const found = new Set<number>();
      for (let place = 0; place < pixels.length && found.size < 100; place += channels) {
        found.add(pixels.readUIntBE(place, 3));
      }
      return found.size;
    },
  };
}

/** What a row's filter guesses a byte to be, from those to the left, above and above left (PNG specification, section 9). */
const GUESSES: readonly ((left: number, up: number, corner: number) => number)[] = [
  () => 0,
  (left) => left,
  (_, up) => up,
  (left, up) => (left + up) >> 1,
  paeth,
];

function unfiltered(rows: Buffer, width: number, height: number, channels: number): Buffer {
  const stride = width * channels;
  const pixels = Buffer.alloc(stride * height);
  for (let y = 0; y < height; y += 1) {
    const guess = GUESSES[rows[y * (stride + 1)] ?? 0] ?? paeth;
    for (let x = 0; x < stride; x += 1) {
      const place = y * stride + x;
      const left = x < channels ? 0 : (pixels[place - channels] ?? 0);
      const up = y === 0 ? 0 : (pixels[place - stride] ?? 0);
      const corner = x < channels || y === 0 ? 0 : (pixels[place - stride - channels] ?? 0);
      pixels[place] = (rows[y * (stride + 1) + 1 + x] ?? 0) + guess(left, up, corner);
    }
  }
  return pixels;
}

function paeth(left: number, up: number, corner: number): number {
  const guess = left + up - corner;
  const toLeft = Math.abs(guess - left);
  const toUp = Math.abs(guess - up);
  const toCorner = Math.abs(guess - corner);
  if (toLeft <= toUp && toLeft <= toCorner) return left;
  return toUp <= toCorner ? up : corner;
}
