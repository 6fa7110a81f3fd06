// Entries of the activity log: written by a route right after what was done.

import type { Context } from "hono";
import type { Activity } from "../../../shared/run/activity.ts";
import type { Clock } from "../../../shared/run/periods.ts";
import type { HttpEnv } from "./app.ts";
import { currentToken } from "./auth.ts";

/** Adds to the activity log. */
export interface ActivityDeps {
  readonly activity: { add(fleet: string, entry: Activity): Promise<void> };
  readonly clock: Clock;
}

/**
 * Logs what the token of this request has just done, in its own fleet or the given one. The action is done already, so an
 * error of the store only goes to the log of the service.
 */
export async function logActivity(
  c: Context<HttpEnv>,
  { activity, clock }: ActivityDeps,
  what: Pick<Activity, "action" | "subject"> & Partial<Pick<Activity, "details">>,
  fleet = currentToken(c).fleet,
): Promise<void> {
  const { id, label } = currentToken(c);
  const { action, subject, details = null } = what;
  const at = new Date(clock()).toISOString();
  try {
    await activity.add(fleet, { at, action, by: { token_id: id, label }, subject, details });
  } catch (error) {
    c.get("logError")(error);
  }
}
