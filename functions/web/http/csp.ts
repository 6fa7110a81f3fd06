// The Content-Security-Policy of documents that we render: nothing is loaded, run or sent, whatever text is in them. Their
// style sheets are known by their hashes, so that no style from outside can come in either.

import { createHash } from "node:crypto";

const STYLE_SHEET = /<style[^>]*>([\s\S]*?)<\/style>/g;

/** The policy of HTML or SVG that we wrote. Only shares may be framed `anywhere`. */
export function contentPolicy(markup: string, framed: "nowhere" | "anywhere"): string {
  const sheets = new Set([...markup.matchAll(STYLE_SHEET)].map(([, sheet = ""]) => sheet));
  const hashes = [...sheets].map((sheet) => `'sha256-${createHash("sha256").update(sheet).digest("base64")}'`);
  return [
    "default-src 'none'",
    ...(hashes.length === 0 ? [] : [`style-src ${hashes.join(" ")}`]),
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
    ...(framed === "nowhere" ? ["frame-ancestors 'none'"] : []),
  ].join("; ");
}
