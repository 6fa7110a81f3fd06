// POST /v1/results stores an upload and answers with its receipt; DELETE /v1/runs/{id} withdraws a run, which takes it out of
// all statistics and keeps it readable.

import { AppError } from "../../../shared/errors.ts";
import type { Run } from "../../../shared/run/run.ts";
import type { Token } from "../../../shared/run/token.ts";
import { type NewRunStore, type ReceivedUpload, storeUpload } from "../../service/ingest.ts";
import { type Receipt, receiptStatus, receiptSummary, receiptText } from "../../service/receipt.ts";
import type { HttpApp } from "../http/app.ts";
import { allow, currentToken } from "../http/auth.ts";
import { UPLOAD } from "../http/body.ts";
import { chooseFormat } from "../http/formats.ts";
import { parseId, singleParameters } from "../http/parameters.ts";
import { withUploadBody } from "../http/upload-body.ts";
import { uploadContent } from "../http/upload-content.ts";
import { sendingHint, withSendingHint } from "../http/upload-hints.ts";
import type { IngestDeps } from "./ingest.ts";

/** Stores and withdraws runs. */
export interface RunWriter extends NewRunStore {
  /**
   * Takes a run out of all statistics, and makes its host pending. Null when there is no such run; repeating it changes
   * nothing. Throws `unreadable` for a damaged run of which not even the host is known.
   */
  withdraw(fleet: string, id: string, at: string): Promise<Pick<Run, "host" | "withdrawn_at"> | null>;
}

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

/** Adds both routes. */
export function addResultRoutes(app: HttpApp, deps: IngestDeps): void {
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

  app.delete("/v1/runs/:id", allow(deps, "admin"), async (c) => {
    chooseFormat(c, ["json"]);
    const { fleet } = currentToken(c);
    const id = parseId(c, "run");
    const run = await deps.runs.withdraw(fleet, id, new Date(deps.clock()).toISOString());
    if (run === null) throw new AppError("not_found", "this fleet has no run with that id");
    deps.wake(fleet, [run.host]);
    c.set("note", `withdrew ${id}`);
    return c.json({ id, withdrawn_at: run.withdrawn_at });
  });
}
