// POST /upload: the form of /upload, read and stored like every other upload. It is added to the app that may write runs.

import { allow } from "../web/http/auth.ts";
import type { HttpApp } from "../http/http-env.ts";
import type { IngestDeps } from "../ingest/deps.ts";

export function addUploadRoute(app: HttpApp, deps: IngestDeps): void {
  app.post("/upload", allow(deps, "ingest"), async (c) => (await import("./receipt.tsx")).receipt(c, deps));
}
