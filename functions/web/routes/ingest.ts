// Ingest: everything that writes. In: uploads from Dom0 hosts, and an admin's changes. Out: receipts. This app is handed its
// dependencies, so that it runs the same behind API Gateway, on one machine and in tests.

import type { Clock, QuarantineStore, RunStore, TokenStore, Wake } from "../../../shared/ports.ts";
import { receiptStatus, receiptSummary, receiptText } from "../../service/receipt.ts";
import type { UploadLimits } from "../../service/upload-limits.ts";
import type { HttpApp } from "../http/app.ts";
import { allow, tokenOf } from "../http/auth.ts";
import { UPLOAD } from "../http/body.ts";
import { formatOf } from "../http/formats.ts";
import { singleParameters } from "../http/parameters.ts";
import { inUploadTurn } from "../http/upload-gate.ts";
import { addQuarantineRoutes } from "./quarantine.ts";
import { addWithdrawRoute, postResults } from "./results.ts";
import { addTokenRoutes } from "./tokens.ts";

// What admins may ask, loaded when the first of them does: nothing that a host sends needs these schemas, and making them
// takes milliseconds of a start.

export const pageRequests = () => import("../../../shared/summaries/fields.ts");

export const tokenRequests = () => import("../../../shared/api/token-requests.ts");

/** What the app is handed. */
export interface IngestDeps extends UploadLimits {
  readonly runs: RunStore;
  readonly quarantine: QuarantineStore;
  readonly tokens: TokenStore;
  readonly clock: Clock;
  readonly wake: Wake;
}

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
