// What all pages load from here: the style sheet, and a script that can only copy. Their addresses change with their
// content, so that browsers may keep them for ever.

import { createHash } from "node:crypto";
import type { Context } from "hono";
import { CACHE_CONTROL } from "../../shared/api/endpoint.ts";
import { REPORT_STYLE } from "../../shared/render/html-style.ts";
import { constantAnswer } from "../web/http/etag.ts";
import { COPY_SCRIPT } from "./copy-script.ts";
import { PAGE_STYLE } from "./page-style.ts";

const STYLE = `${REPORT_STYLE}${PAGE_STYLE}`;

const versionOf = (text: string): string => createHash("sha256").update(text).digest("hex").slice(0, 12);

const addressOf = (path: string, text: string): string => `${path}?v=${versionOf(text)}`;

export const STYLE_ADDRESS = addressOf("/pages.css", STYLE);
export const COPY_ADDRESS = addressOf("/pages.js", COPY_SCRIPT);

/** Two points with their intervals about 1, as the chart draws them. */
export const ICON = `data:image/svg+xml,${encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><path d="M8 1v14" stroke="#8b949e"/><path d="M2 5h8M6 11h9" stroke="#0b5cad" stroke-width="2"/><circle cx="6" cy="5" r="2.6" fill="#ad4200"/><circle cx="11" cy="11" r="2.6" fill="#0b5cad"/></svg>',
)}`;

const style = constantAnswer(() => ({ text: STYLE, headers: { "Content-Type": "text/css; charset=utf-8" } }));
const script = constantAnswer(() => ({
  text: COPY_SCRIPT,
  headers: { "Content-Type": "text/javascript; charset=utf-8" },
}));

/** GET /pages.css */
export function styleAnswer(c: Context): Response {
  return style(c, cacheOf(c, STYLE));
}

/** GET /pages.js */
export function scriptAnswer(c: Context): Response {
  return script(c, cacheOf(c, COPY_SCRIPT));
}

/** For ever under the address that pages have; an older page's, or one typed by hand, not so. */
function cacheOf(c: Context, text: string): Record<string, string> {
  const isCurrent = c.req.query("v") === versionOf(text);
  return { "Cache-Control": CACHE_CONTROL[isCurrent ? "frozen" : "documents"] };
}
