// The Content-Security-Policy header of everything that browsers show. It allows nothing; each kind of response adds the
// sources it needs.

import { createHash } from "node:crypto";

/** The sources of each directive; a directive with none is left out. */
const NOTHING = {
  "default-src": "'none'",
  "style-src": "",
  "img-src": "",
  "script-src": "",
  "form-action": "'none'",
  "base-uri": "'none'",
  "frame-ancestors": "'none'",
};

/** The policy that allows these sources, e.g. `{ "img-src": "'self' data:" }`, and nothing else. */
export function contentSecurityPolicy(allowed: Readonly<Partial<typeof NOTHING>>): string {
  return Object.entries({ ...NOTHING, ...allowed })
    .flatMap(([directive, sources]) => (sources === "" ? [] : `${directive} ${sources}`))
    .join("; ");
}

const STYLE_SHEET = /<style[^>]*>([\s\S]*?)<\/style>/g;

/**
 * The policy of a rendered summary, HTML or SVG: nothing is loaded, run or sent, whatever text is in it. Its own style sheets
 * are allowed by their hashes, so that no other can be injected. Only shares may be framed `anywhere`.
 */
export function documentPolicy(markup: string, framed: "nowhere" | "anywhere"): string {
  const sheets = new Set([...markup.matchAll(STYLE_SHEET)].map(([, sheet = ""]) => sheet));
  return contentSecurityPolicy({
    "style-src": [...sheets].map(styleHash).join(" "),
    "img-src": "data:",
    ...(framed === "anywhere" && { "frame-ancestors": "" }),
  });
}

/** The source that allows one inline style sheet. */
export function styleHash(sheet: string): string {
  return `'sha256-${createHash("sha256").update(sheet).digest("base64")}'`;
}
