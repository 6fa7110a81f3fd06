// What embed is asked: a share to be made, a badge, an oEmbed answer.

import * as z from "zod";
import { METRIC_NAMES } from "../run/metrics.ts";
import { SHARE_KINDS } from "../run/share.ts";
import { look } from "./look-parameters.ts";
import { once } from "./request-fields.ts";
import { oneLine } from "./one-line.ts";

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
