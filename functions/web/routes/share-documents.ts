// The documents of shares as responses, in a few widths, three themes, and badges of each metric. Of a frozen share each
// document is stored: those with the default options when it is created, any other when it is first requested. From then on
// the same bytes are sent, whatever becomes of the data, the server and the renderer
// (docs/decisions/0022-frozen-shares-are-stored.md). A selection of metrics is rendered from the stored result each time. A
// live share is computed at most once in `LIVE_MS`, and each of its documents rendered once.

import { AppError } from "../../../shared/errors.ts";
import { DEFAULT_RENDER_OPTIONS, type RenderOptions, SHARE_WIDTHS, type Theme } from "../../../shared/report/model.ts";
import type { MetricName } from "../../../shared/run/metrics.ts";
import type { Share } from "../../../shared/run/share.ts";
import type { Format } from "../../../shared/summaries/formats.ts";
import type { Summary } from "../../../shared/summaries/kind.ts";
import { makeCache } from "../../runtime/cache.ts";
import {
  DRAWN_FORMATS,
  documentName,
  effectiveOptions,
  frozenSummary,
  shareDocument,
  sharedKind,
  shareRevoked,
} from "../../service/shares.ts";
import type { EmbedDeps } from "./embed.ts";
import { encoded, type SentDocument, sentDocument } from "./share-links.ts";

/** A document as it is sent, and how long caches may keep it: a stored one forever. */
export interface ShownDocument extends SentDocument {
  readonly cache: "frozen" | "live";
  /** Width of what is shown, in px; null if the document does not depend on it. */
  readonly width: number | null;
}

export interface ShareDocuments {
  /** A share in a format. Throws `snapshot_unavailable` if a frozen one cannot be shown so, `slow_down` if too much is being rendered. */
  document(share: Share, format: Format, options: RenderOptions): Promise<ShownDocument>;
  /** One metric of a share as a badge. Throws `not_found` for a kind without badges, `bad_parameter` for a metric that the share does not have, and the errors above. */
  badge(share: Share, metric: MetricName | undefined, theme: Theme): Promise<ShownDocument>;
  /** The title that a share is shown under. */
  title(share: Share): Promise<string>;
}

/** Milliseconds by which a live share may be behind: caches hold it for minutes. */
const LIVE_MS = 10_000;

/** Bytes of documents that are cached, and the number of summaries and titles. */
const MAX_BYTES = 32 * 1_048_576;
const MAX_SUMMARIES = 16;
const MAX_TITLES = 256;

/** The documents of shares, with a cache of those requested last. */
export function shareDocuments(deps: EmbedDeps): ShareDocuments {
  const { shares, linkRenderer, clock } = deps;
  const recentDocuments = makeCache<ShownDocument>({
    now: clock,
    ttlMs: ({ cache }) => (cache === "frozen" ? Number.POSITIVE_INFINITY : LIVE_MS),
    measureSize: ({ bytes }) => bytes.length,
    entrySize: 1_000,
    maxSize: MAX_BYTES,
  });
  const recentSummaries = makeCache<Summary>({ now: clock, ttlMs: () => LIVE_MS, maxSize: MAX_SUMMARIES });
  const recentTitles = makeCache<string>({ now: clock, ttlMs: () => LIVE_MS, maxSize: MAX_TITLES });

  /** What a share shows: the numbers it was frozen with, or the current ones. */
  const summaryFor = (share: Share): Promise<Summary> =>
    recentSummaries.get(share.id, () =>
      share.frozen ? frozenSummary(deps, deps.summaries, share) : presentSummary(deps, share),
    );

  async function stored(share: Share, name: string, make: () => Promise<Uint8Array>): Promise<Uint8Array> {
    const found = await shares.document(share.id, name);
    if (found !== null) return found;
    const bytes = await shares.addDocument(share.id, { name, bytes: await make() });
    if (bytes !== null) return bytes;
    throw shareRevoked();
  }

  return {
    document: async (share, format, requested) => {
      const options = effectiveOptions(format, {
        ...requested,
        width: nearestWidth(requested.width),
        title: share.title,
      });
      const name = documentName(format, options);
      const make = async () =>
        shareDocument(linkRenderer, deps.publicUrl, share, { format, summary: await summaryFor(share), options });
      const shown = (bytes: Uint8Array, cache: ShownDocument["cache"], { width } = options): ShownDocument => ({
        ...sentDocument(format, encoded(bytes)),
        cache,
        width: DRAWN_FORMATS.has(format) ? width : null,
      });
      const requestedName = documentName(format, requested);
      if (share.frozen && (requestedName !== name || options.metrics.length > 0)) {
        // Earlier versions stored whatever rendering was requested first; it is embedded somewhere, and its bytes stay.
        const before = await shares.document(share.id, requestedName);
        if (before !== null) return shown(before, "frozen", requested);
      }
      return recentDocuments.get(`${share.id}/${name}`, async () => {
        if (!share.frozen || options.metrics.length > 0) return shown(await make(), "live");
        return shown(await stored(share, name, make), "frozen");
      });
    },

    badge: async (share, metric, theme) => {
      if (!sharedKind(deps.summaries, share).hasBadge) {
        throw new AppError("not_found", `a share of kind ${share.kind} has no badge`);
      }
      const name = ["badge", metric ?? "", theme].join("/");
      const make = async () => linkRenderer.badge(await summaryFor(share), metric, theme);
      return recentDocuments.get(`${share.id}/${name}`, async () => ({
        ...sentDocument("svg", encoded(share.frozen ? await stored(share, name, make) : await make())),
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

/** The nearest of the widths of shares; the smaller of two. */
function nearestWidth(px: number): number {
  const distance = (width: number) => Math.abs(width - px);
  return SHARE_WIDTHS.reduce<number>(
    (best, width) => (distance(width) < distance(best) ? width : best),
    SHARE_WIDTHS[0],
  );
}

/** The current numbers. What computes them is loaded with the first of them. */
async function presentSummary(deps: EmbedDeps, share: Share): Promise<Summary> {
  const { currentSummary } = await import("../../service/shared-summary.ts");
  return currentSummary(deps, share);
}
