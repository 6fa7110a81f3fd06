import type { Context } from "hono";
import { PICTURE_FORMATS } from "../../shared/api/formats.ts";
import { acceptedOf, suffixOf } from "../web/http/formats.ts";

/**
 * Leads who asks for a PNG by `Accept` to the address with the suffix, where another function paints it. Null for all others,
 * and for whoever takes an SVG as well, which is the better picture.
 */
export function pictureRedirect(c: Context): Response | null {
  if (suffixOf(c) !== null) return null;
  if (acceptedOf(c, PICTURE_FORMATS) !== "png") return null;
  if (c.req.header("Accept")?.includes("image/svg+xml")) return null;
  const { pathname, search } = new URL(c.req.url);
  return c.redirect(`${pathname}.png${search}`, 307);
}
