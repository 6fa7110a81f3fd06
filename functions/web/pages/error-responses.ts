// Refusals as pages. Whoever is not signed in is led to where they can; everybody else is told what is wrong.

import type { Context } from "hono";
import type { ErrorPage, HttpEnv } from "../http/app.ts";
import { setErrorHeaders } from "../http/errors.ts";
import { endSession, sessionSecret } from "../http/session.ts";

/** What people get in place of the envelope for programs. */
export const errorPageResponse: ErrorPage = async (c, error) => {
  if (error.code === "unauthorized") return signInFirst(c);
  setErrorHeaders(c, error);
  const { errorPage } = await import("./error-page.tsx");
  return errorPage(c, error);
};

/**
 * To the page to sign in at, and from there back. A browser keeps the cookie to itself when another site led here, so it is
 * first made to ask again from a page of ours.
 */
async function signInFirst(c: Context<HttpEnv>): Promise<Response> {
  const { pathname, search } = new URL(c.req.url);
  const isRead = c.req.method === "GET";
  const site = c.req.header("Sec-Fetch-Site");
  if (isRead && sessionSecret(c) === null && (site === "cross-site" || site === "same-site")) {
    const { sameSiteRedirectPage } = await import("./sign-in.tsx");
    return sameSiteRedirectPage(c, pathname + search);
  }
  const query = new URLSearchParams({ next: isRead ? pathname + search : `/${pathname.split("/")[1] ?? ""}` });
  if (sessionSecret(c) !== null) {
    endSession(c);
    query.set("ended", "yes");
  }
  return c.redirect(`/sign-in?${query}`, 303);
}
