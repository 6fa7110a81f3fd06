// What embed is asked: a share to be made, a badge, an oEmbed answer.

import * as z from "zod";
import { METRIC_NAMES } from "../run/metrics.ts";
import { SHARE_KINDS, type Share } from "../run/share.ts";
import { look } from "./parameters.ts";
import { once, oneLine } from "./request-fields.ts";
import { instant, nextCursor } from "./schemas.ts";

// Answers about shares, as schemas.

const address = z.url();

const urls = z
  .strictObject({
    svg: address.nullable().meta({ description: "Null where the kind has no picture; so is `png`." }),
    png: address.nullable(),
    md: address,
    html: address,
    txt: address,
    csv: address,
    json: address,
    badge: address.nullable().meta({ description: "Takes `metric`; null for every kind but `compare`." }),
  })
  .meta({ id: "ShareUrls", description: "Where the share is, in each format. Whoever has one of these sees it." });

const snippets = z
  .strictObject({
    img: z.string().nullable().meta({ description: "Null where the kind has no picture." }),
    markdown: z.string(),
    html: z.string(),
    iframe: z.string(),
    curl: z.string(),
  })
  .meta({ id: "ShareSnippets", description: "To paste as they are." });

const share = z
  .strictObject({
    id: z.string().meta({ description: "Unguessable; whoever knows it sees the share." }),
    fleet: z.string(),
    kind: z.enum(SHARE_KINDS),
    query: z.record(z.string(), z.array(z.string())),
    frozen: z.boolean(),
    title: z.string().nullable(),
    created_by: z
      .strictObject({ token_id: z.string(), label: z.string().nullable() })
      .meta({ description: "The token that made it, which may end it." }),
    created_at: instant,
  })
  .meta({ id: "Share" }) satisfies z.ZodType<Share>;

const linkedShare = share.extend({ urls }).meta({ id: "LinkedShare", description: "A share with its addresses." });

/** GET /v1/shares */
export const sharePage = z.strictObject({ shares: z.array(linkedShare), cursor: nextCursor }).meta({ id: "SharePage" });

/** POST /v1/shares */
export const createdShare = linkedShare
  .extend({ snippets })
  .meta({ id: "MadeShare", description: "A share with its addresses and snippets to paste." });

/** GET /oembed */
export const oembed = z
  .strictObject({
    version: z.literal("1.0"),
    type: z.literal("rich"),
    title: z.string(),
    provider_name: z.string(),
    provider_url: address,
    cache_age: z.int().meta({ description: "Seconds." }),
    width: z.int(),
    height: z.int(),
    html: z.string().meta({ description: "An `iframe`." }),
  })
  .meta({ id: "OEmbed", description: "As oEmbed 1.0 has it." });

const shareParameter = z.union([z.string(), z.number()]);

/** POST /v1/shares */
export const newShare = z.strictObject({
  kind: z.enum(SHARE_KINDS).meta({ description: "What is shared: the answer of `/v1/compare` and so on." }),
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
    description: "True: the numbers of now, for ever. False: the numbers of whenever it is looked at.",
  }),
  title: oneLine(200).nullish().meta({ description: "Instead of the summary's own title." }),
});

/** GET /s/{id}/badge.svg */
export const badgeQuery = z.strictObject({
  metric: once(z.enum(METRIC_NAMES)).optional().meta({ description: "The metric; block writes if not given." }),
  theme: look.theme,
});

const pixels = once(z.coerce.number().int().min(1).max(100_000)).optional();

/** GET /oembed, by the specification of oEmbed 1.0; consumers send further parameters, which mean nothing here. */
export const oembedQuery = z.object({
  url: once(z.string("expected the address of a share").max(2_000)).meta({ description: "The address of a share." }),
  maxwidth: pixels.meta({ description: "No wider than so many px." }),
  maxheight: pixels.meta({ description: "No higher than so many px." }),
  format: once(z.string().max(20)).prefault("json").meta({ description: "`json`; there is no other." }),
});
