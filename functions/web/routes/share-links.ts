// What whoever has the link of a share sees: /s/ID in every format, and a badge. No token is needed, other sites may embed
// it, and caches may keep it: a frozen one for ever.

import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { CACHE_CONTROL } from "../../../shared/api/endpoint.ts";
import { AppError, type ErrorCode } from "../../../shared/errors.ts";
import type { Report, Theme } from "../../../shared/report/model.ts";
import { SHARE_ID, type Share } from "../../../shared/run/share.ts";
import type { DocumentFormat, Renderer } from "../../service/renderer.ts";
import type { HttpApp, HttpEnv } from "../http/app.ts";
import { documentPolicy } from "../http/csp.ts";
import { errorResponse, sentence } from "../http/errors.ts";
import { conditionalResponse, etagOf } from "../http/etag.ts";
import { suffixOf } from "../http/formats.ts";
import { queryBy } from "../http/parameters.ts";
import { CONTENT_TYPES } from "../http/summary-response.ts";
import { type EmbedDeps, lookRequests, shareRequests } from "./embed.ts";
import { FORMATS, type ShareDocuments, type ShownDocument } from "./share-documents.ts";

/** A name or address with a port, as it may stand in HTML, Markdown and a shell's command; an URL allows more. */
const HOST = /^([a-z0-9_.-]+|\[[0-9a-f:.]+\])(:\d{1,5})?$/;

/**
 * The origin of links in an answer: the one the operator has set, else that of the request, which is never stored. Throws
 * `bad_parameter` for a Host header that is no host.
 */
export function originOf(c: Context, publicUrl: string | null): string {
  if (publicUrl !== null) return publicUrl;
  const { origin, host } = new URL(c.req.url);
  if (HOST.test(host)) return origin;
  throw new AppError("bad_parameter", "the Host header of this request is not the name of a host");
}

/** A document of a share, with what its answers say about it. */
export interface SentDocument {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly etag: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Text or bytes in memory of their own, which an answer can send without another copy. */
export function encoded(content: string | Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(typeof content === "string" ? Buffer.from(content) : content);
}

/** A document as it is sent; a page or picture may be framed by anybody, and may itself load and run nothing. */
export function sentDocument(format: DocumentFormat, bytes: Uint8Array<ArrayBuffer>): SentDocument {
  return { bytes, etag: etagOf(bytes), headers: headersOf(format, bytes) };
}

/** The answer with a document, or 304 to those who have it. */
function sent(c: Context, { headers, ...document }: SentDocument): Response {
  return conditionalResponse(c, document, headers);
}

/** A document that is a refusal. */
function embedResponse(
  c: Context,
  format: DocumentFormat,
  bytes: Uint8Array<ArrayBuffer>,
  status: ContentfulStatusCode,
): Response {
  return c.body(bytes, status, headersOf(format, bytes));
}

function headersOf(format: DocumentFormat, bytes: Uint8Array): Record<string, string> {
  const isMarkup = format === "html" || format === "svg";
  return {
    "Content-Type": format === "png" ? "image/png" : CONTENT_TYPES[format],
    "Content-Security-Policy": documentPolicy(isMarkup ? new TextDecoder().decode(bytes) : "", "anywhere"),
    "Referrer-Policy": "no-referrer",
    // Whoever finds the address sees the share, so it belongs into no index.
    "X-Robots-Tag": "noindex",
  };
}

// Words where a summary would be, as a page or a picture.

/** A page in the colours of the reader's system; both texts may come from outside. */
async function noticePage(title: string, lead: string): Promise<string> {
  const { html } = await import("../../../shared/render/html.tsx");
  const report: Report = { title, lead, guide: null, facts: [], notices: [], sections: [], cursor: null };
  return html(report, null, "auto");
}

/** An SVG so many px wide; both texts may come from outside. */
async function noticePicture(title: string, words: string, width: number, theme: Theme): Promise<string> {
  const { messageChart } = await import("../../../shared/chart/message-chart.ts");
  const { svg } = await import("../../../shared/render/svg.ts");
  return svg(messageChart(title, words, width), theme);
}

// Refusals where a summary is embedded: a picture or a frame says in words why it is not there, with the status of the
// refusal. Programs get the envelope of every other endpoint.

const WIDTH = 480;
const BADGE_WIDTH = 220;

const TITLES: Readonly<Partial<Record<ErrorCode, string>>> = {
  not_found: "No such summary",
  gone: "No longer shared",
  slow_down: "Too many at once",
};

const titleOf = (code: ErrorCode): string => TITLES[code] ?? "This summary cannot be shown";

/** The refusal of something that would have been shown so. */
async function refusal(
  c: Context<HttpEnv>,
  { linkRenderer }: Pick<EmbedDeps, "linkRenderer">,
  shown: DocumentFormat | "badge",
  error: AppError,
): Promise<Response> {
  // Sets the headers that a client waits by, and is the answer for programs.
  const answer = errorResponse(c, error);
  const { code, status } = error;
  // The fault of a parameter begins with its name, which stays as it is typed.
  const words = error.issues.length > 0 ? error.message : sentence(error.message);
  switch (shown) {
    case "html":
      return embedResponse(c, "html", encoded(await noticePage(titleOf(code), words)), status);
    case "svg":
      return embedResponse(c, "svg", encoded(await noticePicture(titleOf(code), words, WIDTH, "auto")), status);
    case "badge":
      return embedResponse(c, "svg", encoded(await noticePicture(titleOf(code), "", BADGE_WIDTH, "auto")), status);
    case "png":
      return embedResponse(c, "png", encoded(await paintedRefusal(linkRenderer, code)), status);
    default:
      return answer;
  }
}

/** What pixels say: only what follows from the code, so that there are few of them, whatever was asked. */
const WORDS: Readonly<Partial<Record<ErrorCode, string>>> = {
  bad_parameter: "This address asks for a picture that cannot be made. The same address with .svg says what is wrong.",
  not_found: "There is no share with this address, or not as a picture. It may be misspelt.",
  gone: "This summary is not shared any more.",
  snapshot_unavailable: "This was frozen by another version of the service, and is shown only as it was then.",
  too_large: "This picture has too much in it to be painted. The same address with .svg has it.",
  slow_down: "More pictures are asked for than can be drawn. Load this again in a few seconds.",
};

/** The pictures of a renderer's refusals, each painted when it is first needed. */
const painted = new WeakMap<Renderer, Map<ErrorCode, Promise<Uint8Array>>>();

function paintedRefusal(renderer: Renderer, code: ErrorCode): Promise<Uint8Array> {
  const ofRenderer = painted.get(renderer) ?? new Map<ErrorCode, Promise<Uint8Array>>();
  painted.set(renderer, ofRenderer);
  const known = ofRenderer.get(code);
  if (known !== undefined) return known;
  const words = WORDS[code] ?? "Load this again later.";
  const picture = noticePicture(titleOf(code), words, WIDTH, "light").then((svg) => renderer.picture(svg));
  ofRenderer.set(code, picture);
  picture.catch(() => ofRenderer.delete(code));
  return picture;
}

// oEmbed discovery: how a page that somebody links to tells an editor that it can be embedded.

const DECODER = new TextDecoder();
const ENCODER = new TextEncoder();

/** The address of the oEmbed answer about a share; from the root where `origin` is empty. */
function discoveryUrl(origin: string, id: string): string {
  return `${origin}/oembed?format=json&url=${encodeURIComponent(`${origin}/s/${id}`)}`;
}

/**
 * The page with a link to its oEmbed answer. A page may be kept for ever, so the link has an origin only where the operator
 * has set one: never that of a request.
 */
export function withDiscovery(html: Uint8Array, id: string, publicUrl: string | null): Uint8Array {
  const address = discoveryUrl(publicUrl ?? "", id).replaceAll("&", "&amp;");
  const link = `<link rel="alternate" type="application/json+oembed" href="${address}">`;
  // The first end of a head is that of the page: in its title text is escaped.
  return ENCODER.encode(DECODER.decode(html).replace("</head>", () => `${link}</head>`));
}

export function addLinkRoutes(app: HttpApp, deps: EmbedDeps, documents: ShareDocuments): void {
  app.get("/s/:id", (c) => {
    const format = suffixOf(c) ?? "html";
    return orRefusal(c, deps, format, async () => {
      const look = queryBy(c, (await lookRequests()).lookQuery);
      const share = await openShare(deps, c.req.param("id"));
      if (!FORMATS[share.kind].includes(format)) {
        throw new AppError("not_found", `a share of kind ${share.kind} has no .${format}`);
      }
      const document = await documents.document(share, format, { ...look, title: share.title });
      if (format === "html") {
        const address = discoveryUrl(originOf(c, deps.publicUrl), share.id);
        c.header("Link", `<${address}>; rel="alternate"; type="application/json+oembed"`);
      }
      return shown(c, document);
    });
  });

  app.get("/s/:id/badge.svg", (c) =>
    orRefusal(c, deps, "badge", async () => {
      const { metric, theme } = queryBy(c, (await shareRequests()).badgeQuery);
      const share = await openShare(deps, c.req.param("id"));
      return shown(c, await documents.badge(share, metric, theme));
    }),
  );
}

/** The answer with a document; it names its own address where that shows another width than was asked for. */
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

/** The share with an id. Throws `not_found`, or `gone` for one that was ended. */
export async function openShare({ shares }: Pick<EmbedDeps, "shares">, id: string): Promise<Share> {
  const found = SHARE_ID.test(id) ? await shares.find(id) : null;
  if (found === null) throw new AppError("not_found", "there is no share with this address; it may be misspelt");
  if (found.revokedAt !== null) throw new AppError("gone", "this summary is not shared any more");
  return found.share;
}

async function orRefusal(
  c: Context<HttpEnv>,
  deps: EmbedDeps,
  shown: DocumentFormat | "badge",
  answer: () => Promise<Response>,
): Promise<Response> {
  try {
    return await answer();
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    if (error.cause !== undefined) c.get("logError")(error);
    return refusal(c, deps, shown, error);
  }
}
