// Shares: links to one summary (docs/api.md#share). The id is the capability. It is stored as it is, because the list of
// shares has to show the URLs, and anyone who can read the table can read the numbers there. The documents of a frozen share
// are stored under a name for each format and rendering.

import { AppError } from "../../shared/errors.ts";
import { DEFAULT_RENDER_OPTIONS, type RenderOptions } from "../../shared/report/model.ts";
import type { Page } from "../../shared/run/listing.ts";
import type { Clock } from "../../shared/run/periods.ts";
import { SHARE_ID, type Share, type StoredDocument } from "../../shared/run/share.ts";
import type { Token } from "../../shared/run/token.ts";
import type { Format } from "../../shared/summaries/formats.ts";
import type { Summary } from "../../shared/summaries/kind.ts";
import { type ShareableEntry, type SummaryRegistry, shareableIn } from "../../shared/summaries/registry.ts";
import { type Renderer, stillTheme } from "./renderer.ts";

/** The kind of a share; null for a kind that this version does not have: another version created the share. */
export function findSharedKind(summaries: SummaryRegistry, { kind }: Pick<Share, "kind">): ShareableEntry | null {
  return shareableIn(summaries).find(({ name }) => name === kind) ?? null;
}

/** The same. Throws `not_found` for a kind that this version does not have. */
export function sharedKind(summaries: SummaryRegistry, share: Pick<Share, "kind">): ShareableEntry {
  const entry = findSharedKind(summaries, share);
  if (entry !== null) return entry;
  throw new AppError("not_found", `this version of the service has no summary of kind ${share.kind}`);
}

/** Stores the documents of frozen shares. */
export interface ShareDocumentStore {
  /** The bytes of a document; null when there is none of that name. */
  document(id: string, name: string): Promise<Uint8Array | null>;
  /**
   * Stores a document, unless there is one of that name: the first one stays for good. Returns the stored bytes; null when the
   * share is revoked.
   */
  addDocument(id: string, document: StoredDocument): Promise<Uint8Array | null>;
}

/** Finds, lists and revokes shares. */
export interface ShareList {
  /** A share, revoked or not; null when there never was one. */
  find(id: string): Promise<{ readonly share: Share; readonly revokedAt: string | null } | null>;
  /** The shares of a fleet that are not revoked, newest first. */
  list(fleet: string, limit: number, cursor?: string): Promise<Page<Share>>;
  /** Revokes a share and deletes its documents. Repeating it completes a revocation that was interrupted. */
  revoke(share: Share, at: string): Promise<void>;
}

/** One document of a share. A page gets the link to its oEmbed response. */
export async function shareDocument(
  renderer: Pick<Renderer, "document">,
  publicUrl: string | null,
  { id }: Pick<Share, "id">,
  { format, summary, options }: { format: Format; summary: Summary; options: RenderOptions },
): Promise<Uint8Array> {
  const document = await renderer.document(format, summary, effectiveOptions(format, options));
  return format === "html" ? withDiscovery(document, id, publicUrl) : document;
}

/** Formats that depend on the width. */
export const DRAWN_FORMATS: ReadonlySet<Format> = new Set(["html", "svg", "png"]);

/** The options that make a difference in a format; the others have their defaults. */
export function effectiveOptions(format: Format, { width, theme, metrics, title }: RenderOptions): RenderOptions {
  if (format === "json") return DEFAULT_RENDER_OPTIONS;
  if (!DRAWN_FORMATS.has(format)) return { ...DEFAULT_RENDER_OPTIONS, metrics, title };
  return { width, theme: format === "png" ? stillTheme(theme) : theme, metrics, title };
}

/** The name under which a document is stored: its format and all options that differ between documents of one share. */
export function documentName(format: Format, options: RenderOptions): string {
  const { width, theme, metrics } = effectiveOptions(format, options);
  return [format, width, theme, metrics.join("+")].join("/");
}

const RESULT_DOCUMENT = documentName("json", DEFAULT_RENDER_OPTIONS);

/**
 * The summary that a frozen share was created with. Throws `gone` if the share was revoked, and `snapshot_unavailable` if this
 * version of the service has another form of that result.
 */
export async function frozenSummary(
  { shares }: { readonly shares: Pick<ShareDocumentStore, "document"> },
  summaries: SummaryRegistry,
  share: Pick<Share, "id" | "kind">,
): Promise<Summary> {
  const document = await shares.document(share.id, RESULT_DOCUMENT);
  if (document === null) throw shareRevoked();
  const kind = await sharedKind(summaries, share).load();
  const { data, success } = kind.result().safeParse(JSON.parse(new TextDecoder().decode(document)));
  if (success) return { kind: share.kind, result: data };
  throw new AppError(
    "snapshot_unavailable",
    "this share was frozen by another version of the service; only its original renderings are available",
  );
}

// oEmbed discovery: how a page that somebody links to tells an editor that it can be embedded.

/** The URL of the oEmbed response about a share; from the root if `origin` is empty. */
export function discoveryUrl(origin: string, id: string): string {
  return `${origin}/oembed?format=json&url=${encodeURIComponent(`${origin}/s/${id}`)}`;
}

const decoder = new TextDecoder();
const encoder = new TextEncoder();

/**
 * The page with a link to its oEmbed response. A page may be stored forever, so the link has an origin only if the operator
 * has set one: never that of a request.
 */
function withDiscovery(html: Uint8Array, id: string, publicUrl: string | null): Uint8Array {
  const url = discoveryUrl(publicUrl ?? "", id).replaceAll("&", "&amp;");
  const link = `<link rel="alternate" type="application/json+oembed" href="${url}">`;
  // The first end of a head is that of the page: in its title text is escaped.
  return encoder.encode(decoder.decode(html).replace("</head>", () => `${link}</head>`));
}

// Finding and revoking.

/** The share with an id. Throws `not_found`, or `gone` for a revoked one. */
export async function openShare({ shares }: { readonly shares: Pick<ShareList, "find"> }, id: string): Promise<Share> {
  const found = SHARE_ID.test(id) ? await shares.find(id) : null;
  if (found === null) throw new AppError("not_found", "there is no share with this URL; it may be misspelled");
  if (found.revokedAt !== null) throw shareRevoked();
  return found.share;
}

export const shareRevoked = (): AppError => new AppError("gone", "this share was revoked");

/** Revokes a share of the token's fleet. Throws `not_found`, and `forbidden` for a token that may not. */
export async function revokeShare(
  { shares, clock }: { readonly shares: Pick<ShareList, "find" | "revoke">; readonly clock: Clock },
  token: Token,
  id: string,
): Promise<Share> {
  const found = SHARE_ID.test(id) ? await shares.find(id) : null;
  if (found === null || found.share.fleet !== token.fleet) {
    throw new AppError("not_found", "this fleet has no share with that id");
  }
  if (!mayRevoke(token, found.share)) {
    throw new AppError("forbidden", "only the creating token or an admin may revoke this share");
  }
  await shares.revoke(found.share, new Date(clock()).toISOString());
  return found.share;
}

/** Whether a token created the share or is an admin's. */
export function mayRevoke({ id, scope }: Token, { created_by }: Share): boolean {
  return scope === "admin" || created_by.token_id === id;
}
