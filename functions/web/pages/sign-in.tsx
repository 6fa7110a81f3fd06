// Signing in: a token in, a session cookie out (functions/web/http/auth.ts), and a redirect to the page that asked for it.

import type { Context } from "hono";
import * as z from "zod";
import { AppError } from "../../../shared/errors.ts";
import { single } from "../../../shared/summaries/fields.ts";
import type { HttpEnv } from "../http/app.ts";
import { type AuthDeps, assertSameOrigin, findToken, startSession } from "../http/auth.ts";
import { SIGN_IN_FORM } from "../http/body.ts";
import { sentence } from "../http/errors.ts";
import { parsePageQuery, readForm } from "../http/form.ts";
import { wantsPage } from "../http/formats.ts";
import { homePath, mayOpen, type Page, pageResponse } from "./layout.tsx";
import { safeRedirectPath } from "./links.ts";

const MAX_TOKEN_LENGTH = 256;

const next = single(z.string().max(4_000)).optional();
const signInQuery = z.object({ next, ended: single(z.string()).optional() });
const signInForm = z.strictObject({ token: single(z.string("expected a token").trim().max(MAX_TOKEN_LENGTH)), next });

/** GET /sign-in; `ended` says that the browser's token is no longer valid. */
export const signIn: Page<unknown> = async (c) => {
  const { next, ended } = parsePageQuery(c, signInQuery);
  const problem = ended === undefined ? null : "the token of this browser is no longer valid";
  return signInPage(c, { next, problem, status: 200 });
};

/** POST /sign-in: 303 with the cookie, or the form again with 401. */
export const postSignIn: Page<AuthDeps> = async (c, deps) => {
  // The CSRF guard: another site must not sign a browser in with a token of its own.
  assertSameOrigin(c);
  const { token: secret, next } = await readForm(c, signInForm, SIGN_IN_FORM);
  try {
    const token = await findToken(secret, deps);
    c.set("token", token);
    startSession(c, secret);
    const path = safeRedirectPath(next);
    return c.redirect(path !== null && mayOpen(token, path) ? path : homePath(token), 303);
  } catch (error) {
    if (!(error instanceof AppError && error.code === "unauthorized" && wantsPage(c))) throw error;
    return signInPage(c, { next, problem: error.message, status: 401 });
  }
};

interface SignInPage {
  readonly next: string | undefined;
  readonly problem: string | null;
  readonly status: 200 | 401;
}

function signInPage(c: Context<HttpEnv>, { next, problem, status }: SignInPage): Response {
  return pageResponse(
    c,
    { title: "Sign in", status },
    <div class="sheet narrow-sheet">
      <h1>Sign in</h1>
      <p>
        Paste an access token for your fleet. It is stored in an HttpOnly, SameSite cookie until you close the browser.
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
          maxlength={MAX_TOKEN_LENGTH}
          autocomplete="current-password"
          autocapitalize="off"
          spellcheck={false}
          aria-invalid={problem === null ? undefined : "true"}
          aria-describedby={problem === null ? undefined : "problem"}
        />
        {next !== undefined && <input type="hidden" name="next" value={next} />}
        <button type="submit" class="primary">
          Sign in
        </button>
      </form>
      <details>
        <summary>Where do I get a token?</summary>
        <p>
          Ask your vbdstat administrator for one with scope <code>read</code>, which is enough to view everything.
        </p>
        <p>
          Administrators: the first admin token is in the file <code>admin-token</code> of the data folder. Create
          others with <code>vbdstat token</code> or <a href="/docs#endpoints">POST /v1/tokens</a>.
        </p>
      </details>
    </div>,
  );
}
