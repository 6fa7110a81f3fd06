// SVG to PNG: resvg, which is WebAssembly, with fonts of ours, so that a picture looks the same wherever it is made.

import { readFile } from "node:fs/promises";
import { initWasm, Resvg } from "@resvg/resvg-wasm";

/** Where the files are that painting needs; each deployment keeps them in its own place. */
export interface PainterFiles {
  /** resvg itself. */
  readonly wasm: URL;
  /** The fonts, TrueType; the family is that which pictures name. */
  readonly fonts: readonly URL[];
}

/** Makes a PNG of an SVG, two pixels for each px, so that it is sharp on dense screens and in print. */
export type Painter = (svg: string) => Promise<Uint8Array>;

const PIXELS_PER_PX = 2;

/** A process has one resvg, whoever asks first; it is loaded when the first picture is painted. */
let loading: Promise<void> | null = null;

function loaded(wasm: URL): Promise<void> {
  loading ??= readFile(wasm)
    .then(initWasm)
    .catch((error: unknown) => {
      // The next picture tries again.
      loading = null;
      throw error;
    });
  return loading;
}

/** A painter; `filesOf` is asked for the places of the files when the first picture is painted. */
export function makePainter(filesOf: () => PainterFiles): Painter {
  let reading: Promise<Uint8Array[]> | null = null;
  return async (svg) => {
    const { wasm, fonts } = filesOf();
    reading ??= Promise.all(fonts.map((font) => readFile(font))).catch((error: unknown) => {
      reading = null;
      throw error;
    });
    const [fontBuffers] = await Promise.all([reading, loaded(wasm)]);
    const resvg = new Resvg(svg, {
      fitTo: { mode: "zoom", value: PIXELS_PER_PX },
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
  };
}
