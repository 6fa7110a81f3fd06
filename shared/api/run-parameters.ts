// The metadata of a run in the query of an upload, as a schema made from the registry of facts. It is documentation: uploads
// are read by shared/run/facts.ts, because the same keys are allowed in `# key: value` lines of the body.

import * as z from "zod";
import { FACTS, type FactKind } from "../run/facts.ts";

/** A value as it is written in a query. Words may be in any case; the schema lists them in lower case. */
function factSchema(kind: FactKind): z.ZodType {
  switch (kind.kind) {
    case "text":
      return z.string().min(1).max(200);
    case "integer":
      return z.coerce.number().int().min(kind.min).max(kind.max);
    case "number":
      return z.coerce.number().min(kind.min).max(kind.max);
    case "boolean":
      return z.enum(["yes", "no", "true", "false", "1", "0"]);
    case "enum":
      return z.enum([...kind.words.keys()]);
  }
}

const name = z.string().min(1).max(255);

/** The query of POST /v1/results. Any other key is rejected by name, unless it begins with `label.`. */
export const runParameters = z
  .object({
    backend: z
      .string()
      .optional()
      .meta({
        description: "The backend, a slug or an alias. Required here or in a line `# backend: ...` of the body.",
        examples: ["loop"],
      }),
    host: name.optional().meta({ description: "The Dom0 host; the machine name in the line if absent." }),
    vm: name.optional().meta({ description: "The guest; the machine name in the line if absent." }),
    run: name.optional().meta({
      description: "Your own id of this run: distinguishes two runs with equal numbers from one upload sent twice.",
    }),
    finished: z
      .string()
      .optional()
      .meta({
        description: "When the run finished, ISO 8601 or Unix seconds; the time of receipt if absent.",
        examples: ["2026-11-22T10:15:00Z", "1795342500"],
      }),
    ...Object.fromEntries(
      FACTS.map(({ key, kind, description }) => [key, factSchema(kind).optional().meta({ description })]),
    ),
  })
  .catchall(z.string().min(1).max(200).meta({ description: "`label.NAME`: a fact of your own." }));
