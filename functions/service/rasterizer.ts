// The rasterizer: an SVG in, a PNG out. It uses resvg, which is WebAssembly, and its own fonts, so that an image looks the same
// on every machine.

import { readFile } from "node:fs/promises";
import { AppError } from "../../shared/errors.ts";
import { makeCache } from "../runtime/cache.ts";

/** The files that the rasterizer needs; each deployment has them in another place. */
export interface RasterizerFiles {
  /** The WebAssembly module of resvg. */
  readonly wasm: URL;
  /** TrueType fonts of the family that charts use. */
  readonly fonts: readonly URL[];
}

/**
 * Converts an SVG to a PNG with two pixels for each px, so that it is sharp on dense screens and in print; with fewer where it
 * would exceed `MAX_PIXELS`. Throws `too_large` for an SVG that is longer than `MAX_SVG`.
 */
export type Rasterizer = (svg: string) => Promise<Uint8Array>;

const PIXELS_PER_PX = 2;

/** Each pixel takes four bytes while the image is drawn: 96 MB. The widest matrix of ten backends has half as many pixels. */
const MAX_PIXELS = 24_000_000;

/** Characters. The largest charts of real fleets have about 100 000, which take a quarter of a second. */
const MAX_SVG = 1_000_000;

type ResvgModule = typeof import("@resvg/resvg-wasm");

/** The one resvg of the process; it is loaded when the first image is drawn. */
let loading: Promise<ResvgModule> | null = null;

function loaded(wasm: URL): Promise<ResvgModule> {
  loading ??= load(wasm).catch((error: unknown) => {
    // The next image tries again.
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

/** PNGs that are cached: a live share shows the same one until its numbers change, and drawing holds up everything else. */
const CACHED = 16;

/** Makes a rasterizer; `filesOf` is called when the first image is drawn. */
export function makeRasterizer(filesOf: () => RasterizerFiles): Rasterizer {
  let fonts: Promise<Uint8Array[]> | null = null;
  const draw = async (svg: string): Promise<Uint8Array> => {
    const files = filesOf();
    fonts ??= Promise.all(files.fonts.map((font) => readFile(font)));
    try {
      const [fontBuffers, resvg] = await Promise.all([fonts, loaded(files.wasm)]);
      return rasterize(resvg, svg, fontBuffers);
    } catch (error) {
      fonts = null;
      throw error;
    }
  };
  const cache = makeCache<Uint8Array>({ maxSize: CACHED });
  return async (svg) => {
    if (svg.length > MAX_SVG) {
      throw new AppError("too_large", "this image is too large for PNG; request it as SVG, or request fewer rows");
    }
    return cache.get(svg, () => draw(svg));
  };
}

/** Pixels for each px of an SVG of ours, which starts with its size. */
function findZoom(svg: string): number {
  const [, width = "1", height = "1"] = /^<svg[^>]* width="(\d+)" height="(\d+)"/.exec(svg) ?? [];
  return Math.min(PIXELS_PER_PX, Math.sqrt(MAX_PIXELS / (Number(width) * Number(height))));
}

function rasterize({ Resvg }: ResvgModule, svg: string, fontBuffers: Uint8Array[]): Uint8Array {
  const resvg = new Resvg(svg, {
    fitTo: { mode: "zoom", value: findZoom(svg) },
    font: { fontBuffers, defaultFontFamily: "DejaVu Sans", sansSerifFamily: "DejaVu Sans" },
  });
  // WebAssembly memory is not garbage-collected.
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
