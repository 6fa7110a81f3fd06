// SVG to PNG: resvg, which is WebAssembly, with fonts of ours, so that a picture looks the same wherever it is made.

import { readFile } from "node:fs/promises";
import { AppError } from "../../shared/errors.ts";
import { makeCache } from "../runtime/cache.ts";

/** Where the files are that painting needs; each deployment keeps them in its own place. */
export interface RasterizerFiles {
  /** resvg itself. */
  readonly wasm: URL;
  /** The fonts, TrueType; the family is that which pictures name. */
  readonly fonts: readonly URL[];
}

/**
 * Makes a PNG of an SVG, two pixels for each px, so that it is sharp on dense screens and in print; fewer where it would have
 * more than `MAX_PIXELS`. Throws `too_large` for an SVG that is longer than `MAX_SVG`.
 */
export type Rasterizer = (svg: string) => Promise<Uint8Array>;

const PIXELS_PER_PX = 2;

/** Each takes four bytes while it is painted: 96 MB. The matrix of ten backends at its widest has half as many. */
const MAX_PIXELS = 24_000_000;

/** Characters. The largest charts of real fleets have some 100 000, which take a quarter of a second. */
const MAX_SVG = 1_000_000;

type ResvgModule = typeof import("@resvg/resvg-wasm");

/** A process has one resvg, whoever asks first; it is loaded when the first picture is painted. */
let loading: Promise<ResvgModule> | null = null;

function loaded(wasm: URL): Promise<ResvgModule> {
  loading ??= load(wasm).catch((error: unknown) => {
    // The next picture tries again.
    loading = null;
    throw error;
  });
  return loading;
}

async function load(wasm: URL): Promise<ResvgModule> {
  const [resvg, bytes] = await Promise.all([import("@resvg/resvg-wasm"), readFile(wasm)]);
  await resvg.initWasm(bytes);
  return resvg;
}

/** PNGs that are cached. A live share shows the same one until its numbers change, and rasterizing holds up everything else. */
const CACHED = 16;

/** A painter; `filesOf` is asked for the places of the files when the first picture is painted. */
export function makeRasterizer(filesOf: () => RasterizerFiles): Rasterizer {
  let fonts: Promise<Uint8Array[]> | null = null;
  const paint = async (svg: string): Promise<Uint8Array> => {
    const files = filesOf();
    fonts ??= Promise.all(files.fonts.map((font) => readFile(font)));
    try {
      const [fontBuffers, resvg] = await Promise.all([fonts, loaded(files.wasm)]);
      return painted(resvg, svg, fontBuffers);
    } catch (error) {
      fonts = null;
      throw error;
    }
  };
  const cache = makeCache<Uint8Array>({ maxSize: CACHED });
  return async (svg) => {
    if (svg.length > MAX_SVG) {
      throw new AppError(
        "too_large",
        "this picture has too much in it to be painted; ask for it as SVG, or for less of it",
      );
    }
    return cache.get(svg, () => paint(svg));
  };
}

/** Pixels for each px of a picture of ours, which begins with its size. */
function zoomOf(svg: string): number {
  const [, width = "1", height = "1"] = /^<svg[^>]* width="(\d+)" height="(\d+)"/.exec(svg) ?? [];
  return Math.min(PIXELS_PER_PX, Math.sqrt(MAX_PIXELS / (Number(width) * Number(height))));
}

function painted({ Resvg }: ResvgModule, svg: string, fontBuffers: Uint8Array[]): Uint8Array {
  const resvg = new Resvg(svg, {
    fitTo: { mode: "zoom", value: zoomOf(svg) },
    font: { fontBuffers, defaultFontFamily: "DejaVu Sans", sansSerifFamily: "DejaVu Sans" },
  });
  // Nothing in WebAssembly is collected by itself.
  try {
    const image = resvg.render();
    try {
      return image.asPng();
    } finally {
      image.free();
    }
  } finally {
    resvg.free();
  }
}
