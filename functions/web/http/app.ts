// HTTP: what every app has in common. In: requests. Out: answers with a request id, one log line each, and refusals in one
// envelope. The apps add their routes to the app made here; they run the same behind API Gateway and on one machine.

import { type Context, Hono } from "hono";
import { AppError } from "../../../shared/errors.ts";
import type { Clock } from "../../../shared/ports.ts";
import type { Token } from "../../../shared/run/token.ts";
import type { SummaryRegistry } from "../../../shared/summaries/registry.ts";
import type { Ticket } from "./admission.ts";
import { errorResponse } from "./errors.ts";
import { wantsPage, withoutSuffix } from "./formats.ts";
import type { Log, ResultCounts } from "./log.ts";

/** Variables of a request. */
export interface HttpEnv {
  Variables: {
    requestId: string;
    token: Token | null;
    note: string | null;
    results: ResultCounts | null;
    /** What a question counts for that `admitted` has let through. */
    ticket: Ticket | null;
    /** Whether the answer goes on after the request was dealt with. */
    isStream: boolean;
    /** The kinds of summaries of this app, for the header of its pages; null: those of the service. */
    summaries: SummaryRegistry | null;
    /** Takes an error that comes when the answer has begun, for the log. */
    fault: (error: unknown) => void;
  };
}

/** An app that routes are added to. */
export type HttpApp = Hono<HttpEnv>;

/** A refusal as a page, with its status; whoever has to sign in first is led there. */
export type ErrorPage = (c: Context<HttpEnv>, error: AppError) => Promise<Response>;

export interface HttpDeps {
  readonly clock: Clock;
  readonly log: Log;
  /** What browsers get in place of the envelope; without it they get that. */
  readonly page?: ErrorPage;
  /** The kinds of summaries in the header of pages; those of the service if absent. */
  readonly summaries?: SummaryRegistry;
}

/** An app without routes. */
export function makeHttpApp({ clock, log, page, summaries }: HttpDeps): HttpApp {
  const refused = (c: Context<HttpEnv>, error: AppError): Response | Promise<Response> =>
    page !== undefined && wantsPage(c) ? page(c, error) : errorResponse(c, error);
  const app = new Hono<HttpEnv>({ getPath: withoutSuffix });
  app.use("*", async function oneLogLine(c, next) {
    const started = clock();
    const requestId = crypto.randomUUID();
    c.set("requestId", requestId);
    c.set("token", null);
    c.set("note", null);
    c.set("results", null);
    c.set("ticket", null);
    c.set("summaries", summaries ?? null);
    c.set("isStream", false);
    c.set("fault", (error) => log.fault(requestId, error));
    await next();
    c.res.headers.set("x-request-id", requestId);
    // What was uploaded is served as text again: no browser may take it for a page. Answers to a token are for it alone.
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
      path: told(withoutCapability(c.req.path)),
      status: c.res.status,
      milliseconds: clock() - started,
      tokenId: token?.id ?? null,
      fleet: token?.fleet ?? null,
      note: c.get("note"),
      results: c.get("results"),
    });
  });
  app.notFound((c) => {
    const { method, path } = c.req;
    const methods = methodsAt(app, path);
    const at = told(path);
    if (methods.length === 0) return refused(c, new AppError("not_found", `there is nothing at ${at}`));
    c.header("Allow", methods.join(", "));
    return refused(c, new AppError("method_not_allowed", `${at} takes ${methods.join(" or ")}, not ${method}`));
  });
  app.onError((error, c) => {
    if (error instanceof AppError) {
      if (error.cause !== undefined) log.fault(c.get("requestId"), error);
      return refused(c, error);
    }
    log.fault(c.get("requestId"), error);
    return refused(c, new AppError("internal", "something went wrong here; the request id finds it in the log"));
  });
  return app;
}

/** The path without the rest of a share's id: its first characters tell shares apart, and open none. */
const withoutCapability = (path: string): string => path.replace(/^(\/s\/|\/v1\/shares\/)([^/.]{6})[^/.]+/, "$1$2...");

/** Characters of a path that a message or the log repeats: one may have 16 000. */
const MAX_TOLD = 200;

const told = (path: string): string => (path.length > MAX_TOLD ? `${path.slice(0, MAX_TOLD)}…` : path);

const METHODS = ["GET", "POST", "DELETE"];

/** The methods that a path has routes for; the middleware of all paths has the method ALL. */
function methodsAt(app: HttpApp, path: string): string[] {
  return METHODS.filter((method) => app.router.match(method, path)[0].some(([[, route]]) => route.method === method));
}
