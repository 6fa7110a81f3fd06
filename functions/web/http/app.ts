// What all HTTP apps share: the request id, one log line for each request, security headers, and errors in one format. Each app
// adds its routes to the app made here; the same apps run behind API Gateway and on one machine.

import { type Context, Hono } from "hono";
import { AppError } from "../../../shared/errors.ts";
import type { Clock } from "../../../shared/run/periods.ts";
import type { Token } from "../../../shared/run/token.ts";
import type { SummaryRegistry } from "../../../shared/summaries/registry.ts";
import type { Ticket } from "../../service/admission.ts";
import { errorResponse } from "./errors.ts";
import { wantsPage, withoutSuffix } from "./formats.ts";
import type { Log, ResultCounts } from "./log.ts";

/** Variables of a request. */
export interface HttpEnv {
  Variables: {
    requestId: string;
    token: Token | null;
    /** What the handler adds to the log line. */
    note: string | null;
    results: ResultCounts | null;
    /** The ticket from `admitted`. */
    ticket: Ticket | null;
    /** Whether the body is still being written after the handler has returned. */
    isStream: boolean;
    /** The kinds of summaries of this app, for the header of its pages; null: the kinds of the service. */
    summaries: SummaryRegistry | null;
    /** Origin of the URLs in responses, as the operator has set it; null: the host of the request. */
    publicUrl: string | null;
    /** Logs an error that occurs after the response was started, or one that a page shows. */
    logError: (error: unknown) => void;
  };
}

/** An app to which routes are added. */
export type HttpApp = Hono<HttpEnv>;

/** Makes the page that shows an error, or redirects to the page to sign in. */
export type ErrorPage = (c: Context<HttpEnv>, error: AppError) => Promise<Response>;

export interface HttpDeps {
  readonly clock: Clock;
  readonly log: Log;
  /** What browsers get for an error. Without it they get JSON or text, as programs do. */
  readonly page?: ErrorPage;
  /** The kinds of summaries in the header of pages; the kinds of the service if absent. */
  readonly summaries?: SummaryRegistry;
  /** Origin of the URLs in errors; the host of the request if absent. */
  readonly publicUrl?: string | null;
}

/** An app without routes. */
export function makeHttpApp({ clock, log, page, summaries, publicUrl = null }: HttpDeps): HttpApp {
  const respond = (c: Context<HttpEnv>, error: AppError): Response | Promise<Response> =>
    page !== undefined && wantsPage(c) ? page(c, error) : errorResponse(c, error);
  const app = new Hono<HttpEnv>({ getPath: withoutSuffix });
  app.use("*", async function logRequest(c, next) {
    const started = clock();
    const requestId = crypto.randomUUID();
    c.set("requestId", requestId);
    c.set("token", null);
    c.set("note", null);
    c.set("results", null);
    c.set("ticket", null);
    c.set("summaries", summaries ?? null);
    c.set("isStream", false);
    c.set("publicUrl", publicUrl);
    c.set("logError", (error) => log.error(requestId, error));
    await next();
    c.res.headers.set("x-request-id", requestId);
    // Uploaded text is served as text: no browser may take it for HTML. Responses to a token must not be cached for others.
    c.res.headers.set("x-content-type-options", "nosniff");
    if (!c.res.headers.has("content-security-policy")) {
      c.res.headers.set("content-security-policy", "frame-ancestors 'none'");
    }
    if (!c.res.headers.has("cache-control")) c.res.headers.set("cache-control", "no-store");
    const token = c.get("token");
    log.request({
      at: new Date(started).toISOString(),
      requestId,
      method: c.req.method,
      path: shorten(withoutShareId(c.req.path)),
      status: c.res.status,
      milliseconds: clock() - started,
      tokenId: token?.id ?? null,
      fleet: token?.fleet ?? null,
      note: c.get("note"),
      results: c.get("results"),
    });
  });
  app.notFound((c) => {
    const { method } = c.req;
    const methods = methodsAt(app, c.req.path);
    const path = shorten(c.req.path);
    if (methods.length === 0) {
      // A redirect would lose the body of a POST.
      const advice = path.includes("//") ? "; write a single slash: does the URL of the server end with one?" : "";
      return respond(c, new AppError("not_found", `no such path: ${path}${advice}`));
    }
    c.header("Allow", methods.join(", "));
    const message = `method ${method} not allowed for ${path} (allowed: ${methods.join(", ")})`;
    return respond(c, new AppError("method_not_allowed", message));
  });
  app.onError((error, c) => {
    if (!(error instanceof AppError) || error.cause !== undefined) log.error(c.get("requestId"), error);
    if (error instanceof AppError) return respond(c, error);
    return respond(c, new AppError("internal", "internal error; look up the request id in the log"));
  });
  return app;
}

/** The path with only the first characters of a share's id: they distinguish shares in the log, but open none. */
const withoutShareId = (path: string): string => path.replace(/^(\/s\/|\/v1\/shares\/)([^/.]{6})[^/.]+/, "$1$2...");

/** Characters of a path that an error or the log repeats: a path may have 16 000. */
const MAX_SHOWN = 200;

const shorten = (path: string): string => (path.length > MAX_SHOWN ? `${path.slice(0, MAX_SHOWN)}…` : path);

const METHODS = ["GET", "POST", "PUT", "DELETE"];

/** The methods with a route at a path. Middleware has the method ALL, so it does not count. */
function methodsAt(app: HttpApp, path: string): string[] {
  return METHODS.filter((method) => app.router.match(method, path)[0].some(([[, route]]) => route.method === method));
}
