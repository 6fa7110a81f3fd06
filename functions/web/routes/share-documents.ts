// The documents of a share, in the looks that there are: a few widths, three themes, and badges of each metric. Of a frozen
// share each is kept, those in the default look when it is made, any other when it is first asked for; from then on the same
// bytes are sent, whatever becomes of the data, the server and the renderer
// (docs/decisions/0022-frozen-shares-are-stored.md). A selection of metrics is drawn from the kept answer each time. A live share is worked out at most once in `LIVE_MS`, and each look drawn once.

import { LIST_FORMATS, PICTURE_FORMATS } from "../../../shared/api/formats.ts";
import type { Comparison } from "../../../shared/compare/comparison.ts";
import { AppError } from "../../../shared/errors.ts";
import {
  DEFAULT_RENDER_OPTIONS,
  type RenderOptions,
  SHARE_WIDTHS,
  type Summary,
  type Theme,
} from "../../../shared/report/model.ts";
import type { MetricName } from "../../../shared/run/metrics.ts";
import type { Share, ShareKind, StoredDocument } from "../../../shared/run/share.ts";
import { makeCache } from "../../runtime/cache.ts";
import { type DocumentFormat, stillTheme } from "../../service/renderer.ts";
import type { EmbedDeps } from "./embed.ts";
import { encoded, type SentDocument, sentDocument, withDiscovery } from "./share-links.ts";

/** The formats of each kind; backends by themselves have no picture. */
export const FORMATS: Readonly<Record<ShareKind, readonly DocumentFormat[]>> = {
  compare: PICTURE_FORMATS,
  matrix: PICTURE_FORMATS,
  trend: PICTURE_FORMATS,
  backends: LIST_FORMATS,
};

/** A document as it is sent, and for how long it may be kept: one that is kept here, for ever. */
export interface ShownDocument extends SentDocument {
  readonly cache: "frozen" | "live";
  /** Width of what is shown, in px; null where a width makes no difference. */
  readonly width: number | null;
}

export interface ShareDocuments {
  /** A share in a format. Throws `snapshot_unavailable` where a frozen one cannot be shown so, `slow_down` where too much is being drawn. */
  document(share: Share, format: DocumentFormat, look: RenderOptions): Promise<ShownDocument>;
  /** The badge of a shared comparison for one metric. Throws `bad_parameter` for a metric that it does not have, as above too. */
  badge(share: Share, metric: MetricName | undefined, theme: Theme): Promise<ShownDocument>;
  /** The title that a share is shown under. */
  title(share: Share): Promise<string>;
}

/** Milliseconds for which what a live share shows may be behind: caches hold it for minutes. */
const LIVE_MS = 10_000;

/** Bytes of documents that are remembered, and the number of answers and titles. */
const MAX_BYTES = 32 * 1_048_576;
const MAX_SUMMARIES = 16;
const MAX_TITLES = 256;

/** Stores the documents of frozen shares. */
export interface ShareDocumentStore {
  /** The bytes of a document; null when there is none of that name. */
  document(id: string, name: string): Promise<Uint8Array | null>;
  /**
   * Stores a document, unless there is one of that name: the first one stays for good. Gives the stored bytes; null when the
   * share is revoked.
   */
  addDocument(id: string, document: StoredDocument): Promise<Uint8Array | null>;
}

/** The documents that a frozen share begins with; the first is the answer itself, which all later ones are made from. */
export async function firstDocuments(deps: EmbedDeps, share: Share, summary: Summary): Promise<StoredDocument[]> {
  const look = { ...DEFAULT_RENDER_OPTIONS, title: share.title };
  const documents: StoredDocument[] = [];
  // One after the other: a share that is being made has one place among those that wait for the renderer.
  for (const format of FORMATS[share.kind]) {
    const bytes = await made(deps.renderer, deps, share, { format, summary, look });
    documents.push({ name: nameOf(format, look), bytes });
  }
  return documents;
}

/** The documents of shares, with a memory of those that were asked for last. */
export function shareDocuments(deps: EmbedDeps): ShareDocuments {
  const { shares, linkRenderer, clock } = deps;
  const recentDocuments = makeCache<ShownDocument>({
    now: clock,
    ttlMs: ({ cache }) => (cache === "frozen" ? Number.POSITIVE_INFINITY : LIVE_MS),
    sizeOf: ({ bytes }) => bytes.length,
    entrySize: 1_000,
    maxSize: MAX_BYTES,
  });
  const recentSummaries = makeCache<Summary>({ now: clock, ttlMs: () => LIVE_MS, maxSize: MAX_SUMMARIES });
  const recentTitles = makeCache<string>({ now: clock, ttlMs: () => LIVE_MS, maxSize: MAX_TITLES });

  /** What a share shows: the numbers it was frozen with, or the present ones. */
  const summaryFor = (share: Share): Promise<Summary> =>
    recentSummaries.get(share.id, () => (share.frozen ? frozenSummary(deps, share) : presentSummary(deps, share)));

  async function kept(share: Share, name: string, make: () => Promise<Uint8Array>): Promise<Uint8Array> {
    const found = await shares.document(share.id, name);
    if (found !== null) return found;
    const bytes = await shares.addDocument(share.id, { name, bytes: await make() });
    if (bytes !== null) return bytes;
    throw noLongerShared();
  }

  return {
    document: async (share, format, asked) => {
      const look = lookOf(format, { ...asked, width: nearestWidth(asked.width), title: share.title });
      const name = nameOf(format, look);
      const make = async () => made(linkRenderer, deps, share, { format, summary: await summaryFor(share), look });
      const shown = (
        bytes: Uint8Array,
        cache: ShownDocument["cache"],
        { width }: RenderOptions = look,
      ): ShownDocument => ({
        ...sentDocument(format, encoded(bytes)),
        cache,
        width: DRAWN.has(format) ? width : null,
      });
      const askedName = nameOf(format, asked);
      if (share.frozen && (askedName !== name || look.metrics.length > 0)) {
        // Versions before kept whatever look was asked for first; it is embedded somewhere, and its bytes stay.
        const before = await shares.document(share.id, askedName);
        if (before !== null) return shown(before, "frozen", asked);
      }
      return recentDocuments.get(`${share.id}/${name}`, async () => {
        if (!share.frozen || look.metrics.length > 0) return shown(await make(), "live");
        return shown(await kept(share, name, make), "frozen");
      });
    },

    badge: async (share, metric, theme) => {
      if (share.kind !== "compare") throw new AppError("not_found", `a share of kind ${share.kind} has no badge`);
      const name = ["badge", metric ?? "", theme].join("/");
      const make = async () => {
        const summary = await summaryFor(share);
        if (summary.kind !== "compare")
          throw new Error(`the share ${share.id} of kind compare shows a ${summary.kind}`);
        return linkRenderer.badge(summary.answer, metricOf(summary.answer, metric), theme);
      };
      return recentDocuments.get(`${share.id}/${name}`, async () => ({
        ...sentDocument("svg", encoded(share.frozen ? await kept(share, name, make) : await make())),
        cache: share.frozen ? "frozen" : "live",
        width: null,
      }));
    },

    title: (share) =>
      recentTitles.get(share.id, async () =>
        linkRenderer.title(await summaryFor(share), { ...DEFAULT_RENDER_OPTIONS, title: share.title }),
      ),
  };
}

/** Formats that a width makes a difference to. */
const DRAWN: ReadonlySet<DocumentFormat> = new Set(["html", "svg", "png"]);

/** The nearest of the widths there are; the smaller of two. */
function nearestWidth(px: number): number {
  const distance = (width: number) => Math.abs(width - px);
  return SHARE_WIDTHS.reduce<number>(
    (best, width) => (distance(width) < distance(best) ? width : best),
    SHARE_WIDTHS[0],
  );
}

/** The look that makes a difference in a format. */
function lookOf(format: DocumentFormat, { width, theme, metrics, title }: RenderOptions): RenderOptions {
  if (format === "json") return DEFAULT_RENDER_OPTIONS;
  if (!DRAWN.has(format)) return { ...DEFAULT_RENDER_OPTIONS, metrics, title };
  return { width, theme: format === "png" ? stillTheme(theme) : theme, metrics, title };
}

/** The name under which a document is kept: its format and all of a look that differs between documents of one share. */
function nameOf(format: DocumentFormat, look: RenderOptions): string {
  const { width, theme, metrics } = lookOf(format, look);
  return [format, width, theme, metrics.join("+")].join("/");
}

const ANSWER = nameOf("json", DEFAULT_RENDER_OPTIONS);

/** The numbers of now. What works them out is loaded with the first of them: most requests are for what is kept. */
async function presentSummary(deps: EmbedDeps, share: Share): Promise<Summary> {
  const { summaryOf } = await import("../../service/share-summaries.ts");
  return summaryOf(deps, share);
}

async function frozenSummary({ shares }: Pick<EmbedDeps, "shares">, share: Share): Promise<Summary> {
  const answer = await shares.document(share.id, ANSWER);
  if (answer === null) throw noLongerShared();
  const { storedSummary } = await import("../../service/share-summaries.ts");
  const summary = storedSummary(share, new TextDecoder().decode(answer));
  if (summary !== null) return summary;
  throw new AppError(
    "snapshot_unavailable",
    "this was frozen by another version of the service, and is shown only as it was then",
  );
}

const noLongerShared = () => new AppError("gone", "this summary is not shared any more");

/** The metric of a badge: block writes, which Bonnie++ always measures, unless the comparison is of others. */
function metricOf({ fleet }: Comparison, asked: MetricName | undefined): MetricName {
  // Sound: these are the keys of an object that is typed by them.
  const metrics = Object.keys(fleet.metrics) as MetricName[];
  const wanted = asked ?? (metrics.includes("put_block") ? "put_block" : metrics[0]);
  if (wanted !== undefined && metrics.includes(wanted)) return wanted;
  throw new AppError("bad_parameter", `metric: expected one that is shared, ${metrics.join(" or ")}, found ${wanted}`);
}

async function made(
  renderer: EmbedDeps["renderer"],
  { publicUrl }: Pick<EmbedDeps, "publicUrl">,
  share: Share,
  { format, summary, look }: { format: DocumentFormat; summary: Summary; look: RenderOptions },
): Promise<Uint8Array> {
  const document = await renderer.document(format, summary, lookOf(format, look));
  return format === "html" ? withDiscovery(document, share.id, publicUrl) : document;
}
