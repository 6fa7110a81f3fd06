// Responses about uploads, tokens and the service, as schemas. A schema lists every key of its response; the interfaces of the
// model say the same to the compiler (`satisfies`). Clients must expect further keys in later versions.

import * as z from "zod";
import { ERROR_STATUS } from "../errors.ts";
import { ERROR_DESCRIPTIONS, enumValues } from "../report/glossary.ts";
import { PENDING_COUNTED_TO } from "../run/pending-host.ts";
import type { QuarantinedLine } from "../run/run.ts";
import { SCOPES, type Token } from "../run/token.ts";
import { schemas } from "../summaries/schemas.ts";

const { backendSlug, count, instant, nextCursor, qualityVerdict, stratum } = schemas();

const issue = z.strictObject({
  line: count.meta({ description: "1-based line of the body; 0 for a query parameter." }),
  column: count.meta({
    description:
      "Where in the line: in a CSV line the index of the field that is named, counted from 0 (put_block of a 27-field line is 4); anywhere else the character, counted from 1. 0 with line 0.",
  }),
  field: z.string().nullable().meta({ description: "The metric or key with the error; null if it is the whole line." }),
  code: z.string().meta({ examples: ["bad_number"] }),
  text: z.string().meta({ description: "What was expected and what was found." }),
});

/** The envelope of every error. */
export const errorEnvelope = z
  .strictObject({
    error: z.strictObject({
      code: z.enum(enumValues(ERROR_STATUS)).meta({ description: "Stable; programs use this." }),
      message: z.string().meta({ description: "For people; may change." }),
      docs: z.string().meta({
        description: "The URL of the explanation of the code.",
        examples: ["https://vbdstat.example.org/docs#bad_parameter"],
      }),
      request_id: z.string().meta({ description: "Finds the request in the log." }),
      issues: z.array(issue).optional().meta({ description: "Every error found, if there can be several." }),
    }),
  })
  .meta({
    id: "Error",
    description: `An error. Codes: ${Object.keys(ERROR_DESCRIPTIONS).join(", ")}.`,
  });

/** POST /v1/results */
export const receipt = z
  .strictObject({
    stored: count,
    duplicate: count,
    rejected: count,
    results: z.array(
      z.strictObject({
        line: z.int().min(1).meta({ description: "1-based line of the body; of a text table its first." }),
        status: z.enum(["stored", "duplicate"]),
        id: z.string().meta({ description: "Id of the run; the same if the same upload is sent again." }),
        url: z.string(),
        host: z.string(),
        backend: backendSlug,
        stratum,
        quality: z.strictObject({
          verdict: qualityVerdict,
          reasons: z.array(z.strictObject({ rule: z.string(), text: z.string() })),
        }),
        warnings: z.array(z.string()).meta({ description: "Each begins with a code and a colon, or is a sentence." }),
        withdrawn: z
          .literal(true)
          .exactOptional()
          .meta({ description: "Only of a duplicate whose run is withdrawn: it is in no statistics, and stays so." }),
      }),
    ),
    issues: z
      .array(
        issue.extend({
          quarantine_id: z.string().nullable().meta({ description: "Null for a line that is not kept." }),
          not_kept: z.string().exactOptional().meta({
            description:
              "Why the line is not kept, as when the quarantine is full. Only then: send it again from its source.",
          }),
        }),
      )
      .meta({ description: "The rejected lines." }),
    ignored: z
      .strictObject({ blank: count, header: count, comment: count, table: count, other: count })
      .meta({ description: "Ignored lines, by kind." }),
    hints: z.array(z.string()).exactOptional().meta({
      description: "How to send the upload differently, if lines were rejected and the way it was sent may be why.",
    }),
  })
  .meta({ id: "Receipt", description: "The outcome of every line of an upload." });

/** DELETE /v1/hosts/{host} */
export const retired = z.strictObject({ host: z.string(), retired_at: instant }).meta({ id: "Retired" });

const quarantinedLine = z
  .strictObject({
    id: z.string(),
    fleet: z.string(),
    received_at: instant,
    raw: z.string().meta({ description: "The line as received, at most its first 32 768 characters." }),
    raw_length: count,
    raw_encoding: z.enum(["utf-8", "latin-1"]),
    ...issue.shape,
    context: z.record(z.string(), z.string()).meta({ description: "The metadata of the line." }),
    hosts: z.string().nullable().meta({ description: "The hosts that its token may post for; null for all." }),
    sent_by: z
      .strictObject({ token_id: z.string(), label: z.string().nullable() })
      .nullable()
      .exactOptional()
      .meta({ description: "The token that it came with; absent for lines of an earlier version." }),
  })
  .meta({ id: "QuarantinedLine", description: "A rejected line." }) satisfies z.ZodType<QuarantinedLine>;

/** GET /v1/quarantine */
export const quarantinePage = z
  .strictObject({ lines: z.array(quarantinedLine), cursor: nextCursor })
  .meta({ id: "QuarantinePage" });

const token = z
  .strictObject({
    id: z.string(),
    fleet: z.string(),
    scope: z.enum(SCOPES),
    root: z.boolean().meta({ description: "The first admin token, or one like it: it creates tokens for any fleet." }),
    hosts: z.string().nullable(),
    expires_at: instant.nullable(),
    label: z.string().nullable(),
    created_at: instant,
    revoked_at: instant.nullable().meta({ description: "When it was revoked; null if it is valid." }),
  })
  .meta({ id: "Token", description: "A token without its secret." }) satisfies z.ZodType<Token>;

/** GET /v1/tokens */
export const tokenList = z.strictObject({ tokens: z.array(token) }).meta({ id: "TokenList" });

/** POST /v1/tokens */
export const createdToken = token
  .extend({ token: z.string().meta({ description: "The secret, shown this once." }) })
  .meta({ id: "MadeToken", description: "A token with its secret." });

/** GET /v1/status */
export const status = z
  .strictObject({
    pending_hosts: count.meta({
      description: `Hosts with results that statistics do not hold yet; exact up to ${PENDING_COUNTED_TO}.`,
    }),
    more_than: z
      .literal(PENDING_COUNTED_TO)
      .optional()
      .meta({ description: "Present if more hosts are pending than were counted." }),
    oldest_pending_age_s: z.number().min(0).meta({
      description: "Of the hosts that were counted: with `more_than`, the oldest may be older.",
    }),
    runs: count.meta({ description: "As aggregated: at most 99 runs of a host, backend and stratum are counted." }),
    hosts: count.meta({ description: "As aggregated." }),
    quarantined: count.meta({ description: "Counted up to 10 000." }),
    silent_hosts: count.nullable().meta({
      description: "Hosts without a result for `silent_after` of the settings; null before the first count.",
    }),
    retired_hosts: count.nullable().meta({ description: "Hosts that were retired and have sent nothing since." }),
    newest_result_at: instant.nullable().meta({ description: "When the newest run of any host finished." }),
    agents: z
      .array(z.strictObject({ agent: z.string().nullable(), hosts: count }))
      .meta({ description: "The 20 most common values of `label.agent` by hosts; null for hosts that send none." }),
    hosts_counted_at: instant
      .nullable()
      .meta({ description: "When these four were counted: every minute to hour, depending on the number of hosts." }),
    version: z.string(),
    engine: z.enum(["embedded", "dynamodb"]),
  })
  .meta({ id: "Status" });

/** GET /healthz */
export const health = z.strictObject({ status: z.literal("ok") }).meta({ id: "Health" });
