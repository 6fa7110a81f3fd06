// The forms of the page of a run: an admin withdraws it, with a reason, or restores it. Both lead back to the page.

import type { Context } from "hono";
import * as z from "zod";
import { oneLine, single } from "../../../shared/summaries/fields.ts";
import { restoreRun, withdrawRun } from "../../service/run-changes.ts";
import { logActivity } from "../http/activity.ts";
import type { HttpEnv } from "../http/app.ts";
import { currentToken } from "../http/auth.ts";
import { FORM } from "../http/body.ts";
import { readForm } from "../http/form.ts";
import type { IngestDeps } from "../routes/ingest.ts";

const id = single(z.string().regex(/^[\w-]{1,64}$/, "expected the id of a run"));

const withdrawalForm = z.strictObject({ id, reason: single(oneLine(500)).optional() });

/** POST /runs/withdraw. Throws `bad_body` and `not_found`. */
export async function postWithdrawal(c: Context<HttpEnv>, deps: IngestDeps): Promise<Response> {
  const form = await readForm(c, withdrawalForm, FORM);
  const { isChanged } = await withdrawRun(deps, currentToken(c).fleet, form.id, form.reason);
  if (isChanged) {
    await logActivity(c, deps, { action: "run_withdrawn", subject: form.id, details: form.reason ?? null });
  }
  c.set("note", `withdrew ${form.id}`);
  return c.redirect(`/runs/${form.id}`, 303);
}

const restorationForm = z.strictObject({ id });

/** POST /runs/restore. Throws `bad_body` and `not_found`. */
export async function postRestoration(c: Context<HttpEnv>, deps: IngestDeps): Promise<Response> {
  const form = await readForm(c, restorationForm, FORM);
  const { isChanged } = await restoreRun(deps, currentToken(c).fleet, form.id);
  if (isChanged) await logActivity(c, deps, { action: "run_restored", subject: form.id });
  c.set("note", `restored ${form.id}`);
  return c.redirect(`/runs/${form.id}`, 303);
}
