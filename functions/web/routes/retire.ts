// DELETE /v1/hosts/{host} retires a host: lists no longer have it, statistics keep it, and its next result brings it back.

import type { CountedHost } from "../../../shared/cells/stored-summary.ts";
import { AppError } from "../../../shared/errors.ts";
import type { HttpApp } from "../http/app.ts";
import { allow, currentToken } from "../http/auth.ts";
import { chooseFormat, formatSuffix } from "../http/formats.ts";
import type { IngestDeps } from "./ingest.ts";

/** Finds and retires hosts. */
export interface HostRegistry {
  /** Null for a host that has no runs, neither counted nor pending. */
  get(fleet: string, host: string): Promise<CountedHost | null>;
  retire(fleet: string, host: string, at: string): Promise<void>;
}

/** No host has a longer name. */
const MAX_NAME = 255;

/** Adds the route. */
export function addRetireRoute(app: HttpApp, deps: IngestDeps): void {
  app.delete("/v1/hosts/:host", allow(deps, "admin"), async (c) => {
    const { fleet } = currentToken(c);
    const name = c.req.param("host").normalize("NFC");
    const suffix = formatSuffix(c);
    const find = async (host: string) => (host.length > MAX_NAME ? null : deps.hosts.get(fleet, host));
    // A name may end like a format: a host of that very name takes precedence.
    let found = suffix === null ? null : await find(`${name}.${suffix}`);
    if (found === null) {
      chooseFormat(c, ["json"]);
      found = await find(name);
    }
    if (found === null) throw new AppError("not_found", "this fleet has no results of a host with that name");
    const { host } = found.summary;
    // Repeating it changes nothing.
    const retiredAt = found.retiredAt ?? new Date(deps.clock()).toISOString();
    if (found.retiredAt === null) await deps.hosts.retire(fleet, host, retiredAt);
    c.set("note", `retired host ${host}`);
    return c.json({ host, retired_at: retiredAt });
  });
}
