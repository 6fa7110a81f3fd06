import type { PainterFiles } from "../functions/service/rasterizer.ts";

/** The painter's files where npm has put them. */
export function painterFiles(): PainterFiles {
  return {
    wasm: new URL(import.meta.resolve("@resvg/resvg-wasm/index_bg.wasm")),
    fonts: [
      new URL(import.meta.resolve("dejavu-fonts-ttf/ttf/DejaVuSans.ttf")),
      new URL(import.meta.resolve("dejavu-fonts-ttf/ttf/DejaVuSans-Bold.ttf")),
    ],
  };
}
