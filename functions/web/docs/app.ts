// Docs: the contract for programs, GET /openapi.json, and for people, GET /docs. Both are the same for everybody, need no
// token and ask no store.

import openApi from "../../../docs/openapi.json" with { type: "json" };
import { CACHE_CONTROL } from "../../../shared/api/endpoint.ts";
import type { HttpApp } from "../http/app.ts";
import { contentSecurityPolicy, styleHash } from "../http/csp.ts";
import { constantResponse } from "../http/etag.ts";
import { DOCS_STYLE, docsPage } from "./page.tsx";

const openApiAnswer = constantResponse(() => ({
  text: JSON.stringify(openApi),
  headers: { "Content-Type": "application/json", "Cache-Control": CACHE_CONTROL.documents },
}));

const docsAnswer = constantResponse(() => ({
  text: docsPage(openApi),
  headers: {
    "Content-Type": "text/html; charset=UTF-8",
    "Cache-Control": CACHE_CONTROL.documents,
    "Content-Security-Policy": contentSecurityPolicy({ styles: [styleHash(DOCS_STYLE)] }),
    "Referrer-Policy": "no-referrer",
  },
}));

/** Adds the routes of this app. */
export function addDocsRoutes(app: HttpApp): void {
  app.get("/openapi.json", (c) => openApiAnswer(c));
  app.get("/docs", (c) => docsAnswer(c));
}
