// The quarantine: rejected lines, listed for people to look at, and retried after a fix of the parser or with other metadata. A
// line that can be parsed now leaves the quarantine; any other stays.

import { AppError } from "../../../shared/errors.ts";
import type { Page } from "../../../shared/run/listing.ts";
import type { QuarantinedLine } from "../../../shared/run/run.ts";
import { type LineKeeper, storeUpload } from "../../service/upload/ingest.ts";
import { receiptStatus, receiptSummary } from "../../service/upload/receipt.ts";
import { logActivity } from "../http/activity.ts";
import type { HttpApp } from "../http/app.ts";
import { allow, currentToken } from "../http/auth.ts";
import { chooseFormat } from "../http/formats.ts";
import { parseId, parseQuery, singleParameters } from "../http/parameters.ts";
import type { IngestDeps } from "./ingest.ts";

/** Stores rejected lines. */
export interface Quarantine extends LineKeeper {
  get(fleet: string, id: string): Promise<QuarantinedLine | null>;
  /** Newest first. */
  list(fleet: string, limit: number, cursor?: string): Promise<Page<QuarantinedLine>>;
  remove(fleet: string, id: string): Promise<void>;
}

/** Loaded on the first request: no host needs this schema, and building it would take milliseconds of every start. */
const schemas = () => import("../../../shared/summaries/fields.ts");

/** Adds the routes of the quarantine. */
export function addQuarantineRoutes(app: HttpApp, deps: IngestDeps): void {
  app.delete("/v1/quarantine/:id", allow(deps, "admin"), async (c) => {
    const { fleet } = currentToken(c);
    const { id, code } = await findLine(deps, fleet, parseId(c, "quarantined line"));
    await deps.quarantine.remove(fleet, id);
    await logActivity(c, deps, { action: "quarantine_deleted", subject: id, details: code });
    return c.body(null, 204);
  });

  app.get("/v1/quarantine", allow(deps, "read"), async (c) => {
    chooseFormat(c, ["json"]);
    const { limit, cursor } = parseQuery(c, (await schemas()).pageQuery);
    const page = await deps.quarantine.list(currentToken(c).fleet, limit, cursor);
    return c.json({ lines: page.items, cursor: page.cursor });
  });

  app.post("/v1/quarantine/:id/retry", allow(deps, "admin"), async (c) => {
    chooseFormat(c, ["json"]);
    const { fleet } = currentToken(c);
    const line = await findLine(deps, fleet, parseId(c, "quarantined line"));
    if (line.raw.length < line.raw_length) {
      throw new AppError(
        "bad_parameter",
        `only ${line.raw.length} of the line's ${line.raw_length} characters are stored; send it again from its source`,
      );
    }
    const changes = singleParameters(c);
    // A retry must not store the line for a host that its own token was not for, unless the admin names that host.
    const token = changes["host"] === undefined ? { ...currentToken(c), hosts: line.hosts } : currentToken(c);
    const receipt = await storeUpload(deps, token, {
      text: line.raw,
      encoding: line.raw_encoding,
      parameters: { ...line.context, ...changes },
      receivedAt: line.received_at,
      sentBy: line.sent_by,
    });
    // A line that is rejected again with other metadata is in the quarantine under another id, if there was room.
    if (!receipt.issues.some(({ quarantine_id }) => quarantine_id === null || quarantine_id === line.id)) {
      await deps.quarantine.remove(fleet, line.id);
    }
    const details = receiptSummary(receipt);
    await logActivity(c, deps, { action: "quarantine_retried", subject: line.id, details });
    return c.json(receipt, receiptStatus(receipt));
  });
}

async function findLine({ quarantine }: IngestDeps, fleet: string, id: string): Promise<QuarantinedLine> {
  const line = await quarantine.get(fleet, id);
  if (line === null) throw new AppError("not_found", "this fleet has no quarantined line with that id");
  return line;
}
