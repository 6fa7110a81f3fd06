import * as z from "zod";
import { FLEET_PATTERN, SCOPES } from "../run/token.ts";
import { oneLine, single } from "../summaries/fields.ts";

/** POST /v1/tokens */
export const newToken = z.strictObject({
  scope: z.enum(SCOPES, "expected ingest, read or admin").meta({
    description:
      "`ingest` adds results and reads the results of its hosts, `read` reads everything, `admin` may do everything.",
  }),
  fleet: z
    .string()
    .regex(FLEET_PATTERN, "expected 1 to 63 letters, digits and inner . _ -")
    .optional()
    .meta({ description: "The fleet; your own unless you are the first admin. A new name creates a new fleet." }),
  hosts: oneLine(255)
    // People write lists, which would match nothing, and nobody would see why.
    .regex(
      /^[^\s,;]+$/u,
      "expected one pattern without commas and spaces, such as web-*; create a token for each of several",
    )
    .nullish()
    .meta({
      description: "Ingest only: the hosts it may post for; `*` matches any characters.",
      examples: ["dom0-fra-*"],
    }),
  expires_at: z.iso
    .datetime({ offset: true, error: "expected a time with its zone, such as 2027-12-31T00:00:00Z" })
    .nullish()
    .meta({ description: "When it expires; never if absent.", examples: ["2027-12-31T00:00:00Z"] }),
  label: oneLine(200).nullish().meta({ description: "A note for people." }),
});

/** GET /v1/tokens */
export const tokensQuery = z.strictObject({
  revoked: single(z.enum(["true", "false"], "expected true or false"))
    .optional()
    .transform((text) => text === "true")
    .meta({ description: "`true` includes revoked tokens." }),
});
