// Requests and responses about changes of stored runs. The file has no schema of a run, so that asking for a change loads none.

import * as z from "zod";
import { oneLine, single } from "../summaries/fields.ts";
import { schemas } from "../summaries/schemas.ts";

const { backendSlug, count, instant, nextCursor } = schemas();

const reason = oneLine(500).meta({ description: "Why, for people; stored with the run and shown." });

/** DELETE /v1/runs/{id}: the query. */
export const withdrawalQuery = z.strictObject({ reason: single(reason).optional() });

/** The same as a JSON body. */
export const withdrawalBody = z.strictObject({ reason: reason.optional() });

/** DELETE /v1/runs/{id} */
export const withdrawn = z
  .strictObject({
    id: z.string(),
    withdrawn_at: instant,
    withdrawn_reason: z.string().exactOptional().meta({ description: "The reason, if one was given." }),
  })
  .meta({ id: "Withdrawn" });

/** POST /v1/runs/{id}/restore */
export const restored = z
  .strictObject({
    id: z.string(),
    restored: z.boolean().meta({ description: "False: the run was not withdrawn." }),
  })
  .meta({ id: "Restored" });

const word = z.string().min(1).max(100);
const hostName = z.string().min(1).max(255);

/** POST /v1/runs/{id}/relabel */
export const relabelBody = z
  .strictObject({
    backend: word.optional().meta({ description: "The right backend: a slug or an alias." }),
    host: hostName.optional().meta({ description: "The right host." }),
    reason: reason.optional(),
  })
  .refine(({ backend, host }) => backend !== undefined || host !== undefined, "expected backend, host or both");

/** Its response. */
export const relabeledRun = z
  .strictObject({
    id: z.string().meta({ description: "The run that counts now." }),
    url: z.string(),
    status: z.enum(["stored", "restored", "duplicate"]).meta({
      description: "`restored`: the line was there under this label, withdrawn; `duplicate`: it was there and counted.",
    }),
    host: z.string(),
    backend: backendSlug,
    relabeled_from: z.string().meta({ description: "The run that is withdrawn now." }),
    withdrawn_at: instant,
  })
  .meta({ id: "RelabeledRun" });

const time = z
  .union(
    [z.iso.date(), z.iso.datetime({ offset: true })],
    "expected a date or an ISO 8601 time, e.g. 2026-11-22T10:15:00Z",
  )
  .transform((text) => new Date(text).toISOString());

/** POST /v1/runs/withdraw */
export const withdrawManyBody = z
  .strictObject({
    token_id: z.string().min(1).max(64).optional().meta({ description: "Runs that were sent with this token." }),
    host: hostName.optional().meta({ description: "Runs of this host." }),
    backend: word.optional().meta({ description: "Runs on this backend: a slug or an alias." }),
    from: time.optional().meta({ description: "Runs that finished at this time or later." }),
    to: time.optional().meta({ description: "Runs that finished before this time." }),
    reason: reason.optional(),
    dry_run: z.boolean().default(false).meta({ description: "`true` only counts." }),
    cursor: z.string().max(200).optional().meta({ description: "The `cursor` of the previous response." }),
  })
  .refine(
    ({ token_id, host, backend, from, to }) => [token_id, host, backend, from, to].some((one) => one !== undefined),
    "expected at least one of token_id, host, backend, from and to",
  )
  .refine(({ from = "", to = ":" }) => from < to, { path: ["to"], error: "expected a time after from" });

/** Its response. */
export const withdrawnMany = z
  .strictObject({
    dry_run: z.boolean(),
    withdrawn: count.meta({ description: "Runs that this request has withdrawn, or would withdraw." }),
    withdrawn_before: count.meta({ description: "Runs that match and were withdrawn before." }),
    unreadable: count.meta({
      description: "Runs that cannot be read and are left as they are, because the token that sent them is not known.",
    }),
    ids: z.array(z.string()).meta({ description: "The ids of the first 20 of them." }),
    cursor: nextCursor.meta({
      description: "Send the same request with it to go on: a request withdraws at most 1 000 runs. Null: done.",
    }),
  })
  .meta({ id: "WithdrawnMany" });
