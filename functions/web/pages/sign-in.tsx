// Signing in and out: a token in, a cookie out (functions/web/http/session.ts).

import type { Context } from "hono";
import * as z from "zod";
import { AppError } from "../../../shared/errors.ts";
import { once } from "../../../shared/summaries/fields.ts";
import type { HttpEnv } from "../http/app.ts";
import { type AuthDeps, findToken } from "../http/auth.ts";
import { SIGN_IN_FORM } from "../http/body.ts";
import { sentence } from "../http/errors.ts";
import { askedBy, formBy } from "../http/form.ts";
import { wantsPage } from "../http/formats.ts";
import { assertSameOrigin, startSession } from "../http/session.ts";
import { homeOf, type Page, pageResponse } from "./layout.tsx";
import { safeRedirectPath } from "./links.ts";

/** A page that asks for an address of ours again at once. */
export function sameSiteRedirectPage(c: Context<HttpEnv>, address: string): Response {
  return pageResponse(
    c,
    { title: "One moment", head: <meta http-equiv="refresh" content={`0; url=${address}`} /> },
    <div class="sheet">
      <h1>One moment</h1>
      <p>
        <a href={address}>Go on to the page</a>
      </p>
    </div>,
  );
}

const next = once(z.string().max(4_000)).optional();
const query = z.object({ next, ended: once(z.string()).optional() });
const form = z.strictObject({ token: once(z.string("expected a token").trim().max(256)), next });

/** GET /sign-in */
export const signIn: Page<unknown> = async (c) => {
  const { next: address, ended } = askedBy(c, query);
  return signInPage(c, address, ended === undefined ? null : "the token of this browser is not valid any more", 200);
};

/** POST /sign-in */
export const signedIn: Page<AuthDeps> = async (c, deps) => {
  // Nobody shall be signed in by another site's page, with that site's token.
  assertSameOrigin(c);
  const { token: secret, next: address } = await formBy(c, form, SIGN_IN_FORM);
  try {
    const token = await findToken(secret, deps);
    c.set("token", token);
    startSession(c, secret);
    return c.redirect(safeRedirectPath(address) ?? homeOf(token), 303);
  } catch (error) {
    if (!(error instanceof AppError && error.code === "unauthorized" && wantsPage(c))) throw error;
    return signInPage(c, address, error.message, 401);
  }
};

function signInPage(
  c: Context<HttpEnv>,
  address: string | undefined,
  problem: string | null,
  status: 200 | 401,
): Response {
  return pageResponse(
    c,
    { title: "Sign in", status },
    <div class="sheet narrow-sheet">
      <h1>Sign in</h1>
      <p>
        With a token of your fleet. It is kept in a cookie of this browser that no script and no other site can use.
      </p>
      {problem !== null && (
        <p class="problem" role="alert" id="problem">
          {sentence(problem)}
        </p>
      )}
      <form method="post" action="/sign-in" class="fields">
        <label for="token">Token</label>
        <input
          id="token"
          name="token"
          type="password"
          required
          maxlength={256}
          autocomplete="current-password"
          autocapitalize="off"
          spellcheck={false}
          aria-invalid={problem === null ? undefined : "true"}
          aria-describedby={problem === null ? undefined : "problem"}
        />
        {address !== undefined && <input type="hidden" name="next" value={address} />}
        <button type="submit" class="primary">
          Sign in
        </button>
      </form>
      <details>
        <summary>Where do I get a token?</summary>
        <p>
          From whoever runs this service. On the machine itself the first admin token is in the file{" "}
          <code>admin-token</code> of the data folder; an admin makes others with <code>vbdstat token</code> or{" "}
          <a href="/docs#endpoints">POST /v1/tokens</a>. Scope <code>read</code> is enough to look at everything.
        </p>
      </details>
    </div>,
  );
}
