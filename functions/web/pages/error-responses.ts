// What browsers get in place of a JSON error: the sign-in for requests without a valid token, an error page for all others. This
// file is part of every start; the pages are loaded with the first error.

import type { Context } from "hono";
import type { ErrorPage, HttpEnv } from "../http/app.ts";
import { endSession, sessionSecret } from "../http/auth.ts";
import { setErrorHeaders } from "../http/errors.ts";

/** The error as a page, or a redirect to the sign-in. */
export const errorPageResponse: ErrorPage = async (c, error) => {
  if (error.code === "unauthorized") return signInResponse(c);
  setErrorHeaders(c, error);
  const { errorPage } = await import("./error-page.tsx");
  return errorPage(c, error);
};

/**
 * A redirect to the sign-in, which leads back to the page. A link on another site gets a redirect to the same page first,
 * because browsers withhold the cookie from the first request.
 */
async function signInResponse(c: Context<HttpEnv>): Promise<Response> {
  const { pathname, search } = new URL(c.req.url);
  const isRead = c.req.method === "GET";
  const hasCookie = sessionSecret(c) !== null;
  const site = c.req.header("Sec-Fetch-Site");
  if (isRead && !hasCookie && (site === "cross-site" || site === "same-site")) {
    const { sameSiteRedirectPage } = await import("./error-page.tsx");
    return sameSiteRedirectPage(c, pathname + search);
  }
  const query = new URLSearchParams({ next: isRead ? pathname + search : `/${pathname.split("/")[1] ?? ""}` });
  if (hasCookie) {
    endSession(c);
    query.set("ended", "yes");
  }
  return c.redirect(`/sign-in?${query}`, 303);
}
