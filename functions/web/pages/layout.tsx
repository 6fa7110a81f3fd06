// The frame around every page: the header with its navigation, the footer, and the response headers. In: a title, the content,
// and the token of the request. Out: HTML that needs no script. Pages render the same results, reports and charts as every
// other format.

import type { Context } from "hono";
import type { Child, FC } from "hono/jsx";
import { VERSION } from "../../../shared/deployment.ts";
import type { AppError } from "../../../shared/errors.ts";
import { printable } from "../../../shared/run/text.ts";
import type { Scope, Token } from "../../../shared/run/token.ts";
import { KINDS, type SummaryInfo } from "../../../shared/summaries/catalog.ts";
import type { HttpEnv } from "../http/app.ts";
import { contentSecurityPolicy } from "../http/csp.ts";
import { COPY_SCRIPT_URL, ICON, STYLE_URL } from "./assets.ts";
import { buildQueryString } from "./links.ts";

/** Answers a request with a page. */
export type Page<Deps> = (c: Context<HttpEnv>, deps: Deps) => Promise<Response>;

interface PageProps {
  /** Shown in the browser tab; may contain text from outside. */
  readonly title: string;
  /** Whether the page has snippets to copy, which needs a script. */
  readonly copies?: boolean;
  /** 200 without it. */
  readonly status?: 200 | 201 | 422 | AppError["status"];
  /** Elements for the head of this page alone, such as a refresh. */
  readonly head?: Child;
}

/**
 * The page with its headers. By its policy it may load its style sheet and images from this service and send forms to it,
 * and nothing else.
 */
export function pageResponse(c: Context<HttpEnv>, props: PageProps, content: Child): Response {
  const { copies = false, status = 200 } = props;
  const policy = contentSecurityPolicy({
    "style-src": "'self'",
    "img-src": "'self' data:",
    "script-src": copies ? "'self'" : "",
    "form-action": "'self'",
  });
  const page = (
    <Document
      {...props}
      token={c.get("token")}
      items={navigationPages(c.get("summaries") ?? Object.values(KINDS))}
      path={c.req.path}
      content={content}
    />
  );
  return c.html(`<!doctype html>\n${page.toString()}\n`, status, {
    "Content-Security-Policy": policy,
    // Without any referrer browsers send forms with the origin "null", which fails the same-origin check.
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
  });
}

const Document: FC<
  PageProps & { token: Token | null; items: readonly NavigationItem[]; path: string; content: Child }
> = (props) => {
  const { title, copies, head, token, items, path, content } = props;
  return (
    <html lang="en" class="auto">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>{`${printable(title)} · vbdstat`}</title>
        <link rel="stylesheet" href={STYLE_URL} />
        <link rel="icon" href={ICON} />
        {copies === true && <script src={COPY_SCRIPT_URL} defer />}
        {head}
      </head>
      <body>
        <a class="skip" href="#main">
          Skip to content
        </a>
        <header class="top">
          <a class="brand" href={homePath(token)}>
            vbdstat
          </a>
          {token !== null && <Navigation token={token} items={items} path={path} />}
        </header>
        <main id="main" tabindex={-1}>
          {content}
        </main>
        <footer>
          vbdstat {VERSION}
          <span class="way">
            {" "}
            · <a href="/docs">API and glossary</a>
          </span>
        </footer>
      </body>
    </html>
  );
};

const Navigation: FC<{ token: Token; items: readonly NavigationItem[]; path: string }> = ({ token, items, path }) => (
  <>
    <nav aria-label="Pages">
      {items
        .filter(({ scope }) => token.scope === "admin" || token.scope === scope)
        .map((item) => (
          <a href={item.path} aria-current={isWithin(path, item.path) ? "page" : undefined}>
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
);

interface NavigationItem {
  readonly path: string;
  readonly name: string;
  /** The scope that may open the page; admins may open all. */
  readonly scope: Scope;
}

/** The pages in the header: the summaries' pages, and the pages that change something. */
function navigationPages(summaries: readonly Pick<SummaryInfo, "page" | "title">[]): readonly NavigationItem[] {
  return [
    ...summaries.flatMap(({ page, title }): NavigationItem[] =>
      page === null ? [] : [{ path: page, name: title, scope: "read" }],
    ),
    { path: "/upload", name: "Upload", scope: "ingest" },
    { path: "/shares", name: "Shares", scope: "read" },
  ];
}

/** The first page for the holder of a token; without one the overview, which leads to the sign-in. */
export function homePath(token: Token | null): string {
  return token?.scope === "ingest" ? "/upload" : "/";
}

/** The page in the header that a path is or is below; null for every other path. */
export function findNavigationPage(path: string): { readonly path: string; readonly name: string } | null {
  return navigationPages(Object.values(KINDS)).find((item) => isWithin(path, item.path)) ?? null;
}

/** Whether the holder of a token may open the page at a path of this site, with or without a query. */
export function mayOpen({ scope }: Token, path: string): boolean {
  if (scope === "admin") return true;
  const [pathname = ""] = path.split(/[?#]/, 1);
  if (scope === "ingest" && pathname.startsWith("/runs/")) return true;
  const page = navigationPages(Object.values(KINDS)).find((item) => isWithin(pathname, item.path));
  return page === undefined || page.scope === scope;
}

const isWithin = (path: string, parent: string): boolean =>
  path === parent || (parent !== "/" && path.startsWith(`${parent}/`));

/** The links to the first and the next page of a list; `from` is the cursor of the page itself, absent on the first page. */
export const NextPage: FC<{
  path: string;
  parameters: Readonly<Record<string, readonly string[] | string | undefined>>;
  from: string | undefined;
  cursor: string | null;
}> = ({ path, parameters, from, cursor }) =>
  cursor === null && from === undefined ? null : (
    <nav class="next" aria-label="More">
      {from !== undefined && (
        <a class="button" href={`${path}${buildQueryString(parameters)}`}>
          First page
        </a>
      )}
      {cursor !== null && (
        <a rel="next" class="button" href={`${path}${buildQueryString({ ...parameters, cursor })}`}>
          Next page
        </a>
      )}
    </nav>
  );
