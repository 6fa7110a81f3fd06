// The quarantine: rejected lines, listed for a person to look at, and tried again after a fix of ours or of the line's
// parameters. A line that is understood now leaves the quarantine; one that is not stays.

import { AppError } from "../../../shared/errors.ts";
import type { Page } from "../../../shared/run/listing.ts";
import type { QuarantinedLine } from "../../../shared/run/run.ts";
import { receiptStatus } from "../../service/receipt.ts";
import type { HttpApp } from "../http/app.ts";
import { allow, tokenOf } from "../http/auth.ts";
import { formatOf } from "../http/formats.ts";
import { idOf, queryBy, singleParameters } from "../http/parameters.ts";
import { type IngestDeps, pageRequests } from "./ingest.ts";
import { postResults } from "./results.ts";

/** Keeps rejected lines. */
export interface Quarantine {
  add(lines: readonly QuarantinedLine[]): Promise<void>;
  get(fleet: string, id: string): Promise<QuarantinedLine | null>;
  /** Newest first. */
  list(fleet: string, limit: number, cursor?: string): Promise<Page<QuarantinedLine>>;
  remove(fleet: string, id: string): Promise<void>;
}

export function addQuarantineRoutes(app: HttpApp, deps: IngestDeps): void {
  app.get("/v1/quarantine", allow(deps, "read"), async (c) => {
    formatOf(c, ["json"]);
    const { limit, cursor } = queryBy(c, (await pageRequests()).pageQuery);
    const page = await deps.quarantine.list(tokenOf(c).fleet, limit, cursor);
    return c.json({ lines: page.items, cursor: page.cursor });
  });

  app.post("/v1/quarantine/:id/retry", allow(deps, "admin"), async (c) => {
    formatOf(c, ["json"]);
    const { fleet } = tokenOf(c);
    const line = await deps.quarantine.get(fleet, idOf(c, "quarantined line"));
    if (line === null) throw new AppError("not_found", "this fleet has no quarantined line with that id");
    if (line.raw.length < line.raw_length) {
      throw new AppError(
        "bad_parameter",
        `only ${line.raw.length} of the line's ${line.raw_length} characters were kept; send it again from its source`,
      );
    }
    const said = singleParameters(c);
    const body = { text: line.raw, encoding: line.raw_encoding };
    // A line that came with a token for some hosts is not let in for another by being tried again, unless the admin says so.
    const token = said["host"] === undefined ? { ...tokenOf(c), hosts: line.hosts } : tokenOf(c);
    const posted = { body, parameters: { ...line.context, ...said }, receivedAt: line.received_at };
    const receipt = await postResults(deps, token, posted);
    // Rejected again with other parameters it is in the quarantine under another id, with all that is known now.
    if (!receipt.issues.some(({ quarantine_id }) => quarantine_id === line.id)) {
      await deps.quarantine.remove(fleet, line.id);
    }
    return c.json(receipt, receiptStatus(receipt));
  });
}
