// Shares as schemas: requests and responses. The kinds that can be shared come from the registry of
// summaries, so some schemas are functions of it.

import * as z from "zod";
import { METRIC_NAMES } from "../run/metrics.ts";
import type { Share } from "../run/share.ts";
import { oneLine, single } from "../summaries/fields.ts";
import { renderFields } from "../summaries/parameters.ts";
import { type SummaryRegistry, shareableIn } from "../summaries/registry.ts";
import { schemas } from "../summaries/schemas.ts";

const { instant, nextCursor } = schemas();

/** Names of the kinds that can be shared, as the tuple that an enum schema needs. Throws if there are none. */
function shareableNames(summaries: SummaryRegistry): [string, ...string[]] {
  const [first, ...others] = shareableIn(summaries).map(({ name }) => name);
  if (first === undefined) throw new Error("no kind of summary can be shared");
  return [first, ...others];
}

const url = z.url();

const urls = z
  .strictObject({
    svg: url.nullable().meta({ description: "Null if the kind has no picture; so is `png`." }),
    png: url.nullable(),
    md: url,
    html: url,
    txt: url,
    csv: url,
    json: url,
    badge: url.nullable().meta({ description: "Takes `metric`; null if the kind has no badge." }),
  })
  .meta({ id: "ShareUrls", description: "URLs of the share in each format. Anyone who has one of them can view it." });

const snippets = z
  .strictObject({
    img: z.string().nullable().meta({ description: "Null if the kind has no picture." }),
    markdown: z.string(),
    html: z.string(),
    iframe: z.string(),
    curl: z.string(),
  })
  .meta({ id: "ShareSnippets", description: "To paste as they are." });

const share = z
  .strictObject({
    id: z.string().meta({ description: "Unguessable; anyone who knows it can view the share." }),
    fleet: z.string(),
    kind: z.string().meta({
      description:
        "One of the kinds of `POST /v1/shares`, or another one if another version of the service created the share.",
    }),
    query: z.record(z.string(), z.array(z.string())),
    frozen: z.boolean(),
    title: z.string().nullable(),
    created_by: z
      .strictObject({ token_id: z.string(), label: z.string().nullable() })
      .meta({ description: "The token that created it, which may revoke it." }),
    created_at: instant,
  })
  .meta({ id: "Share" }) satisfies z.ZodType<Share>;

const linkedShare = share.extend({ urls }).meta({ id: "LinkedShare", description: "A share with its URLs." });

/** The result of GET /v1/shares. */
export const sharePage = z.strictObject({ shares: z.array(linkedShare), cursor: nextCursor }).meta({ id: "SharePage" });

/** The result of POST /v1/shares. */
export const createdShare = linkedShare
  .extend({ snippets })
  .meta({ id: "MadeShare", description: "A share with its URLs and snippets to paste." });

/** GET /oembed */
export const oembed = z
  .strictObject({
    version: z.literal("1.0"),
    type: z.literal("rich"),
    title: z.string(),
    provider_name: z.string(),
    provider_url: url,
    cache_age: z.int().meta({ description: "Seconds." }),
    width: z.int(),
    height: z.int(),
    html: z.string().meta({ description: "An `iframe`." }),
  })
  .meta({ id: "OEmbed", description: "A response of oEmbed 1.0." });

const shareParameter = z.union([z.string(), z.number()]);

/** The body of POST /v1/shares, for a registry of summaries. */
export const newShare = (summaries: SummaryRegistry) =>
  z.strictObject({
    kind: z
      .enum(shareableNames(summaries))
      .meta({ description: "The kind of summary: `compare` for the result of `/v1/compare`, and so on." }),
    query: z
      .record(z.string(), z.union([shareParameter, z.array(shareParameter).max(100)]))
      .transform((query) =>
        Object.fromEntries(Object.entries(query).map(([key, value]) => [key, [value].flat().map(String)])),
      )
      .meta({
        description: "The parameters of that endpoint; repeatable ones as a list.",
        examples: [{ baseline: "loop", candidate: "blktap2", site: ["fra", "ams"] }],
      }),
    frozen: z.boolean().meta({
      description: "True: a permanent snapshot of the numbers. False: always shows current numbers.",
    }),
    title: oneLine(200).nullish().meta({ description: "Replaces the summary's own title." }),
  });

/** GET /s/{id}/badge.svg */
export const badgeQuery = z.strictObject({
  metric: single(z.enum(METRIC_NAMES)).optional().meta({ description: "The metric; block writes if absent." }),
  theme: renderFields.theme,
});

const pixels = single(z.coerce.number().int().min(1).max(100_000)).optional();

/** GET /oembed, by the specification of oEmbed 1.0; other parameters, which consumers may send, are ignored. */
export const oembedQuery = z.object({
  url: single(z.string("expected the URL of a share").max(2_000)).meta({ description: "The URL of a share." }),
  maxwidth: pixels.meta({ description: "Maximum width in px." }),
  maxheight: pixels.meta({ description: "Maximum height in px." }),
  format: single(z.string().max(20)).prefault("json").meta({ description: "`json`; no other format is supported." }),
});
