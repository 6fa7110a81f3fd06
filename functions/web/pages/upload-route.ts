// POST /upload: the form of the upload page, added to the app that may write runs. The page itself is among those that read, and is
// loaded with the first upload from a browser.

import type { HttpApp } from "../http/app.ts";
import { allow } from "../http/auth.ts";
import type { IngestDeps } from "../routes/ingest.ts";

/**
 * Adds POST /upload. It takes a token that may post results, in a cookie or header, and answers with the receipt as a page.
 * What it stores and what it rejects is that of POST /v1/results.
 */
export function addUploadRoute(app: HttpApp, deps: IngestDeps): void {
  app.post("/upload", allow(deps, "ingest"), async (c) => (await import("./upload.tsx")).postUpload(c, deps));
}
