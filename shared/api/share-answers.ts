// Answers about shares, as schemas.

import * as z from "zod";
import { SHARE_KINDS, type Share } from "../run/share.ts";
import { instant, nextCursor } from "./schemas.ts";

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
    made_by: z
      .strictObject({ token_id: z.string(), label: z.string().nullable() })
      .meta({ description: "The token that made it, which may end it." }),
    created_at: instant,
  })
  .meta({ id: "Share" }) satisfies z.ZodType<Share>;

const linkedShare = share.extend({ urls }).meta({ id: "LinkedShare", description: "A share with its addresses." });

/** GET /v1/shares */
export const sharePage = z.strictObject({ shares: z.array(linkedShare), cursor: nextCursor }).meta({ id: "SharePage" });

/** POST /v1/shares */
export const madeShare = linkedShare
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
