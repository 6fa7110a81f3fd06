// DELETE /v1/hosts/{host} retires a host: lists no longer have it, statistics keep it, and its next result brings it back.

import { AppError } from "../../../shared/errors.ts";
import { logActivity } from "../http/activity.ts";
import type { HttpApp } from "../http/app.ts";
import { allow, currentToken } from "../http/auth.ts";
import { chooseFormat, formatSuffix } from "../http/formats.ts";
import type { IngestDeps } from "./ingest.ts";

/** Finds and retires hosts. */
export interface HostRegistry {
  /** Whether a host has runs, counted or not. */
  has(fleet: string, host: string): Promise<boolean>;
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
    const has = async (host: string) => host.length <= MAX_NAME && (await deps.hosts.has(fleet, host));
    // A name may end like a format: a host of that very name takes precedence.
    const whole = `${name}.${suffix ?? ""}`;
    const isWhole = suffix !== null && (await has(whole));
    if (!isWhole) chooseFormat(c, ["json"]);
    const host = isWhole ? whole : name;
    if (!isWhole && !(await has(host))) {
      throw new AppError("not_found", "this fleet has no results of a host with that name");
    }
    const retiredAt = new Date(deps.clock()).toISOString();
    await deps.hosts.retire(fleet, host, retiredAt);
    c.set("note", `retired host ${host}`);
    await logActivity(c, deps, { action: "host_retired", subject: host });
    return c.json({ host, retired_at: retiredAt });
  });
}
