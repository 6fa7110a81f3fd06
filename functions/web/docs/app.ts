// Docs: the API contract for programs, GET /openapi.json, and for people, GET /docs. Both are the same for every reader, need no
// token and read no store.

import openApi from "../../../docs/openapi.json" with { type: "json" };
import { CACHE_CONTROL } from "../../../shared/api/endpoint.ts";
import type { HttpApp } from "../http/app.ts";
import { contentSecurityPolicy, styleHash } from "../http/csp.ts";
import { constantResponse } from "../http/etag.ts";
import { DOCS_STYLE, renderDocsPage } from "./page.tsx";

const openApiResponse = constantResponse(() => ({
  text: JSON.stringify(openApi),
  headers: { "Content-Type": "application/json", "Cache-Control": CACHE_CONTROL.documents },
}));

const docsResponse = constantResponse(() => ({
  text: renderDocsPage(openApi),
  headers: {
    "Content-Type": "text/html; charset=UTF-8",
    "Cache-Control": CACHE_CONTROL.documents,
    "Content-Security-Policy": contentSecurityPolicy({ "style-src": styleHash(DOCS_STYLE) }),
    "Referrer-Policy": "no-referrer",
  },
}));

/** Adds GET /openapi.json and GET /docs. */
export function addDocsRoutes(app: HttpApp): void {
  app.get("/openapi.json", (c) => openApiResponse(c));
  app.get("/docs", (c) => docsResponse(c));
}
