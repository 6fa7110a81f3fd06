// GET of every kind of summary, from the registry: /v1/compare, /v1/hosts/{host} and so on, each in its formats. In: a query,
// checked by the kind's schema. Out: the result, computed and rendered by the kind. A kind is loaded with its first request.

import type { Context } from "hono";
import { AppError } from "../../../shared/errors.ts";
import { type Format, LIST_FORMATS, type TextFormat } from "../../../shared/summaries/formats.ts";
import type { FleetSource, SummaryKind } from "../../../shared/summaries/kind.ts";
import { offersFormat, type SummaryEntry } from "../../../shared/summaries/registry.ts";
import { COST, charged } from "../../service/admission.ts";
import { fleetSource } from "../../service/summary-source.ts";
import { admitted } from "../http/admission.ts";
import type { HttpApp, HttpEnv } from "../http/app.ts";
import { allow, currentToken } from "../http/auth.ts";
import { chooseFormat, formatSuffix, negotiateFormat } from "../http/formats.ts";
import { kindQuery, summaryResponse } from "../http/summary-response.ts";
import type { ReadDeps } from "./read.ts";

/** Responses that are not a rendered result, by kind and format, e.g. `runs.csv`. */
export type OwnResponses = Readonly<Record<string, (c: Context<HttpEnv>) => Promise<Response>>>;

/** Adds the route of every kind of summary. */
export function addSummaryRoutes(app: HttpApp, deps: ReadDeps, own: OwnResponses): void {
  for (const entry of deps.summaries) {
    app.get(
      routePath(entry),
      allow(deps, ...entry.scopes),
      admitted(deps, COST[entry.cost]),
      async (c) => pictureRedirect(c, entry) ?? (await handleSummary(c, deps, entry, own)),
    );
  }
}

/** The path of an entry as the router writes it: `/v1/hosts/:host`. */
function routePath({ path }: SummaryEntry): string {
  return path.replaceAll(/\{(\w+)\}/g, ":$1");
}

async function handleSummary(c: Context<HttpEnv>, deps: ReadDeps, entry: SummaryEntry, own: OwnResponses) {
  const source = fleetSource(charged(deps, c.get("ticket")), currentToken(c), c.get("logError"));
  const [, parameter] = /\{(\w+)\}$/.exec(entry.path) ?? [];
  if (parameter !== undefined) return namedSummary(c, entry, source, c.req.param(parameter) ?? "");
  const format = chooseFormat(c, textFormats(entry));
  const ownResponse = own[`${entry.name}.${format}`];
  if (ownResponse !== undefined) return ownResponse(c);
  const kind = await entry.load();
  const { query, options } = await kindQuery(c, kind);
  return summaryResponse(c, format, kind, await kind.compute(source, query), options);
}

/**
 * A summary of something with a name. A name may end like a format: if there is something of that very name, it takes precedence, and the
 * response has the format of Accept.
 */
async function namedSummary(c: Context, entry: SummaryEntry, source: FleetSource, name: string): Promise<Response> {
  const kind: SummaryKind = await entry.load();
  const { query, options } = await kindQuery(c, kind);
  const suffix = formatSuffix(c);
  const whole = suffix === null ? null : await orNull(kind.compute(source, query, `${name}.${suffix}`));
  const format = whole === null ? chooseFormat(c, textFormats(entry)) : negotiateFormat(c, textFormats(entry));
  return summaryResponse(c, format, kind, whole ?? (await kind.compute(source, query, name)), options);
}

/** Null in place of `not_found`. */
async function orNull(result: Promise<unknown>): Promise<unknown> {
  try {
    return await result;
  } catch (error) {
    if (error instanceof AppError && error.code === "not_found") return null;
    throw error;
  }
}

/** The formats of an entry that this function answers in; another one paints pixels. */
function textFormats({ formats }: SummaryEntry): readonly [TextFormat, ...TextFormat[]] {
  const isText = (format: Format): format is TextFormat => format !== "png";
  const [first = LIST_FORMATS[0], ...others] = [...formats].filter(isText);
  return [first, ...others];
}

/**
 * Redirects a request that accepts only a PNG to the path with the suffix, where another function paints it. Null for all
 * others, and for a request that accepts an SVG as well, which is the better image.
 */
function pictureRedirect(c: Context, entry: SummaryEntry): Response | null {
  if (!offersFormat(entry, "png") || formatSuffix(c) !== null) return null;
  if (negotiateFormat(c, [...textFormats(entry), "png"]) !== "png") return null;
  if (c.req.header("Accept")?.includes("image/svg+xml")) return null;
  const { pathname, search } = new URL(c.req.url);
  return c.redirect(`${pathname}.png${search}`, 307);
}
