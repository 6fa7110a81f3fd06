// Links to a share: its URL in every format, and snippets to paste into a page, a README or a terminal. The origin is ours
// and the id is hexadecimal; the title comes from outside and is escaped for each target.

import { WIDTH } from "../report/model.ts";
import { printable } from "../run/text.ts";
import { xmlText } from "./xml.ts";

/** URLs of a share by format; null where its kind has no chart, or no badge. */
export interface ShareUrls {
  readonly svg: string | null;
  readonly png: string | null;
  readonly md: string;
  readonly html: string;
  readonly txt: string;
  readonly csv: string;
  readonly json: string;
  readonly badge: string | null;
}

/** Text to paste, escaped for its target. */
export interface ShareSnippets {
  /** An `img` element; null where the kind has no chart. */
  readonly img: string | null;
  readonly markdown: string;
  /** A `figure` whose image links to the whole summary. */
  readonly html: string;
  readonly iframe: string;
  /** A command that prints the summary as text. */
  readonly curl: string;
}

/** What the URLs of a share depend on: its kind in the registry of summaries. */
interface SharedKind {
  readonly formats: readonly string[];
  readonly hasBadge: boolean;
}

/**
 * The URLs of a share under an origin, which ends without a slash. For null, a kind that this version does not have, they are
 * the URLs of a kind without a chart, which answer with an error.
 */
export function shareUrls(origin: string, id: string, kind: SharedKind | null): ShareUrls {
  const { formats, hasBadge } = kind ?? { formats: [], hasBadge: false };
  const at = `${origin}/s/${id}`;
  return {
    svg: formats.includes("svg") ? `${at}.svg` : null,
    png: formats.includes("png") ? `${at}.png` : null,
    md: `${at}.md`,
    html: `${at}.html`,
    txt: `${at}.txt`,
    csv: `${at}.csv`,
    json: `${at}.json`,
    badge: hasBadge ? `${at}/badge.svg` : null,
  };
}

/** Snippets of a share. `title` is its shown title. */
export function shareSnippets({ svg, html, txt }: ShareUrls, title: string): ShareSnippets {
  const alt = xmlText(printable(title));
  const label = markdownLabel(title);
  const img = svg === null ? null : `<img src="${svg}" alt="${alt}" width="${WIDTH.default}">`;
  return {
    img,
    markdown: svg === null ? `[${label}](${html})` : `[![${label}](${svg})](${html})`,
    html:
      img === null
        ? `<a href="${html}">${alt}</a>`
        : `<figure><a href="${html}">${img}</a><figcaption>${alt}</figcaption></figure>`,
    iframe: shareFrame(html, title, { width: WIDTH.default, height: FRAME_HEIGHT }),
    curl: `curl -sS '${txt}'`,
  };
}

/** Height in px of a frame with a summary; it scrolls. */
export const FRAME_HEIGHT = 600;

/** An `iframe` with the whole summary. */
export function shareFrame(html: string, title: string, { width, height }: { width: number; height: number }): string {
  const name = xmlText(printable(title));
  return `<iframe src="${html}" title="${name}" width="${width}" height="${height}" loading="lazy"></iframe>`;
}

/** Text as the label of a link or image: no character of it is markup, opens another link or ends this one. */
const markdownLabel = (text: string): string => printable(text).replace(/[!-+./:-@[-`{-~]/g, "\\$&");
