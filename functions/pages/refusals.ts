// Refusals as pages. Whoever is not signed in is led to where they can; everybody else is told what is wrong.

import type { Context, MiddlewareHandler } from "hono";
import { AppError } from "../../shared/errors.ts";
import type { HttpEnv } from "../http/http-env.ts";
import { endSession, sessionSecret } from "../http/session.ts";

/** Turns a refusal of a page, which is there for programs when this comes to it, into one for people. */
export const refusalsAsPages: MiddlewareHandler<HttpEnv> = async (c, next) => {
  await next();
  const { error } = c;
  if (error === undefined) return;
  if (error instanceof AppError && error.code === "unauthorized") {
    c.res = await signInFirst(c);
  } else {
    const { refusalPage } = await import("./refusal-page.tsx");
    c.res = refusalPage(c, error instanceof AppError ? error : UNEXPECTED);
  }
};

const UNEXPECTED = new AppError("internal", "Something went wrong here. The request id finds it in the log.");

/**
 * To the page to sign in at, and from there back. A browser keeps the cookie to itself when another site led here, so it is
 * first made to ask again from a page of ours.
 */
async function signInFirst(c: Context<HttpEnv>): Promise<Response> {
  const { pathname, search } = new URL(c.req.url);
  const isRead = c.req.method === "GET";
  const site = c.req.header("Sec-Fetch-Site");
  if (isRead && sessionSecret(c) === null && (site === "cross-site" || site === "same-site")) {
    const { askAgainPage } = await import("./ask-again-page.tsx");
    return askAgainPage(c, pathname + search);
  }
  const query = new URLSearchParams({ next: isRead ? pathname + search : `/${pathname.split("/")[1] ?? ""}` });
  if (sessionSecret(c) !== null) {
    endSession(c);
    query.set("ended", "yes");
  }
  return c.redirect(`/sign-in?${query}`, 303);
}
