// POST /v1/results stores an upload and answers with its receipt.

import type { Token } from "../../../shared/run/token.ts";
import { type ReceivedUpload, storeUpload } from "../../service/upload/ingest.ts";
import { type Receipt, receiptStatus, receiptSummary, receiptText } from "../../service/upload/receipt.ts";
import type { HttpApp } from "../http/app.ts";
import { allow, currentToken } from "../http/auth.ts";
import { UPLOAD } from "../http/body.ts";
import { chooseFormat } from "../http/formats.ts";
import { singleParameters } from "../http/parameters.ts";
import { withUploadBody } from "../http/upload-body.ts";
import { uploadContent } from "../http/upload-content.ts";
import { sendingHint, withSendingHint } from "../http/upload-hints.ts";
import type { IngestDeps } from "./ingest.ts";

/** Stores an upload; the hint is in the receipt if lines were rejected, and in errors that it may explain. */
async function storeHinted(
  deps: IngestDeps,
  token: Token,
  upload: ReceivedUpload,
  hint: string | null,
): Promise<Receipt> {
  try {
    const receipt = await storeUpload(deps, token, upload);
    return hint !== null && receipt.rejected > 0 ? { ...receipt, hints: [hint] } : receipt;
  } catch (error) {
    throw withSendingHint(error, hint);
  }
}

/** Adds the route. */
export function addResultRoute(app: HttpApp, deps: IngestDeps): void {
  app.post("/v1/results", allow(deps, "ingest"), async (c) => {
    const format = chooseFormat(c, ["txt", "json"]);
    const parameters = singleParameters(c);
    const receivedAt = new Date(deps.clock()).toISOString();
    return withUploadBody(c, deps, UPLOAD, async (body) => {
      const contentType = c.req.header("Content-Type") ?? "";
      const content = uploadContent(body, contentType, parameters);
      const hint = sendingHint(content.text, contentType);
      const receipt = await storeHinted(deps, currentToken(c), { ...content, receivedAt }, hint);
      const { stored, duplicate, rejected } = receipt;
      c.set("note", receiptSummary(receipt));
      c.set("results", { stored, duplicate, rejected });
      const status = receiptStatus(receipt);
      return format === "json" ? c.json(receipt, status) : c.text(await receiptText(receipt), status);
    });
  });
}
