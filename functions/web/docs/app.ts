// Docs: the contract for programs, GET /openapi.json, and for people, GET /docs. Both are the same for everybody, need no
// token and ask no store.

import { createHash } from "node:crypto";
import openApi from "../../../docs/openapi.json" with { type: "json" };
import { CACHE_CONTROL } from "../../../shared/api/endpoint.ts";
import type { HttpApp } from "../http/app.ts";
import { constantResponse } from "../http/etag.ts";
import { DOCS_STYLE, docsPage } from "./page.tsx";

/** Nothing may be loaded, run, framed or sent from the page; its one style sheet is known by its hash. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash("sha256").update(DOCS_STYLE).digest("base64")}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const openApiAnswer = constantResponse(() => ({
  text: JSON.stringify(openApi),
  headers: { "Content-Type": "application/json", "Cache-Control": CACHE_CONTROL.documents },
}));

const docsAnswer = constantResponse(() => ({
  text: docsPage(openApi),
  headers: {
    "Content-Type": "text/html; charset=UTF-8",
    "Cache-Control": CACHE_CONTROL.documents,
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Referrer-Policy": "no-referrer",
  },
}));

/** Adds the routes of this app. */
export function addDocsRoutes(app: HttpApp): void {
  app.get("/openapi.json", (c) => openApiAnswer(c));
  app.get("/docs", (c) => docsAnswer(c));
}
