// POST /v1/results stores an upload and answers with its receipt.

import { storeUpload } from "../../service/ingest.ts";
import { receiptStatus, receiptSummary, receiptText } from "../../service/receipt.ts";
import type { HttpApp } from "../http/app.ts";
import { allow, currentToken } from "../http/auth.ts";
import { UPLOAD } from "../http/body.ts";
import { chooseFormat } from "../http/formats.ts";
import { singleParameters } from "../http/parameters.ts";
import { withUploadBody } from "../http/upload-body.ts";
import type { IngestDeps } from "./ingest.ts";

/** Adds the route. */
export function addResultRoute(app: HttpApp, deps: IngestDeps): void {
  app.post("/v1/results", allow(deps, "ingest"), async (c) => {
    const format = chooseFormat(c, ["txt", "json"]);
    const parameters = singleParameters(c);
    const receivedAt = new Date(deps.clock()).toISOString();
    return withUploadBody(c, deps, UPLOAD, async (body) => {
      const receipt = await storeUpload(deps, currentToken(c), { ...body, parameters, receivedAt });
      const { stored, duplicate, rejected } = receipt;
      c.set("note", receiptSummary(receipt));
      c.set("results", { stored, duplicate, rejected });
      const status = receiptStatus(receipt);
      return format === "json" ? c.json(receipt, status) : c.text(await receiptText(receipt), status);
    });
  });
}
