// The browser that these tests drive: Debian's chromium, or the one named in CHROMIUM.

import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** The path of a Chromium; null without one. Throws when CHROMIUM names a path that does not exist. */
export function chromiumPath(): string | null {
  const named = process.env["CHROMIUM"];
  if (named === undefined || named === "") return PLACES.find((path) => existsSync(path)) ?? null;
  if (!existsSync(named)) throw new Error(`CHROMIUM: expected a browser, found nothing at ${named}`);
  return named;
}

/** Starts it. As root, as in containers, it has no sandbox: it only ever sees our own pages. */
export function startChromium(executablePath: string): Promise<Browser> {
  const isRoot = process.getuid?.() === 0;
  return chromium.launch({ executablePath, args: isRoot ? ["--no-sandbox"] : [] });
}
