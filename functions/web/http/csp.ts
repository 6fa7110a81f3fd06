// The Content-Security-Policy header of everything that browsers show. It starts with nothing allowed; each kind of response
// adds the sources it needs.

import { createHash } from "node:crypto";

/** Allowed sources, e.g. `'self'`; none unless given. */
interface Sources {
  readonly styles?: readonly string[];
  readonly images?: readonly string[];
  readonly scripts?: readonly string[];
  /** Where forms may be sent to. */
  readonly forms?: readonly string[];
  /** Which sites may show the response in a frame. */
  readonly framed?: "nowhere" | "anywhere";
}

/** The policy that allows these sources only. */
export function contentSecurityPolicy(sources: Sources): string {
  const { styles = [], images = [], scripts = [], forms = [], framed = "nowhere" } = sources;
  const allow = (directive: string, allowed: readonly string[]) =>
    allowed.length === 0 ? [] : [`${directive} ${allowed.join(" ")}`];
  return [
    "default-src 'none'",
    ...allow("style-src", styles),
    ...allow("img-src", images),
    ...allow("script-src", scripts),
    `form-action ${forms.length === 0 ? "'none'" : forms.join(" ")}`,
    "base-uri 'none'",
    ...(framed === "nowhere" ? ["frame-ancestors 'none'"] : []),
  ].join("; ");
}

const STYLE_SHEET = /<style[^>]*>([\s\S]*?)<\/style>/g;

/**
 * The policy of a rendered summary, HTML or SVG: nothing is loaded, run or sent, whatever text is in it. Its own style sheets
 * are allowed by their hashes, so that no other can be injected. Only shares may be framed `anywhere`.
 */
export function documentPolicy(markup: string, framed: "nowhere" | "anywhere"): string {
  const sheets = new Set([...markup.matchAll(STYLE_SHEET)].map(([, sheet = ""]) => sheet));
  return contentSecurityPolicy({ styles: [...sheets].map(styleHash), images: ["data:"], framed });
}

/** The source that allows one inline style sheet. */
export function styleHash(sheet: string): string {
  return `'sha256-${createHash("sha256").update(sheet).digest("base64")}'`;
}
