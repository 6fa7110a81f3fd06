// The settings of a fleet: its readers read them, its admins change them.

import type { Settings } from "../../../shared/run/settings.ts";
import { logActivity } from "../http/activity.ts";
import type { HttpApp } from "../http/app.ts";
import { allow, currentToken } from "../http/auth.ts";
import { chooseFormat } from "../http/formats.ts";
import { readJson } from "../http/parameters.ts";
import type { IngestDeps } from "./ingest.ts";

/** Stores settings. */
export interface SettingsRegistry {
  /** The settings of a fleet, which may be a minute old if another process changed them. */
  get(fleet: string): Promise<Settings>;
  put(fleet: string, settings: Settings): Promise<void>;
}

/** Loaded on the first request: no host needs this schema, and building it would take milliseconds of every start. */
const schemas = () => import("../../../shared/api/settings.ts");

/** Adds both routes. */
export function addSettingsRoutes(app: HttpApp, deps: IngestDeps): void {
  app.get("/v1/settings", allow(deps, "read"), async (c) => {
    chooseFormat(c, ["json"]);
    return c.json(await deps.settings.get(currentToken(c).fleet));
  });

  app.put("/v1/settings", allow(deps, "admin"), async (c) => {
    chooseFormat(c, ["json"]);
    const { fleet } = currentToken(c);
    const settings = await readJson(c, (await schemas()).newSettings);
    await deps.settings.put(fleet, settings);
    c.set("note", `changed the settings of fleet ${fleet}`);
    await logActivity(c, deps, { action: "settings_changed", subject: fleet });
    return c.json(settings);
  });
}
