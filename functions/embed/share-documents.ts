// The documents of a share. A live one is made when it is asked for. Of a frozen one the documents are kept: those without
// width, theme and metrics when it is made, any other when it is first asked for; from then on the same bytes are sent,
// whatever becomes of the data, the server and the renderer (docs/decisions, shares).

import { LIST_FORMATS, PICTURE_FORMATS } from "../../shared/api/formats.ts";
import type { Comparison } from "../../shared/compare/comparison.ts";
import { AppError } from "../../shared/errors.ts";
import type { MetricName } from "../../shared/model/metrics.ts";
import type { Share, ShareKind } from "../../shared/model/share.ts";
import type { KeptDocument, ShareStore } from "../../shared/ports.ts";
import { DEFAULT_LOOK, type Look, type Summary, type Theme } from "../../shared/report/summary.ts";
import type { EmbedDeps } from "./deps.ts";
import { withDiscovery } from "./discovery.ts";
import { type DocumentFormat, stillTheme } from "./renderer.ts";

/** The formats of each kind; backends by themselves have no picture. */
export const FORMATS: Readonly<Record<ShareKind, readonly DocumentFormat[]>> = {
  compare: PICTURE_FORMATS,
  matrix: PICTURE_FORMATS,
  trend: PICTURE_FORMATS,
  backends: LIST_FORMATS,
};

/** The look that makes a difference in a format. */
function lookOf(format: DocumentFormat, { width, theme, metrics, title }: Look): Look {
  if (format === "json") return DEFAULT_LOOK;
  if (format === "csv" || format === "txt" || format === "md") return { ...DEFAULT_LOOK, metrics, title };
  return { width, theme: format === "png" ? stillTheme(theme) : theme, metrics, title };
}

/** The name under which a document is kept: its format and all of a look that differs between documents of one share. */
function nameOf(format: DocumentFormat, look: Look): string {
  const { width, theme, metrics } = lookOf(format, look);
  return [format, width, theme, metrics.join("+")].join("/");
}

const ANSWER = nameOf("json", DEFAULT_LOOK);

/** The documents that a frozen share begins with; the first is the answer itself, which all later ones are made from. */
export function firstDocuments(deps: EmbedDeps, share: Share, summary: Summary): Promise<KeptDocument[]> {
  const look = { ...DEFAULT_LOOK, title: share.title };
  return Promise.all(
    FORMATS[share.kind].map(async (format) => ({
      name: nameOf(format, look),
      bytes: await made(deps, share, summary, format, look),
    })),
  );
}

/** A share in a format. Throws `not_kept` where a frozen one cannot be shown so. */
export async function documentOf(
  deps: EmbedDeps,
  share: Share,
  format: DocumentFormat,
  look: Look,
): Promise<Uint8Array> {
  const make = (summary: Summary) => made(deps, share, summary, format, look);
  return share.frozen ? kept(deps, share, nameOf(format, look), make) : make(await presentSummary(deps, share));
}

/** What a share shows: the numbers it was frozen with, or those of now. */
export function sharedSummary(deps: EmbedDeps, share: Share): Promise<Summary> {
  return share.frozen ? frozenSummary(deps.shares, share) : presentSummary(deps, share);
}

/** The numbers of now. What works them out is loaded with the first of them: most requests are for what is kept. */
async function presentSummary(deps: EmbedDeps, share: Share): Promise<Summary> {
  const { summaryOf } = await import("./summary-of.ts");
  return summaryOf(deps, share);
}

async function frozenSummary(shares: ShareStore, share: Share): Promise<Summary> {
  const answer = await shares.document(share.id, ANSWER);
  if (answer === null) throw new AppError("gone", "this summary is not shared any more");
  const { keptSummary } = await import("./kept-summary.ts");
  const summary = keptSummary(share, new TextDecoder().decode(answer));
  if (summary !== null) return summary;
  throw new AppError("not_kept", "this was frozen by another version of the service, and is shown only as it was then");
}

/** The badge of a shared comparison for one metric. Throws `bad_parameter` for a metric that it does not have. */
export async function badgeOf(
  deps: EmbedDeps,
  share: Share,
  metric: MetricName | undefined,
  theme: Theme,
): Promise<Uint8Array> {
  const make = async (summary: Summary) => {
    if (summary.kind !== "compare") throw new AppError("not_found", `a share of kind ${share.kind} has no badge`);
    return deps.renderer.badge(summary.answer, metricOf(summary.answer, metric), theme);
  };
  const name = ["badge", metric ?? "", theme].join("/");
  return share.frozen ? kept(deps, share, name, make) : make(await presentSummary(deps, share));
}

/** The metric of a badge: block writes, which Bonnie++ always measures, unless the comparison is of others. */
function metricOf({ fleet }: Comparison, asked: MetricName | undefined): MetricName {
  // Sound: these are the keys of an object that is typed by them.
  const metrics = Object.keys(fleet.metrics) as MetricName[];
  const wanted = asked ?? (metrics.includes("put_block") ? "put_block" : metrics[0]);
  if (wanted !== undefined && metrics.includes(wanted)) return wanted;
  throw new AppError("bad_parameter", `metric: expected one that is shared, ${metrics.join(" or ")}, found ${wanted}`);
}

async function made(
  { renderer, publicUrl }: EmbedDeps,
  share: Share,
  summary: Summary,
  format: DocumentFormat,
  look: Look,
): Promise<Uint8Array> {
  const document = await renderer.document(format, summary, lookOf(format, { ...look, title: share.title }));
  return format === "html" ? withDiscovery(document, share.id, publicUrl) : document;
}

async function kept(
  { shares }: EmbedDeps,
  share: Share,
  name: string,
  make: (summary: Summary) => Promise<Uint8Array>,
): Promise<Uint8Array> {
  const found = await shares.document(share.id, name);
  if (found !== null) return found;
  const bytes = await shares.keep(share.id, { name, bytes: await make(await frozenSummary(shares, share)) });
  if (bytes !== null) return bytes;
  throw new AppError("not_kept", "this frozen share is kept in as many ways as it may be; ask for one of those");
}
