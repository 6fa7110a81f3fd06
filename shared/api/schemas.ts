// Pieces that several answers share.

import * as z from "zod";
import { enumValues, QUALITY_DESCRIPTIONS } from "../report/glossary.ts";
import { BACKENDS } from "../run/backends.ts";

export const count = z.int().min(0);

export const instant = z.iso.datetime().meta({ description: "ISO 8601, UTC." });

export const stratum = z.string().meta({
  description:
    "Format family, file size class, chunk size and file specification: only runs of one stratum are compared.",
  examples: ["v1/2G/8k/16"],
});

export const nextCursor = z
  .string()
  .nullable()
  .meta({ description: "Give it as `cursor` for the next page; null on the last." });

export const backendSlug = z.enum(BACKENDS).meta({ id: "Backend", description: "Who moves the bytes of the disk." });

export const qualityVerdict = z
  .enum(enumValues(QUALITY_DESCRIPTIONS))
  .meta({ description: "Whether the reads can be those of the disk, and not of a page cache." });
