import type { PainterFiles } from "../functions/embed/painter.ts";

const inPackage = (path: string): URL => new URL(import.meta.resolve(path));

/** The painter's files where npm has put them. */
export function painterFiles(): PainterFiles {
  return {
    wasm: inPackage("@resvg/resvg-wasm/index_bg.wasm"),
    fonts: ["DejaVuSans.ttf", "DejaVuSans-Bold.ttf"].map((name) => inPackage(`dejavu-fonts-ttf/ttf/${name}`)),
  };
}
