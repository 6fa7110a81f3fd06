// Pages: what people look at. In: an address, a form, and the token in the browser's cookie. Out: HTML that needs no script,
// made from the same answers, reports and charts as every other format. This file is what all pages have in common.

import type { Context } from "hono";
import type { Child, FC } from "hono/jsx";
import { VERSION } from "../../../shared/deployment.ts";
import type { AppError } from "../../../shared/errors.ts";
import { printable } from "../../../shared/run/text.ts";
import type { Scope, Token } from "../../../shared/run/token.ts";
import type { HttpEnv } from "../../http/http-env.ts";
import { COPY_ADDRESS, ICON, STYLE_ADDRESS } from "../../pages/assets.ts";

/** Answers a request with a page. */
export type Page<Deps> = (c: Context<HttpEnv>, deps: Deps) => Promise<Response>;

/** The pages in the header, and who may see them besides admins. */
const NAVIGATION = [
  { path: "/", name: "Overview", scope: "read" },
  { path: "/matrix", name: "Matrix", scope: "read" },
  { path: "/trend", name: "Trend", scope: "read" },
  { path: "/hosts", name: "Hosts", scope: "read" },
  { path: "/runs", name: "Runs", scope: "read" },
  { path: "/upload", name: "Upload", scope: "ingest" },
  { path: "/shares", name: "Shares", scope: "read" },
] as const satisfies readonly { path: string; name: string; scope: Scope }[];

interface PageProps {
  /** In the tab of the browser; text from outside may be in it. */
  readonly title: string;
  /** Whether the page has something to copy, for which there is a script. */
  readonly copies?: boolean;
  readonly status?: 200 | 201 | 422 | AppError["status"];
  /** Only this page's own head, such as a refresh. */
  readonly head?: Child;
}

/** The page with its headers: it may load its style sheet and pictures from here and send forms to here, and nothing else. */
export function pageAnswer(c: Context<HttpEnv>, props: PageProps, content: Child): Response {
  const { copies = false, status = 200 } = props;
  const policy = [
    "default-src 'none'",
    "style-src 'self'",
    "img-src 'self' data:",
    ...(copies ? ["script-src 'self'"] : []),
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ];
  const page = <Document {...props} token={c.get("token")} path={c.req.path} content={content} />;
  return c.html(`<!doctype html>\n${page.toString()}\n`, status, {
    "Content-Security-Policy": policy.join("; "),
    // With no referrer at all, browsers send forms with the origin "null".
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
  });
}

const Document: FC<PageProps & { token: Token | null; path: string; content: Child }> = (props) => {
  const { title, copies, head, token, path, content } = props;
  return (
    <html lang="en" class="auto">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>{`${printable(title)} · vbdstat`}</title>
        <link rel="stylesheet" href={STYLE_ADDRESS} />
        <link rel="icon" href={ICON} />
        {copies === true && <script src={COPY_ADDRESS} defer />}
        {head}
      </head>
      <body>
        <a class="skip" href="#main">
          Skip to the content
        </a>
        <header class="top">
          <a class="brand" href={homeOf(token)}>
            vbdstat
          </a>
          {token !== null && (
            <>
              <nav aria-label="Pages">
                {NAVIGATION.filter(({ scope }) => token.scope === "admin" || token.scope === scope).map((item) => (
                  <a href={item.path} aria-current={isAt(path, item.path) ? "page" : undefined}>
                    {item.name}
                  </a>
                ))}
              </nav>
              <form method="post" action="/sign-out" class="who">
                <span>
                  fleet <strong>{token.fleet}</strong>
                </span>
                <button type="submit">Sign out</button>
              </form>
            </>
          )}
        </header>
        <main id="main" tabindex={-1}>
          {content}
        </main>
        <footer>
          vbdstat {VERSION}
          <span class="way">
            {" "}
            · <a href="/docs">API and words</a>
          </span>
        </footer>
      </body>
    </html>
  );
};

/** Where somebody with a token begins. */
export function homeOf(token: Token | null): string {
  return token?.scope === "ingest" ? "/upload" : "/";
}

/** The page of the header that an address is, or is below; null for every other address. */
export function pageAbove(path: string): { readonly path: string; readonly name: string } | null {
  return NAVIGATION.find((item) => isAt(path, item.path)) ?? null;
}

/** Whether a path is that of an item, or below it. */
function isAt(path: string, item: string): boolean {
  return path === item || (item !== "/" && path.startsWith(`${item}/`));
}
