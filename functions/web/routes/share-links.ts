// The links of a share: /s/ID in every format, and a badge. They need no token, other sites may embed them, and caches may
// keep them: a frozen share forever. Where a page, picture or badge was requested, an error is one too, so that it can be
// read where the summary is embedded; programs get the envelope of every other endpoint.

import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { CACHE_CONTROL } from "../../../shared/api/endpoint.ts";
import { AppError, type ErrorCode } from "../../../shared/errors.ts";
import { FRAME_HEIGHT, shareFrame, shareUrls } from "../../../shared/render/links.ts";
import { type Report, type Theme, WIDTH } from "../../../shared/report/model.ts";
import { printable, quoted } from "../../../shared/run/text.ts";
import type { Format } from "../../../shared/summaries/formats.ts";
import { offersFormat } from "../../../shared/summaries/registry.ts";
import type { Renderer } from "../../service/renderer.ts";
import { discoveryUrl, openShare, sharedKind } from "../../service/shares.ts";
import type { HttpApp, HttpEnv } from "../http/app.ts";
import { documentPolicy } from "../http/csp.ts";
import { errorResponse, sentence } from "../http/errors.ts";
import { computeEtag, conditionalResponse } from "../http/etag.ts";
import { formatSuffix } from "../http/formats.ts";
import { findOrigin } from "../http/origin.ts";
import { parseQuery } from "../http/parameters.ts";
import { CONTENT_TYPES } from "../http/summary-response.ts";
import type { EmbedDeps } from "./embed.ts";
import type { ShareDocuments, ShownDocument } from "./share-documents.ts";

/** A document of a share with its headers. */
export interface SentDocument {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly etag: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Text or bytes in memory of their own, which a response can send without another copy. */
export function encoded(content: string | Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(typeof content === "string" ? Buffer.from(content) : content);
}

/** A document as it is sent; any site may frame a page or picture, which itself may load and run nothing. */
export function sentDocument(format: Format, bytes: Uint8Array<ArrayBuffer>): SentDocument {
  return { bytes, etag: computeEtag(bytes), headers: documentHeaders(format, bytes) };
}

/** The response with a document, or 304 to a client that has it. */
function sent(c: Context, { headers, ...document }: SentDocument): Response {
  return conditionalResponse(c, document, headers);
}

/** A document that reports an error. */
function embedResponse(
  c: Context,
  format: Format,
  bytes: Uint8Array<ArrayBuffer>,
  status: ContentfulStatusCode,
): Response {
  return c.body(bytes, status, documentHeaders(format, bytes));
}

function documentHeaders(format: Format, bytes: Uint8Array): Record<string, string> {
  const isMarkup = format === "html" || format === "svg";
  return {
    "Content-Type": format === "png" ? "image/png" : CONTENT_TYPES[format],
    "Content-Security-Policy": documentPolicy(isMarkup ? new TextDecoder().decode(bytes) : "", "anywhere"),
    "Referrer-Policy": "no-referrer",
    // Anyone who finds the URL can view the share, so it belongs in no index.
    "X-Robots-Tag": "noindex",
  };
}

// Messages in place of a summary, as a page or a picture.

/** A page in the colours of the reader's system; both texts may come from outside. */
async function noticePage(title: string, lead: string): Promise<string> {
  const { html } = await import("../../../shared/render/html.tsx");
  const report: Report = { title, lead, guide: null, facts: [], notices: [], sections: [], cursor: null };
  return html(report, null, "auto");
}

/** An SVG so many px wide; both texts may come from outside. */
async function noticePicture(title: string, words: string, width: number, theme: Theme): Promise<string> {
  const { messageChart } = await import("../../../shared/chart/layout.ts");
  const { svg } = await import("../../../shared/render/svg.ts");
  return svg(messageChart(title, words, width), theme);
}

const MESSAGE_WIDTH = 480;
const BADGE_WIDTH = 220;

const TITLES: Readonly<Partial<Record<ErrorCode, string>>> = {
  not_found: "No such summary",
  gone: "No longer shared",
  slow_down: "The service is overloaded",
};

const errorTitle = (code: ErrorCode): string => TITLES[code] ?? "This summary cannot be shown";

/** The response to an error, in the form that was requested. */
async function errorDocument(
  c: Context<HttpEnv>,
  { linkRenderer }: Pick<EmbedDeps, "linkRenderer">,
  shown: Format | "badge",
  error: AppError,
): Promise<Response> {
  // Sets the headers that tell when to retry, and is the response for programs.
  const response = errorResponse(c, error);
  const { code, status } = error;
  // The message about a parameter begins with its name, which keeps its case.
  const words = error.issues.length > 0 ? error.message : sentence(error.message);
  switch (shown) {
    case "html":
      return embedResponse(c, "html", encoded(await noticePage(errorTitle(code), words)), status);
    case "svg":
      return embedResponse(
        c,
        "svg",
        encoded(await noticePicture(errorTitle(code), words, MESSAGE_WIDTH, "auto")),
        status,
      );
    case "badge":
      return embedResponse(c, "svg", encoded(await noticePicture(errorTitle(code), "", BADGE_WIDTH, "auto")), status);
    case "png":
      return embedResponse(c, "png", encoded(await paintedError(linkRenderer, code)), status);
    default:
      return response;
  }
}

/** The text of a PNG: it follows from the code alone, so that there are few of them, whatever was requested. */
const WORDS: Readonly<Partial<Record<ErrorCode, string>>> = {
  bad_parameter: "This URL asks for a picture that cannot be made. The same URL with .svg says what is wrong.",
  not_found: "There is no share with this URL, or not as a picture. It may be misspelled.",
  gone: "This share was revoked.",
  snapshot_unavailable:
    "This share was frozen by another version of the service; only its original renderings are available.",
  too_large: "This picture is too large for a PNG. Use the same URL with .svg.",
  slow_down: "The service is overloaded. Load this again in a few seconds.",
};

/** The error pictures of a renderer, each painted when it is first needed. */
const painted = new WeakMap<Renderer, Map<ErrorCode, Promise<Uint8Array>>>();

function paintedError(renderer: Renderer, code: ErrorCode): Promise<Uint8Array> {
  const ofRenderer = painted.get(renderer) ?? new Map<ErrorCode, Promise<Uint8Array>>();
  painted.set(renderer, ofRenderer);
  const known = ofRenderer.get(code);
  if (known !== undefined) return known;
  const words = WORDS[code] ?? "Load this again later.";
  const picture = noticePicture(errorTitle(code), words, MESSAGE_WIDTH, "light").then((svg) => renderer.picture(svg));
  ofRenderer.set(code, picture);
  picture.catch(() => ofRenderer.delete(code));
  return picture;
}

export function addLinkRoutes(app: HttpApp, deps: EmbedDeps, documents: ShareDocuments): void {
  app.get("/s/:id", (c) => {
    const format = formatSuffix(c) ?? "html";
    return orErrorDocument(c, deps, format, async () => {
      const { shareRenderQuery } = await import("../../../shared/summaries/parameters.ts");
      const options = parseQuery(c, shareRenderQuery);
      const share = await openShare(deps, c.req.param("id"));
      if (!offersFormat(sharedKind(deps.summaries, share), format)) {
        throw new AppError("not_found", `a share of kind ${share.kind} has no .${format}`);
      }
      const document = await documents.document(share, format, { ...options, title: share.title });
      if (format === "html") {
        const url = discoveryUrl(findOrigin(c, deps.publicUrl), share.id);
        c.header("Link", `<${url}>; rel="alternate"; type="application/json+oembed"`);
      }
      return shown(c, document);
    });
  });

  app.get("/s/:id/badge.svg", (c) =>
    orErrorDocument(c, deps, "badge", async () => {
      const { badgeQuery } = await import("../../../shared/api/shares.ts");
      const { metric, theme } = parseQuery(c, badgeQuery);
      const share = await openShare(deps, c.req.param("id"));
      return shown(c, await documents.badge(share, metric, theme));
    }),
  );
}

/** The response with a document; it names its own URL if another width is shown than was requested. */
function shown(c: Context<HttpEnv>, { cache, width, ...document }: ShownDocument): Response {
  c.header("Cache-Control", CACHE_CONTROL[cache]);
  const { pathname, searchParams } = new URL(c.req.url);
  const asked = searchParams.get("width");
  if (width !== null && asked !== null && asked !== String(width)) {
    searchParams.set("width", String(width));
    c.header("Content-Location", `${pathname}?${searchParams}`);
  }
  return sent(c, document);
}

async function orErrorDocument(
  c: Context<HttpEnv>,
  deps: EmbedDeps,
  shown: Format | "badge",
  respond: () => Promise<Response>,
): Promise<Response> {
  try {
    return await respond();
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    if (error.cause !== undefined) c.get("logError")(error);
    return errorDocument(c, deps, shown, error);
  }
}

// GET /oembed: what an editor shows in place of the URL of a share (oEmbed 1.0).

/** A share in any of its formats, or its badge. The host before it does not matter: nobody guesses an id. */
const SHARE_PATH = /^\/s\/([0-9a-f]{32})(\.[a-z]+|\/badge\.svg)?$/;

export function addOembedRoute(app: HttpApp, deps: EmbedDeps, documents: ShareDocuments): void {
  app.get("/oembed", async (c) => {
    const { oembedQuery } = await import("../../../shared/api/shares.ts");
    const { url, maxwidth = WIDTH.default, maxheight = FRAME_HEIGHT, format } = parseQuery(c, oembedQuery);
    if (format !== "json") {
      throw new AppError("not_implemented", `format: expected json, the only format, found ${quoted(format)}`);
    }
    const origin = findOrigin(c, deps.publicUrl);
    const [, id] = SHARE_PATH.exec(parsePath(url, origin)) ?? [];
    if (id === undefined) throw new AppError("not_found", `url: expected the URL of a share, found ${quoted(url)}`);
    const share = await openShare(deps, id);
    const title = printable(await documents.title(share));
    const [width, height] = [Math.min(maxwidth, WIDTH.default), Math.min(maxheight, FRAME_HEIGHT)];
    c.header("Cache-Control", CACHE_CONTROL.live);
    return c.json({
      version: "1.0",
      type: "rich",
      title,
      provider_name: "vbdstat",
      provider_url: origin,
      cache_age: 300,
      width,
      height,
      html: shareFrame(shareUrls(origin, id, sharedKind(deps.summaries, share)).html, title, { width, height }),
    });
  });
}

/** The path of a URL, with or without its origin; empty for text that is not a URL. */
function parsePath(url: string, origin: string): string {
  try {
    return new URL(url, origin).pathname;
  } catch {
    return "";
  }
}
