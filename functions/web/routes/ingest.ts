// Ingest: everything that writes. In: uploads from Dom0 hosts, and an admin's changes. Out: receipts. This app is handed its
// dependencies, so that it runs the same behind API Gateway, on one machine and in tests.

import { allow, tokenOf } from "../http/auth.ts";
import { formatOf } from "../http/formats.ts";
import type { HttpApp } from "../../http/http-env.ts";
import { UPLOAD } from "../../http/limits.ts";
import { singleParameters } from "../http/parameters.ts";
import type { IngestDeps } from "../../ingest/deps.ts";
import { postResults } from "./results.ts";
import { addQuarantineRoutes } from "./quarantine.ts";
import { receiptStatus, receiptSummary, receiptText } from "../../service/receipt.ts";
import { addTokenRoutes } from "./tokens.ts";
import { inUploadTurn } from "../http/upload-gate.ts";
import { addWithdrawRoute } from "../../ingest/withdraw-route.ts";

/** Adds the routes of this app. */
export function addIngestRoutes(app: HttpApp, deps: IngestDeps): void {
  app.post("/v1/results", allow(deps, "ingest"), async (c) => {
    const format = formatOf(c, ["txt", "json"]);
    const parameters = singleParameters(c);
    const receivedAt = new Date(deps.clock()).toISOString();
    return inUploadTurn(c, deps, UPLOAD, async (body) => {
      const receipt = await postResults(deps, tokenOf(c), { body, parameters, receivedAt });
      const { stored, duplicate, rejected } = receipt;
      c.set("note", receiptSummary(receipt));
      c.set("results", { stored, duplicate, rejected });
      const status = receiptStatus(receipt);
      return format === "json" ? c.json(receipt, status) : c.text(await receiptText(receipt), status);
    });
  });
  addQuarantineRoutes(app, deps);
  addTokenRoutes(app, deps);
  addWithdrawRoute(app, deps);
}
